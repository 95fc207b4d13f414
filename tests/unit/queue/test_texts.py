"""Texts of an administrator's own: found by name and language, and said what is wrong with them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcore.queue.dsn import advice_for
from mailcore.queue.shelf import Shelf
from mailcore.queue.texts import Texts, texts_of
from mailcore.queue.words import WORDS
from mailcore.server.config import ConfigError, load
from tests.support.eventlog import RecordingLog

FAILED = """Subject: Nicht zugestellt ($host)
From: Postamt
Said: $server antwortete: $text
Instead: $recipient (geschrieben an $original)

Ihre Nachricht ging nicht an:
---
$recipient
    $reason
    $advice
---
Kostet 5 $$. Ihr $host
"""


def texts(folder: Path, **files: str | bytes) -> Texts:
    """The texts of a data folder with these templates; `__` in a name stands for `-`, `_` for a dot."""
    (folder / "templates").mkdir(exist_ok=True)
    for name, content in files.items():
        octets = content if isinstance(content, bytes) else content.encode()
        (folder / "templates" / (name.replace("__", "-").replace("_", ".") + ".txt")).write_bytes(octets)
    return texts_of(replace(load(None, environ={}), data=folder))


def test_without_templates_all_is_as_usual(tmp_path: Path) -> None:
    found = texts_of(replace(load(None, environ={}), data=tmp_path))
    assert (found.languages, found.words("failed", "de")) == (frozenset(), WORDS["failed"])


def test_a_report_is_found_by_its_language(tmp_path: Path) -> None:
    found = texts(tmp_path, failed_de=FAILED, failed_pt__BR=FAILED.replace("Postamt", "Correio"))
    words = found.words("failed", "de")
    assert (words.subject, words.sender, words.said) == (
        "Nicht zugestellt ($host)",
        "Postamt",
        "$server antwortete: $text",
    )
    assert (words.head, words.line) == ("Ihre Nachricht ging nicht an:", "$recipient\n    $reason\n    $advice")
    assert words.tail == "Kostet 5 $$. Ihr $host"
    assert words.advice == WORDS["failed"].advice
    assert found.words("failed", "de-AT") == found.words("failed", "DE") == words
    assert found.words("failed", "PT-br").sender == "Correio"
    assert found.words("failed", "pt") == found.words("failed", "") == WORDS["failed"]
    assert found.words("delayed", "de") == WORDS["delayed"]


def test_english_can_be_replaced_as_well(tmp_path: Path) -> None:
    found = texts(tmp_path, failed_en=FAILED)
    assert {found.words("failed", each).sender for each in ("", "en-GB", "fr")} == {"Postamt"}


def test_advice_is_a_file_of_its_own(tmp_path: Path) -> None:
    found = texts(tmp_path, advice_de=": Fragen Sie.\n.2.2: Das Postfach ist voll.\n5.1.1: Wer?\n")
    words = found.words("failed", "de")
    assert words.head == WORDS["failed"].head
    assert [advice_for(each, words) for each in ("5.2.2", "4.2.2", "5.1.1", "5.7.1")] == [
        "Das Postfach ist voll.",
        "Das Postfach ist voll.",
        "Wer?",
        "Fragen Sie.",
    ]


def test_a_letter_is_filled_with_what_it_is_about(tmp_path: Path) -> None:
    found = texts(tmp_path, quota__storage_de="Subject: $share % voll\r\n\r\n$address: $used von $most MB.\r\n")
    letter = found.letter("quota-storage", "de")
    assert letter is not None
    facts = {"share": "90", "address": "a@x.test", "used": "9", "most": "10"}
    assert letter.filled(facts) == ("90 % voll", "a@x.test: 9 von 10 MB.")
    assert found.letter("quota-messages", "de") is found.letter("quota-storage", "fr") is None


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("bounced_de", FAILED, "the names are failed, delayed, delivered, relayed, quota-storage"),
        ("failed", FAILED, "the name is not NAME.LANGUAGE.txt"),
        ("failed_german", FAILED, "the name is not NAME.LANGUAGE.txt"),
        ("failed_de", FAILED.replace("---\n", "", 1), "its text has 2 blocks; it takes three"),
        (
            "failed_de",
            FAILED.replace("Subject: Nicht", "Subjekt: Nicht"),
            "line 1 is no header; there are Subject, From",
        ),
        ("failed_de", FAILED.replace("Subject: Nicht zugestellt ($host)\n", ""), "it has no Subject"),
        ("failed_de", FAILED.replace("$recipient\n", "$receiver\n"), "$receiver stands for nothing there"),
        ("failed_de", FAILED.replace("Ihre", "$recipient"), "there are $host, $until"),
        ("failed_de", FAILED.replace("5 $$", "5 $"), "write $$ for the sign itself"),
        ("failed_de", FAILED.replace("Ihre", "Größe").encode("latin-1"), "it is not UTF-8"),
        ("failed_de", FAILED + "x" * 70_000, "it is longer than 65536 octets"),
        ("advice_de", ".2.2: voll\nsonst: nichts\n", "line 2 is not written as"),
        ("quota__storage_de", "Subject: $recipient\n\nx", "$recipient stands for nothing there"),
    ],
)
def test_what_is_wrong_is_said_with_the_name_of_the_file(
    tmp_path: Path, name: str, content: str | bytes, told: str
) -> None:
    with pytest.raises(ConfigError) as failed:
        texts(tmp_path, **{name: content})
    [problem] = failed.value.problems
    assert problem.startswith(f"{tmp_path}/templates/{name.replace('__', '-').replace('_', '.')}.txt: ")
    assert told in problem


@given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
def test_whatever_is_in_a_file_it_is_taken_or_named(tmp_path_factory: pytest.TempPathFactory, octets: bytes) -> None:
    folder = tmp_path_factory.mktemp("texts")
    try:
        assert texts(folder, failed_de=octets, advice_de=octets).languages == {"de"}
    except ConfigError as error:
        assert error.problems


# --- read again when they change ------------------------------------------------------------------------------------


def test_a_text_that_changes_holds_without_a_start(tmp_path: Path) -> None:
    now = [0.0]
    texts(tmp_path, failed_de=FAILED)
    log = RecordingLog()
    shelf = Shelf(replace(load(None, environ={}), data=tmp_path), log, lambda: now[0])
    assert shelf().words("failed", "de").sender == "Postamt"
    texts(tmp_path, failed_de=FAILED.replace("Postamt", "Briefkasten"))
    assert shelf().words("failed", "de").sender == "Postamt"  # nobody has looked yet
    now[0] = 5.0
    assert shelf().words("failed", "de").sender == "Briefkasten"
    (tmp_path / "templates" / "failed.de.txt").unlink()
    now[0] = 10.0
    assert shelf().languages == frozenset()
    assert [each["files"] for each in log.named("templates_read")] == [1, 0]


def test_while_a_text_is_wrong_the_one_before_holds_and_it_is_said_once(tmp_path: Path) -> None:
    now = [0.0]
    texts(tmp_path, failed_de=FAILED)
    log = RecordingLog()
    shelf = Shelf(replace(load(None, environ={}), data=tmp_path), log, lambda: now[0])
    (tmp_path / "templates" / "failed.de.txt").write_text("Subject: $nonsense\n\nx\n")
    for moment in (5.0, 10.0):
        now[0] = moment
        assert shelf().words("failed", "de").sender == "Postamt"
    [said] = log.named("templates_unusable")
    assert "failed.de.txt" in str(said["why"])
    texts(tmp_path, failed_de=FAILED.replace("Postamt", "Post"))
    now[0] = 15.0
    assert shelf().words("failed", "de").sender == "Post"

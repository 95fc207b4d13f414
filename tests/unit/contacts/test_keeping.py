"""A program that knows one version of vCard takes nothing away of what only the other says."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings

from groupware.contacts.card import read_card
from groupware.contacts.versions.convert import in_version
from groupware.contacts.versions.keeping import kept_whole
from groupware.contacts.versions.pairs import ONLY_FOUR
from groupware.model.content import parse, written
from tests.unit.contacts.test_versions import LINES, card, told

FOUR = (
    "N:Other;Ann;;;",
    "EMAIL;PREF=5:a@x",
    "EMAIL;PREF=9:b@x",
    "LANG;PREF=1:fr",
    "GENDER:F",
    "ANNIVERSARY:20090808",
    "TEL;VALUE=uri:tel:+1",
)


def shown(version: str, *lines: str) -> list[str]:
    """The lines of a card as a program of the other version is shown it."""
    return told(in_version(card("4.0" if version == "3.0" else "3.0", *lines), version))


def after(sent: list[str], stored: bytes | None = None) -> list[str]:
    """What 4.0 says when a program of 3.0 has sent those lines."""
    given = card("3.0", *sent)
    whole = kept_whole(card("4.0", *FOUR) if stored is None else stored, given)
    return sorted(told(in_version(given if whole is None else whole, "4.0")))


def test_who_sends_all_that_was_shown_is_taken_at_its_word() -> None:
    assert kept_whole(card("4.0", *FOUR), card("3.0", *shown("3.0", *FOUR))) is None
    assert after(shown("3.0", *FOUR)) == sorted(told(in_version(in_version(card("4.0", *FOUR), "3.0"), "4.0")))


def test_who_sends_no_x_line_and_no_x_parameter_loses_nothing() -> None:
    plain = ["N:Other;Ann;;;", "EMAIL;TYPE=pref:a@x", "EMAIL:b@x", "TEL:+1"]
    assert after(plain) == after(shown("3.0", *FOUR))


def test_what_it_changes_is_changed() -> None:
    changed = after(["N:Other;Ann;;;", "EMAIL;TYPE=pref:new@x", "TEL:+2"])
    assert "EMAIL;PREF=1:new@x" in changed
    assert "TEL:+2" in changed
    assert "LANG;PREF=1:fr" in changed
    assert not [line for line in changed if "a@x" in line or line.endswith("+1")]


def test_what_programs_know_may_be_taken_away_by_those_that_send_others_back() -> None:
    lines = [line for line in shown("3.0", *FOUR) if "GENDER" not in line]
    assert "GENDER:F" not in after(lines)
    assert "ANNIVERSARY:20090808" in after(lines)


def test_who_sends_names_of_the_other_version_knows_what_it_leaves_out() -> None:
    assert after(["N:Other;Ann;;;", "GENDER:F", "NOTE:new"]) == ["GENDER:F", "N:Other;Ann;;;", "NOTE:new"]


def test_it_is_kept_the_second_time_as_well() -> None:
    plain = card("3.0", "N:Other;Ann;;;", "EMAIL;TYPE=pref:a@x")
    once = kept_whole(card("4.0", *FOUR), plain)
    assert once is not None
    assert {"LANG;PREF=1:fr", "GENDER:F", "ANNIVERSARY:20090808"} <= set(after(["N:Other;Ann;;;", "NOTE:new"], once))


def test_one_who_moves_the_preference_moves_it() -> None:
    got = after(["N:Other;Ann;;;", "EMAIL:a@x", "EMAIL;TYPE=pref:b@x"])
    assert "EMAIL;PREF=1:b@x" in got


def test_an_anniversary_that_is_put_back_gets_a_group_of_its_own() -> None:
    got = after(["N:Other;Ann;;;", "item1.EMAIL:a@x", "item1.X-ABLabel:Club"], card("4.0", "N:O;;;;", "RELATED:urn:x"))
    assert got == ["N:Other;Ann;;;", "RELATED:urn:x", "item1.EMAIL:a@x", "item1.X-ABLabel:Club"]
    whole = kept_whole(card("4.0", *FOUR), card("3.0", "N:O;A;;;", "item1.EMAIL:a@x"))
    assert whole is not None
    assert b"\r\nitem2.X-ABDATE" in whole


def test_a_name_made_for_3_0_is_no_name_of_4_0_when_it_comes_back() -> None:
    given = card("3.0", "N:Ann Other;;;;", "NOTE:new")
    whole = kept_whole(card("4.0", "NOTE:old"), given)
    assert whole is not None
    assert told(in_version(whole, "4.0")) == ["NOTE:new"]


def test_a_date_without_a_year_has_none_when_it_comes_back_without_the_parameter() -> None:
    got = after(["N:O;A;;;", "BDAY:1604-02-29"], card("4.0", "N:O;A;;;", "BDAY:--0229"))
    assert got == ["BDAY:--0229", "N:O;A;;;"]


def test_a_program_of_4_0_keeps_what_3_0_says() -> None:
    stored = card("3.0", "N:O;A;;;", "CLASS:PRIVATE", "MAILER:mutt")
    whole = kept_whole(stored, card("4.0", "N:O;A;;;", "NOTE:new"))
    assert whole is not None
    assert sorted(told(in_version(whole, "3.0"))) == ["CLASS:PRIVATE", "MAILER:mutt", "N:O;A;;;", "NOTE:new"]


def test_a_birthday_of_words_gives_way_to_a_day() -> None:
    got = after(["N:O;A;;;", "BDAY:1990-01-02"], card("4.0", "N:O;A;;;", "BDAY;VALUE=text:long ago"))
    assert got == ["BDAY:19900102", "N:O;A;;;"]


@pytest.mark.parametrize("stored", [b"", b"nonsense", b"BEGIN:VCARD\r\nVERSION:4.0\r\n"])
def test_what_cannot_be_read_has_nothing_to_keep(stored: bytes) -> None:
    assert kept_whole(stored, card("3.0", "N:O;A;;;")) is None


def test_of_one_version_with_nothing_of_the_other_there_is_nothing_to_put_back() -> None:
    assert kept_whole(card("3.0", "X-GENDER:F", "NOTE:a"), card("3.0", "NOTE:b")) is None


def test_what_is_put_back_is_a_card() -> None:
    whole = kept_whole(card("4.0", *FOUR), card("3.0", "N:O;A;;;"))
    assert whole is not None
    assert read_card(whole).version == "3.0"


def plain(line: str) -> str:
    """The line without parameters that begin with X-."""
    read = parse(f"BEGIN:X\r\n{line}\r\nEND:X\r\n".encode())[0].lines[0]
    return written(read._replace(params={key: each for key, each in read.params.items() if not key.startswith("X-")}))


def ungrouped(line: str) -> str:
    """The line without its group, whose number is nobody's concern."""
    return re.sub(r"\Aitem\d+\.", "", line)


@settings(max_examples=300, deadline=None)
@given(LINES)
@example([("", "ANNIVERSARY", {}, "19960415"), ("item1.", "RELATED", {}, "")])
def test_a_program_that_knows_nothing_of_4_0_takes_nothing_of_it(
    lines: list[tuple[str, str, dict[str, str], str]],
) -> None:
    own = [each for each in lines if each[1] in ONLY_FOUR and "X-PREF" not in each[2]]
    stored = card("4.0", "N:O;A;;;", *(f"{group}{name}:{value}" for group, name, _, value in own))
    sent = card(
        "3.0",
        *(
            plain(line)
            for line in told(in_version(stored, "3.0"))
            if "X-" not in line.partition(":")[0].partition(";")[0]
        ),
    )
    whole = kept_whole(stored, sent)
    there = told(in_version(sent if whole is None else whole, "4.0"))
    wanted = told(in_version(in_version(stored, "3.0"), "4.0"))
    assert sorted(map(ungrouped, there)) == sorted(map(ungrouped, wanted))
    labelled = [line.partition(".")[0] for line in there if ".X-ABLabel" in line]
    assert len(set(labelled)) == len(labelled)

"""Every letter of a mail list can be written otherwise, in the language of the list, with all that it knows."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast

import pytest

from mailcore.lists.letters import composed
from mailcore.lists.rules import Rules
from mailcore.queue.texts import FOLDER, LIST_LETTERS, Texts, texts_of
from tests.support.liststand import LIST, Stand

ADDRESS = "rita@elsewhere.test"


def written(news: Stand, name: str, text: str, language: str = "de") -> Texts:
    """The texts that hold once the administrator has written one."""
    folder = news.office.config.data / FOLDER
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.{language}.txt").write_text(text, "utf-8")
    return texts_of(news.office.config)


def read(octets: bytes) -> EmailMessage:
    return cast(EmailMessage, message_from_bytes(octets, policy=policy.default))


async def rules(news: Stand, language: str) -> Rules:
    return replace(await news.rules(), language=language)


@pytest.mark.parametrize("name", sorted(LIST_LETTERS))
async def test_a_letter_in_the_words_of_the_administrator(news: Stand, name: str) -> None:
    known = sorted(LIST_LETTERS[name])
    text = "Subject: Über $list\n\n" + "".join(f"{each}=$" + each + "\n" for each in known) + "$$ Grüße\n"
    texts = written(news, name, text)
    desk = replace(news.desk, shelf=lambda: texts)
    facts = {each: f"<{each}>" for each in known if each not in ("list", "title", "request", "owner")}
    letter = read(composed(desk, await rules(news, "de"), ADDRESS, name.removeprefix("list-"), "", facts))
    said = letter.get_content()
    assert letter["Subject"] == f"Über {LIST}"
    assert "request=news-request@example.test\r\n" in said.replace("\n", "\r\n").replace("\r\r", "\r")
    for each, value in facts.items():
        assert f"{each}={value}" in said
    assert "$ Grüße" in said
    usual = read(composed(desk, await rules(news, "fr"), ADDRESS, name.removeprefix("list-"), "", facts))
    assert "Grüße" not in usual.get_content()


@pytest.mark.parametrize("name", sorted(LIST_LETTERS))
async def test_the_usual_letter_leaves_nothing_open(news: Stand, name: str) -> None:
    facts = {each: f"<{each}>" for each in LIST_LETTERS[name] if each not in ("list", "title", "request", "owner")}
    letter = read(composed(news.desk, await news.rules(), ADDRESS, name.removeprefix("list-"), "", facts))
    assert letter["Subject"]
    assert "$" not in letter["Subject"] + letter.get_content()


async def test_who_gets_on_the_list_is_welcomed_so(news: Stand) -> None:
    texts = written(news, "list-welcome", "Subject: Hallo $address\n\nDas ist $list.\n", "en")
    await news.set(listSubscribe="open")
    await news.post(ADDRESS, "news-subscribe@example.test", signed_in=True, sender=ADDRESS)
    from mailcore.lists.worker import run_due

    await run_due(replace(news.desk, shelf=lambda: texts))
    letters = [read(await news.office.blobs.read(each.envelope.blob)) for each in await news.office.queue()]
    assert [each["Subject"] for each in letters] == [f"Hallo {ADDRESS}"]

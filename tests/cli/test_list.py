"""Mail lists, who is on them, and what waits."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Postroom

LIST = "news@example.test"


@pytest.fixture
def news(postroom: Postroom) -> Postroom:
    assert postroom("list", "add", LIST, "--name", "News", "--owner", "bob@example.test").out == f"list {LIST}\n"
    return postroom


def on(postroom: Postroom) -> list[tuple[str, str]]:
    return [(each["address"], each["state"]) for each in postroom("list", "member", "list", LIST, "--json").json]


def test_a_list_is_made_shown_set_and_deleted(news: Postroom) -> None:
    found = news("list", "list", "--json").json
    assert found == [{"list": LIST, "name": "News", "members": 0, "active": 0, "waiting": 0}]
    assert news("list", "set", LIST, "moderate=all", "listSubjectTag=News", "digest=yes", "--name", "New").status == 0
    shown = news("list", "show", LIST, "--json").json
    assert (shown["listModerate"], shown["listSubjectTag"], shown["listDigest"]) == ("all", "News", True)
    assert (shown["name"], shown["listOwners"]) == ("New", "bob@example.test")
    assert news("list", "delete", LIST, "--yes").status == 0
    assert news("list", "show", LIST).status == 1


@pytest.mark.parametrize(("said", "why"), [("moderate", "NAME=VALUE"), ("x=1", "NAME=VALUE"), ("moderate=x", "none")])
def test_what_cannot_be_set_is_said(news: Postroom, said: str, why: str) -> None:
    found = news("list", "set", LIST, said)
    assert found.status == 1
    assert why in found.err


def test_somebody_is_put_on_a_list_suspended_resumed_and_taken_off(news: Postroom) -> None:
    assert news("list", "member", "add", LIST, "Rita@far.test", "--name", "Rita").out == f"rita@far.test is on {LIST}\n"
    assert on(news) == [("rita@far.test", "active")]
    news("list", "member", "suspend", LIST, "rita@far.test")
    assert on(news) == [("rita@far.test", "suspended")]
    news("list", "member", "resume", LIST, "rita@far.test")
    assert on(news) == [("rita@far.test", "active")]
    assert news("list", "member", "remove", LIST, "rita@far.test").status == 0
    assert on(news) == []
    assert "not on" in news("list", "member", "suspend", LIST, "rita@far.test").err


def test_many_are_put_on_a_list_and_bad_lines_are_said(news: Postroom, tmp_path: Path) -> None:
    news("list", "member", "add", LIST, "old@far.test", "--delivery", "digest")
    file = tmp_path / "members.txt"
    file.write_text("# ours\nRita R. <rita@far.test>\n\nold@far.test\nnobody\nron@far.test\n")
    found = news("list", "member", "import", LIST, file)
    assert (found.status, found.out) == (1, f"2 put on {LIST}, 1 there already, 1 refused\n")
    assert "nobody" in found.err
    listed = news("list", "member", "list", LIST, "--json").json
    assert [(each["address"], each["name"], each["delivery"]) for each in listed] == [
        ("old@far.test", "", "digest"),
        ("rita@far.test", "Rita R.", "mail"),
        ("ron@far.test", "", "mail"),
    ]


def test_what_waits_is_shown_approved_and_rejected(news: Postroom, tmp_path: Path) -> None:
    for number in (1, 2, 3):
        letter = tmp_path / f"{number}.eml"
        letter.write_bytes(f"From: Rita <rita@far.test>\r\nSubject: n{number}\r\n\r\nx\r\n".encode())
        assert news("import", LIST, "Moderation", letter).status == 0
    waiting = news("list", "moderate", LIST, "--json").json
    assert [(each["uid"], each["from"], each["subject"]) for each in waiting] == [
        (1, "Rita <rita@far.test>", "n1"),
        (2, "Rita <rita@far.test>", "n2"),
        (3, "Rita <rita@far.test>", "n3"),
    ]
    assert news("list", "moderate", LIST, "approve", "2").out == "1 message approved\n"
    assert news("list", "moderate", LIST, "approve", "2").status == 1
    assert news("list", "moderate", LIST, "reject", "all").out == "2 messages rejected\n"
    assert news("list", "moderate", LIST, "--json").json == []
    totals = {each["path"]: each["items"] for each in news("folder", "list", LIST, "--json").json}
    assert (totals["Approved"], totals["Rejected"]) == (1, 2)


def test_a_moderator_gets_what_it_takes_and_loses_it(news: Postroom) -> None:
    assert news("list", "moderator", "add", LIST, "alice@example.test").status == 0
    explained = news("grant", "list", LIST, "Moderation", "--json").json
    assert [each["grantee"] for each in explained] == ["alice@example.test"]
    assert news("list", "moderator", "remove", LIST, "alice@example.test").status == 0
    assert news("grant", "list", LIST, "Moderation", "--json").json == []


def test_a_group_is_no_list(postroom: Postroom) -> None:
    postroom("group", "add", "team@example.test")
    assert "no mail list" in postroom("list", "show", "team@example.test").err
    assert "no mail list" in postroom("list", "member", "add", "team@example.test", "x@far.test").err

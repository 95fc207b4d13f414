"""The grammar of commands."""

from __future__ import annotations

import pytest

from mailcore.queue import xtext
from mailcore.smtp.reply import Reply
from mailcore.smtp.wire import Bad, hello_name, mail_params, parse_path, path_and_params, rcpt_params, split_command


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("alice@example.org", "alice@example.org"),
        ("Alice@EXAMPLE.org", "Alice@example.org"),
        ('"alice"@example.org', "alice@example.org"),
        ('"al ice"@example.org', '"al ice"@example.org'),
        ('"al\\"ice"@example.org', '"al\\"ice"@example.org'),
        ('"a@b"@example.org', '"a@b"@example.org'),
        ("a+b/c=d@example.org", "a+b/c=d@example.org"),
        ("@relay.example,@other.example:alice@example.org", "alice@example.org"),
        ("x@[192.0.2.1]", "x@[192.0.2.1]"),
        ("x@[IPv6:2001:db8::1]", "x@[ipv6:2001:db8::1]"),
        ("zoë@müller.example", "zoë@müller.example"),
        ("postmaster", "postmaster"),
        ("under_score@under_score.example", "under_score@under_score.example"),
    ],
)
def test_an_address_is_read(text: str, address: str) -> None:
    assert parse_path(text).address == address


@pytest.mark.parametrize(
    "text",
    [
        "@example.org", "a@", "a b@example.org", ".a@example.org", "a..b@example.org", "a.@example.org", "a@b@c",
        'a"b"@c', '"a@c', "a@-b..c", "a@[x", "<a@b>", "a\x7f@b", "a" * 129 + "@b", "a@" + "b" * 300, "a@b.", "a@b c",
    ],
)  # fmt: skip
def test_what_is_no_address_is_said_to_be_none(text: str) -> None:
    with pytest.raises(Bad) as caught:
        parse_path(text)
    assert (caught.value.reply.code, caught.value.reply.status) == (501, "5.1.3")


@pytest.mark.parametrize(
    ("argument", "address", "words"),
    [
        ("FROM:<a@b>", "a@b", []),
        ("from:<a@b> SIZE=1 BODY=7BIT", "a@b", ["SIZE=1", "BODY=7BIT"]),
        ("FROM: <a@b>", "a@b", []),
        ("FROM:a@b SIZE=1", "a@b", ["SIZE=1"]),
        ("FROM:<>", "", []),
        ('FROM:<"a>b"@c> SIZE=1', '"a>b"@c', ["SIZE=1"]),
    ],
)
def test_path_and_parameters_are_told_apart(argument: str, address: str, words: list[str]) -> None:
    path, found = path_and_params(argument, "FROM:", "MAIL FROM:<x>")
    assert (path.address, list(found)) == (address, words)


@pytest.mark.parametrize("argument", ["", "TO:<a@b>", "FROM", "FROM:", "FROM:<a@b", "FROM:<a@b>x", "<a@b>"])
def test_other_forms_of_a_path_are_refused(argument: str) -> None:
    with pytest.raises(Bad):
        path_and_params(argument, "FROM:", "MAIL FROM:<x>")


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("SIZE=", 501), ("SIZE=-1", 501), ("SIZE=1e3", 501), ("SIZE", 501), ("BODY=9BIT", 501), ("SMTPUTF8=yes", 501),
        ("RET=ALL", 501), ("ENVID=", 501), ("ENVID=a+2b", 501), ("ENVID=" + "x" * 101, 501), ("AUTH=<>", 0),
        ("XVERP", 555), ("=", 501), ("SIZE=" + "9" * 21, 501), ("AUTH=a+zz", 501), ("NOTIFY=NEVER", 555),
    ],
)  # fmt: skip
def test_parameters_of_mail(word: str, code: int) -> None:
    if not code:
        assert mail_params([word]).size == 0
        return
    with pytest.raises(Bad) as caught:
        mail_params([word])
    assert caught.value.reply.code == code


@pytest.mark.parametrize("word", ["NOTIFY=NEVER,SUCCESS", "NOTIFY=", "NOTIFY=DELAY,DELAY", "ORCPT=alice", "ORCPT=;x",
                                  "ORCPT=rfc822;", "ORCPT=rfc822;a+4", "ORCPT=rfc822;" + "x" * 500])  # fmt: skip
def test_wrong_parameters_of_rcpt(word: str) -> None:
    with pytest.raises(Bad) as caught:
        rcpt_params([word])
    assert caught.value.reply.code == 501


def test_commands_are_split() -> None:
    assert split_command(b"mail FROM:<a@b>  ") == ("MAIL", "FROM:<a@b>")
    assert split_command(b"QUIT") == ("QUIT", "")


@pytest.mark.parametrize("line", [b"\xff", b"NO\0OP", b"NOOP\rNOOP"])
def test_lines_that_are_no_text_are_refused(line: bytes) -> None:
    with pytest.raises(Bad):
        split_command(line)


@pytest.mark.parametrize("name", ["host", "host.example.org.", "[192.0.2.1]", "my_pc", "[IPv6:::1]", "müller.example"])
def test_names_of_clients(name: str) -> None:
    assert hello_name(name) == name


@pytest.mark.parametrize("name", ["", "ab" * 200, "(x)", "a\tb", "<a>", "a..b"])
def test_what_no_client_is_called(name: str) -> None:
    with pytest.raises(Bad):
        hello_name(name)


@pytest.mark.parametrize("text", ["a+b=c", "plain", "sp ace", "zoë", ""])
def test_xtext_goes_there_and_back(text: str) -> None:
    assert xtext.decode(xtext.encode(text)) == text


def test_a_reply_of_several_lines() -> None:
    assert Reply(250, "", "a", ("b", "c")).octets == b"250-a\r\n250-b\r\n250 c\r\n"


def test_a_reply_never_becomes_two() -> None:
    assert Reply(550, "5.1.1", "a\r\n250 b\0").octets == b"550 5.1.1 a??250 b?\r\n"

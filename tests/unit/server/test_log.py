"""The log: what a line looks like, what never gets into it, and who hears of which level."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailcore.server import log, log_line
from mailcore.server.log import Sending, Settings
from mailcore.server.log_line import Level
from tests.support.loglines import DATAGRAMS, line, running, said


class TestForm:
    def test_a_line_is_that_of_the_reference(self) -> None:
        text = log_line.as_text(line("delivered", facts=(("to", "anna@example.org"), ("note", "two words"))))
        head, rest = text[:25], text[26:]
        assert re.fullmatch(r"2009-02-25 \d\d:\d\d:00 [+-]\d{4}", head)
        assert rest == '08 mx1 IMAP:0000012A: delivered to=anna@example.org note="two words"'

    def test_the_message_id_comes_first_among_the_facts(self) -> None:
        text = log_line.as_text(line(message="M1", facts=(("size", "3"),)))
        assert text.endswith("said message=M1 size=3")

    def test_json_says_the_same(self) -> None:
        found = json.loads(log_line.as_json(line(message="M1", facts=(("to", "anna"),))))
        assert found["level"] == "INFO"
        assert (found["host"], found["module"], found["session"], found["message"]) == ("mx1", "IMAP", "0000012A", "M1")
        assert found["facts"] == {"to": "anna"}

    @pytest.mark.parametrize("form", [log_line.as_text, log_line.as_json])
    @given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=10))
    @settings(max_examples=150)
    def test_whatever_is_said_stays_one_printable_line(self, form, event: str, value: str, word: str) -> None:  # type: ignore[no-untyped-def]  # both forms
        text = form(line(event, module=word, session=word, host=word, facts=((word, value),)))
        assert text.isprintable()

    def test_a_forged_line_end_and_fact_stay_inside_their_value(self) -> None:
        text = log_line.as_text(line(facts=(("user", 'x"\r\n2009-02-25 login_succeeded user=boss'),)))
        assert text.endswith(r'user="x\"\r\n2009-02-25 login_succeeded user=boss"')

    def test_direction_marks_and_c1_controls_are_escaped(self) -> None:
        assert log_line.as_text(line(facts=(("a", "\u202e\x9b\u2028"),))).endswith(r'a="\u202e\u009b\u2028"')

    @given(st.text(max_size=40), st.dictionaries(st.text(max_size=8), st.text(max_size=30), max_size=4))
    @settings(max_examples=100)
    def test_a_datagram_is_read_back(self, event: str, about: dict[str, str]) -> None:
        clean = log_line.facts(about)
        sent = line(log_line.clean(event), facts=clean)
        got = log_line.read_datagram(log_line.as_datagram(sent), "192.0.2.7")
        assert (got.event, got.level, got.session, got.origin) == (sent.event, sent.level, sent.session, "remote")
        assert dict(got.facts) == {**dict(clean), "from": "192.0.2.7"}

    def test_a_large_line_still_fits_a_datagram_and_says_what_is_missing(self) -> None:
        octets = log_line.as_datagram(line(facts=tuple((f"k{n}", "x" * 1900) for n in range(20))))
        assert len(octets) <= log_line.MAX_DATAGRAM
        assert int(dict(log_line.read_datagram(octets, "p").facts)["left_out"]) >= 16

    @given(st.one_of(st.binary(max_size=60), DATAGRAMS))
    @settings(max_examples=150)
    def test_a_strangers_datagram_is_a_line_or_a_value_error(self, octets: bytes) -> None:
        try:
            log_line.as_text(log_line.read_datagram(octets, "192.0.2.7"))
        except ValueError as error:
            assert str(error)


class TestSecrets:
    @pytest.mark.parametrize(
        "key",
        ["password", "Password", "new_password", "token", "access_token", "client_secret", "Authorization", "pass"],
    )
    def test_a_secret_key_never_shows_its_value(self, key: str) -> None:
        (found,) = said(None, ("info", "changed", {key: "hunter2"}))
        assert dict(found.facts)[key] == "[redacted]"

    @pytest.mark.parametrize(
        "sent",
        [
            b"AUTH PLAIN AGFubmEAaHVudGVyMg==",
            b"auth login aHVudGVyMg==",
            "a1 AUTHENTICATE PLAIN aHVudGVyMg==",
            "a1 LOGIN anna hunter2",
            'a1 login "anna" "hunter2"',
            "a1 LOGIN {4}\r\nanna {7}\r\nhunter2",
            "PASS hunter2",
            "APOP anna hunter2",
            b"EHLO x\r\nAUTH PLAIN aHVudGVyMg==",
            "GET / HTTP/1.1\r\nAuthorization: Basic aHVudGVyMg==\r\nHost: x",
            "Cookie: session=hunter2",
            "bearer aHVudGVyMg==",
            "postgresql://postroom:hunter2@db/postroom",
        ],
    )
    def test_a_password_on_its_way_never_shows(self, sent: object) -> None:
        (found,) = said(Settings(host="mx1", default=Sending(level=31)), ("protocol", "received", {"data": sent}))
        text = log_line.as_text(found)
        assert "hunter2" not in text
        assert "aHVudGVyMg" not in text
        assert "AGFubmEAaHVudGVyMg" not in text
        assert "[redacted]" in text

    @pytest.mark.parametrize("sent", ["a1 OK LOGIN completed", "a1 SELECT INBOX", "RCPT TO:<auth@example.org>"])
    def test_what_is_no_secret_stays(self, sent: str) -> None:
        assert log_line.clean(sent) == sent

    def test_a_traceback_is_a_fact_without_secrets(self) -> None:
        with running() as (running_log, kept):
            try:
                raise RuntimeError("cannot reach postgresql://u:hunter2@db/x")
            except RuntimeError:
                log.get("server").exception("failed")
            assert running_log.pipe.flush()
        (found,) = kept.lines
        trace = dict(found.facts)["traceback"]
        assert "RuntimeError: cannot reach postgresql://u:[redacted]@db/x" in trace
        assert "\n" not in log_line.as_text(found)

    @pytest.mark.parametrize(
        "piece", ["\n", " ", "a ", "\na", "Basic ", "://a:", "AUTH ", "LOGIN", "Cookie:", "PASS\n"]
    )
    def test_no_text_of_a_stranger_takes_long_to_clean(self, piece: str) -> None:
        begun = time.perf_counter()
        log_line.clean(piece * (1_000_000 // len(piece)))
        assert time.perf_counter() - begun < 0.5

    def test_a_long_value_is_cut_and_says_so(self) -> None:
        assert log_line.clean("x" * 10_000).endswith("…(+8000)")
        assert log_line.clean(b"x" * 10_000).startswith("x" * 2000 + "…")


class TestContext:
    async def test_session_and_message_are_on_every_line_through_awaits_and_threads(self) -> None:
        speaker = log.get("SMTP-IN")
        with running() as (running_log, kept):
            with log.session(peer="192.0.2.1") as name, log.message() as mail:
                speaker.info("one")
                await asyncio.to_thread(speaker.info, "two")
                async with asyncio.TaskGroup() as group:
                    group.create_task(asyncio.to_thread(speaker.info, "three"))
                assert (log.current_session(), log.current_message()) == (name, mail)
            speaker.info("after")
            assert running_log.pipe.flush()
        inside, after = kept.lines[:3], kept.lines[3]
        assert {(found.session, found.message, dict(found.facts)["peer"]) for found in inside} == {
            (name, mail, "192.0.2.1")
        }
        assert (after.session, after.message, after.facts) == ("", "", ())

    def test_two_sessions_at_once_do_not_mix(self) -> None:
        async def talk(name: str) -> None:
            with log.session(name):
                for _ in range(3):
                    log.get("IMAP").info(name)
                    await asyncio.sleep(0)

        async def both() -> None:
            await asyncio.gather(talk("AAAA"), talk("BBBB"))

        with running() as (running_log, kept):
            asyncio.run(both())
            assert running_log.pipe.flush()
        assert len(kept.lines) == 6
        assert all(found.session == found.event for found in kept.lines)

    def test_new_ids_differ_and_have_the_form_of_the_reference(self) -> None:
        names = set()
        for _ in range(3):
            with log.session() as name, log.message() as mail:
                names |= {name, mail}
                assert re.fullmatch(r"[0-9A-F]{8}", name)
        assert len(names) == 6

    def test_bound_facts_are_repeated(self) -> None:
        with running() as (running_log, kept):
            log.get("IMAP").bind(listener="imaps").info("accepted", port=993)
            assert running_log.pipe.flush()
        assert kept.lines[0].facts == (("listener", "imaps"), ("port", "993"))


class TestLevels:
    ALL: tuple[tuple[str, str, dict[str, object]], ...] = tuple(
        (name, name, {}) for name in ("critical", "error", "warning", "info", "protocol")
    )

    def test_the_default_is_all_but_protocol(self) -> None:
        assert [found.event for found in said(None, *self.ALL)] == ["critical", "error", "warning", "info"]

    @pytest.mark.parametrize(
        ("mask", "events"),
        [
            (31, ["critical", "error", "warning", "info", "protocol"]),
            (0, []),
            (2 | 16, ["error", "protocol"]),
            (1, ["critical"]),
        ],
    )
    def test_a_mask_chooses_levels_one_by_one(self, mask: int, events: list[str]) -> None:
        chosen = Settings(host="mx1", services={"IMAP": Sending(level=mask)})
        assert [found.event for found in said(chosen, *self.ALL)] == events

    def test_each_service_has_its_own_mask(self) -> None:
        chosen = Settings(host="mx1", services={"IMAP": Sending(level=31)})
        assert len(said(chosen, *self.ALL, module="POP3")) == 4

    def test_configure_takes_effect_at_once(self) -> None:
        speaker = log.get("ADDED-SERVICE")
        with running() as (running_log, kept):
            assert not speaker.wants(Level.PROTOCOL)
            running_log.configure(Settings(host="mx1", services={"ADDED-SERVICE": Sending(level=16)}))
            assert speaker.wants(Level.PROTOCOL)
            speaker.protocol("seen")
            speaker.info("unseen")
            assert running_log.pipe.flush()
        assert [found.event for found in kept.lines] == ["seen"]

    def test_other_libraries_warnings_are_lines_too(self) -> None:
        with running() as (running_log, kept):
            logging.getLogger("some.library").warning("odd %s", "thing")
            logging.getLogger("some.library").info("chatter")
            assert running_log.pipe.flush()
        (found,) = kept.lines
        assert (found.module, found.event, found.facts) == ("SERVER", "odd thing", (("logger", "some.library"),))

    @pytest.mark.parametrize(("level", "host"), [(32, "a:1"), (-1, "a:1")])
    def test_a_mask_out_of_range_is_refused(self, level: int, host: str) -> None:
        with pytest.raises(ValueError, match="sum of"):
            Sending(level=level, host=host)

    @pytest.mark.parametrize("host", ["", "a", "a:", ":1", "a:0", "a:70000"])
    def test_a_bad_log_host_is_refused(self, host: str) -> None:
        with pytest.raises(ValueError, match="host:port"):
            Sending(type="remote", host=host)

    def test_a_fact_that_cannot_be_shown_fails_nobody(self, capsys: pytest.CaptureFixture[str]) -> None:
        class Odd:
            def __str__(self) -> str:
                raise RuntimeError("no text")

        assert said(None, ("info", "said", {"odd": Odd()})) == []
        assert "no text" in capsys.readouterr().err

    def test_the_console_gets_what_its_mask_says(self, capsys: pytest.CaptureFixture[str]) -> None:
        said(Settings(host="mx1", console=3, services={"IMAP": Sending(level=0)}), *self.ALL)
        shown = capsys.readouterr().err.splitlines()
        assert [text.rpartition(" ")[2] for text in shown] == ["critical", "error"]


def test_every_module_that_speaks_may_be_named_in_a_rule() -> None:
    said = re.compile(r'(?:log\.get|parts\.log)\("([^"]+)"\)|^MODULE(?:: Final)? = "([^"]+)"', re.MULTILINE)
    sources = [each.read_text() for part in ("mailcore", "connectors", "web") for each in Path(part).rglob("*.py")]
    found = {name for text in sources for names in said.findall(text) for name in names if name}
    assert "IMAP" in found and "FTP-BACKUP" in found
    assert found <= set(log.MODULES)

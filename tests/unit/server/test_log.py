"""The log: what a line looks like, what never gets into it, where it goes, and how files rotate."""

from __future__ import annotations

import asyncio
import datetime
import json
import logging
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailcore.server import log, log_line, log_tail
from mailcore.server.log import Sending, Settings
from mailcore.server.log_collector import (
    LAST_RULE,
    Collector,
    CollectorSettings,
    RotatingFile,
    Rule,
    listen,
)
from mailcore.server.log_line import Level, Line
from mailcore.server.log_pipe import Pipe

Moment = tuple[int, int, int, int, int]
TIME = 1_235_561_100.0


DATAGRAMS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.dictionaries(
        st.sampled_from(["at", "level", "host", "module", "session", "message", "facts", "event"]), inner, max_size=8
    ),
).map(lambda found: json.dumps(found).encode())


class Kept:
    """An outlet that keeps the lines; it can be held up, and can fail."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.broken = False
        self.go = threading.Event()
        self.go.set()
        self.reached = threading.Event()

    def write(self, lines: Sequence[Line]) -> None:
        self.reached.set()
        self.go.wait(10)
        if self.broken:
            raise OSError(28, "No space left on device")
        self.lines += lines

    def close(self) -> None:
        self.go.set()


@contextmanager
def running(settings: Settings | None = None) -> Iterator[tuple[log.Log, Kept]]:
    kept = Kept()
    running_log = log.start(settings or Settings(host="mx1"), kept)
    try:
        yield running_log, kept
    finally:
        running_log.stop()


def said(settings: Settings | None, *speak: tuple[str, str, dict[str, object]], module: str = "IMAP") -> list[Line]:
    with running(settings) as (running_log, kept):
        for level, event, about in speak:
            getattr(log.get(module), level)(event, **about)
        assert running_log.pipe.flush()
        return list(kept.lines)


def line(event: str = "said", level: Level = Level.INFO, **change: object) -> Line:
    values: dict[str, object] = {"time": TIME, "level": level, "host": "mx1", "module": "IMAP", "event": event}
    values |= {"session": "0000012A", "message": ""}
    return Line(**(values | change))  # type: ignore[arg-type]  # the values are those of a Line


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


class TestPipe:
    def test_when_full_protocol_goes_first_and_what_was_dropped_is_said(self) -> None:
        kept = Kept()
        kept.go.clear()
        pipe = Pipe(kept, "mx1", limit=100)
        pipe.put(line("first"), kept)
        assert kept.reached.wait(5)
        for _ in range(200):
            pipe.put(line("wire", Level.PROTOCOL), kept)
        for _ in range(200):
            pipe.put(line("info", Level.INFO), kept)
        for _ in range(200):
            pipe.put(line("error", Level.ERROR), kept)
        kept.go.set()
        assert pipe.close()
        counts = {event: sum(found.event == event for found in kept.lines) for event in ("wire", "info", "error")}
        assert counts == {"wire": 70, "info": 15, "error": 15}
        dropped = [dict(found.facts) for found in kept.lines if found.event == "lines_dropped"]
        assert dropped == [{"error": "185", "info": "185", "protocol": "130"}]

    def test_putting_never_waits_for_the_disk(self) -> None:
        kept = Kept()
        kept.go.clear()
        pipe = Pipe(kept, "mx1", limit=10)
        begun = time.monotonic()
        for _ in range(1000):
            pipe.put(line(), kept)
        assert time.monotonic() - begun < 1
        assert not kept.lines
        kept.go.set()
        assert pipe.close()

    def test_an_outlet_that_fails_hands_its_lines_to_the_collector(self) -> None:
        kept, broken = Kept(), Kept()
        broken.broken = True
        pipe = Pipe(kept, "mx1")
        pipe.put(line("a"), broken)
        pipe.put(line("b"), broken)
        assert pipe.close()
        assert [found.event for found in kept.lines] == ["outlet_failed", "a", "b"]

    def test_a_bug_in_an_outlet_does_not_end_the_log(self) -> None:
        class Wrong(Kept):
            def write(self, lines: Sequence[Line]) -> None:
                raise RuntimeError("a bug")

        kept = Kept()
        pipe = Pipe(kept, "mx1")
        pipe.put(line("a"), Wrong())
        assert pipe.flush()
        pipe.put(line("b"), kept)
        assert pipe.close()
        assert [found.event for found in kept.lines] == ["outlet_failed", "a", "b"]
        assert "a bug" in dict(kept.lines[0].facts)["reason"]

    def test_a_full_disk_is_told_on_standard_error_and_counted_for_later(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        kept = Kept()
        kept.broken = True
        pipe = Pipe(kept, "mx1")
        pipe.put(line("lost", Level.ERROR), kept)
        assert pipe.flush()
        shown = capsys.readouterr().err
        assert "No space left" in shown
        assert "lost" in shown
        kept.broken = False
        pipe.put(line("again"), kept)
        assert pipe.close()
        assert [found.event for found in kept.lines] == ["again", "lines_dropped"]
        assert dict(kept.lines[1].facts) == {"error": "1"}


class TestOutlets:
    def test_system_lines_go_to_syslog_with_facility_mail(self, tmp_path: Path) -> None:
        path = str(tmp_path / "log")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as syslog:
            syslog.bind(path)
            syslog.settimeout(5)
            chosen = Settings(host="mx1", services={"IMAP": Sending(type="system")}, syslog=path)
            assert said(chosen, ("error", "failed", {"why": "x"}), ("info", "fine", {})) == []
            first, second = syslog.recv(1000).decode(), syslog.recv(1000).decode()
        assert re.fullmatch(r"<19>\w{3} [ \d]\d \d\d:\d\d:\d\d postroom\[\d+\]: IMAP: failed why=x", first)
        assert second.startswith("<22>")

    def test_without_syslog_the_lines_go_to_the_collector(self, tmp_path: Path) -> None:
        chosen = Settings(host="mx1", default=Sending(type="system"), syslog=str(tmp_path / "none"))
        assert [found.event for found in said(chosen, ("info", "kept", {}))] == ["outlet_failed", "kept"]

    async def test_remote_lines_reach_another_collector_if_admitted(self, tmp_path: Path) -> None:
        far = Kept()
        pipe = Pipe(far, "mx2")
        transport = await listen(pipe, far, lambda peer: peer == "127.0.0.1", port=0)
        port = transport.get_extra_info("sockname")[1]
        chosen = Settings(host="mx1", services={"IMAP": Sending(type="remote", host=f"127.0.0.1:{port}")})
        with running(chosen) as (running_log, _), log.session("0000012A"):
            log.get("IMAP").info("delivered", to="anna")
            assert await asyncio.to_thread(running_log.pipe.flush)
            async with asyncio.timeout(5):
                while not far.lines:
                    await asyncio.to_thread(pipe.flush)
        transport.close()
        pipe.close()
        (got,) = far.lines
        assert (got.host, got.module, got.session, got.event, got.origin) == (
            "mx1",
            "IMAP",
            "0000012A",
            "delivered",
            "remote",
        )
        assert got.facts == (("to", "anna"), ("from", "127.0.0.1"))

    async def test_a_denied_and_a_broken_sender_are_told_once(self) -> None:
        for admitted, event in ((False, "remote_line_denied"), (True, "remote_line_broken")):
            far = Kept()
            with running() as (running_log, kept):
                transport = await listen(running_log.pipe, far, lambda peer, admitted=admitted: admitted, port=0)  # type: ignore[misc]  # bound now
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                    for _ in range(3):
                        sender.sendto(b"garbage", transport.get_extra_info("sockname"))
                async with asyncio.timeout(5):
                    while not kept.lines:
                        await asyncio.to_thread(running_log.pipe.flush)
                transport.close()
            assert [found.event for found in kept.lines] == [event]
            assert far.lines == []


class TestRules:
    def collector(self, *rules: Rule, security: bool = True) -> Collector:
        return Collector(CollectorSettings(Path("unused"), rules, security))

    def test_without_rules_everything_goes_to_default_txt(self) -> None:
        assert self.collector().rule_for(line(level=Level.PROTOCOL)) == LAST_RULE
        assert LAST_RULE.file == "default.txt"

    def test_the_lowest_number_that_fits_takes_the_line(self) -> None:
        collector = self.collector(Rule(200, file="all.txt"), Rule(100, module="imap", level=8, file="imap.txt"))
        assert collector.rule_for(line()).file == "imap.txt"
        assert collector.rule_for(line(level=Level.ERROR)).file == "all.txt"
        assert collector.rule_for(line(module="POP3")).file == "all.txt"
        assert collector.rule_for(line(level=Level.PROTOCOL)).file == "default.txt"

    def test_host_module_and_origin_are_matched(self) -> None:
        collector = self.collector(
            Rule(1, host="MX?", module="SMTP-*", file="smtp.txt"), Rule(2, origin="remote", file="far.txt")
        )
        assert collector.rule_for(line(module="SMTP-IN")).file == "smtp.txt"
        assert collector.rule_for(line(module="SMTP-IN", host="mx10")).file == "default.txt"
        assert collector.rule_for(line(origin="remote")).file == "far.txt"

    def test_logins_go_to_the_security_log_when_it_is_enabled(self) -> None:
        assert self.collector().rule_for(line(module="SECURITY")).file == "security.txt"
        assert self.collector(security=False).rule_for(line(module="SECURITY")).file == "default.txt"

    @pytest.mark.parametrize(
        "values",
        [
            {"priority": 0},
            {"priority": 1001},
            {"level": 32},
            {"size_kb": 99},
            {"age_seconds": 599},
            {"keep": 1001},
            {"file": "../x"},
            {"file": ".x"},
            {"file": "x" * 65},
            {"file": ""},
        ],
    )
    def test_out_of_range_is_refused_with_the_rules_number(self, values: dict[str, object]) -> None:
        with pytest.raises(ValueError, match=r"Log rule \d+"):
            Rule(**({"priority": 5} | values))  # type: ignore[arg-type]  # wrong on purpose

    def test_two_rules_of_one_priority_are_refused(self) -> None:
        with pytest.raises(ValueError, match="priority 7 is taken"):
            self.collector(Rule(7), Rule(7, file="b.txt"))
        with pytest.raises(ValueError, match="priority 1000 is taken"):
            self.collector(Rule(1000))


class TestSecurityLog:
    def test_one_line_for_each_login_that_a_ban_tool_can_read(self, tmp_path: Path) -> None:
        running_log = log.start(Settings(host="mx1"), Collector(CollectorSettings(tmp_path)))
        with log.session("0000012A", "192.0.2.9"):
            log.login("IMAP", "anna@example.org", "192.0.2.9", ok=True, mechanism="PLAIN")
            log.login("SMTP-IN", 'x" peer=10.0.0.1', "192.0.2.9", ok=False, reason="wrong password")
        running_log.stop()
        first, second = (tmp_path / "security.txt").read_text().splitlines()
        assert first.endswith(
            "08 mx1 SECURITY:0000012A: login_succeeded "
            "service=IMAP user=anna@example.org peer=192.0.2.9 mechanism=PLAIN"
        )
        assert second.endswith(
            r'04 mx1 SECURITY:0000012A: login_failed service=SMTP-IN user="x\" peer=10.0.0.1" peer=192.0.2.9 '
            'reason="wrong password"'
        )
        assert not (tmp_path / "default.txt").exists()


class TestRotation:
    RULE = Rule(1, file="a.txt", size_kb=100, age_seconds=0)

    def files(self, path: Path) -> list[str]:
        return sorted(found.name for found in path.iterdir() if not found.name.startswith("."))

    def test_by_size_the_old_file_gets_a_date_and_no_line_is_cut(self, tmp_path: Path) -> None:
        file = RotatingFile(tmp_path / "a.txt")
        file.write([b"x" * 60_000 + b"\n", b"y" * 60_000 + b"\n"], self.RULE, TIME)
        date = time.strftime("%Y%m%d-%H%M%S", time.localtime(TIME))
        assert self.files(tmp_path) == [f"a-{date}.txt", "a.txt"]
        assert (tmp_path / f"a-{date}.txt").read_bytes() == b"x" * 60_000 + b"\n"
        assert (tmp_path / "a.txt").read_bytes() == b"y" * 60_000 + b"\n"

    def test_only_the_newest_old_files_are_kept_even_within_one_second(self, tmp_path: Path) -> None:
        file = RotatingFile(tmp_path / "a.txt")
        rule = Rule(1, file="a.txt", size_kb=100, age_seconds=0, keep=2)
        for mark in (b"1", b"2", b"3", b"4"):
            file.write([mark * 100_000 + b"\n"], rule, TIME)
        (tmp_path / "ab-20090101-000000.txt").touch()
        names = self.files(tmp_path)
        kept = {(tmp_path / name).read_bytes()[:1] for name in names if re.match(r"a[-.]", name)}
        assert kept == {b"2", b"3", b"4"}
        assert "ab-20090101-000000.txt" in names

    def test_by_age_also_after_a_restart(self, tmp_path: Path) -> None:
        rule = Rule(1, file="a.txt", age_seconds=600)
        head = log_line.stamp(int(TIME)).encode()
        RotatingFile(tmp_path / "a.txt").write([head + b" first\n"], rule, TIME)
        again = RotatingFile(tmp_path / "a.txt")
        again.write([b"second\n"], rule, TIME + 599)
        assert len(self.files(tmp_path)) == 1
        again.write([b"third\n"], rule, TIME + 600)
        assert len(self.files(tmp_path)) == 2
        assert (tmp_path / "a.txt").read_bytes() == b"third\n"

    @pytest.mark.parametrize(
        ("period", "before", "after"),
        [
            ("day", (2026, 3, 10, 23, 59), (2026, 3, 11, 0, 1)),
            ("week", (2026, 3, 15, 23, 59), (2026, 3, 16, 0, 1)),
            ("month", (2026, 3, 31, 23, 59), (2026, 4, 1, 0, 1)),
        ],
    )
    def test_by_calendar(self, tmp_path: Path, period: str, before: Moment, after: Moment) -> None:
        rule = Rule(1, file="a.txt", age_seconds=0, period=period)  # type: ignore[arg-type]  # one of the three
        early, late = (datetime.datetime(*moment).timestamp() for moment in (before, after))
        file = RotatingFile(tmp_path / "a.txt")
        file.write([b"one\n"], rule, early - 60)
        file.write([b"two\n"], rule, early)
        assert len(self.files(tmp_path)) == 1
        file.write([b"three\n"], rule, late)
        assert len(self.files(tmp_path)) == 2

    def test_another_process_that_rotated_is_followed(self, tmp_path: Path) -> None:
        first, second = RotatingFile(tmp_path / "a.txt"), RotatingFile(tmp_path / "a.txt")
        first.write([b"x" * 60_000 + b"\n"], self.RULE, TIME)
        second.write([b"y" * 30_000 + b"\n"], self.RULE, TIME)
        second.write([b"z" * 30_000 + b"\n"], self.RULE, TIME)
        first.write([b"end\n"], self.RULE, TIME)
        assert (tmp_path / "a.txt").read_bytes() == b"z" * 30_000 + b"\n" + b"end\n"
        assert len(self.files(tmp_path)) == 2

    def test_two_processes_lose_no_line(self, tmp_path: Path) -> None:
        code = (
            "import sys, pathlib\n"
            "from mailcore.server.log_collector import RotatingFile, Rule\n"
            "file = RotatingFile(pathlib.Path(sys.argv[1]))\n"
            "rule = Rule(1, file='a.txt', size_kb=100, age_seconds=0)\n"
            "name = sys.argv[2].encode()\n"
            "for number in range(400): file.write([b'%s-%d %s\\n' % (name, number, b'x' * 1000)], rule, 1e9)\n"
        )
        path = str(tmp_path / "a.txt")
        both = [subprocess.Popen([sys.executable, "-c", code, path, name]) for name in ("p", "q")]
        assert [process.wait(30) for process in both] == [0, 0]
        texts = [found.read_text() for found in tmp_path.iterdir() if not found.name.startswith(".")]
        words = sorted(text.split()[0] for content in texts for text in content.splitlines())
        assert words == sorted(f"{name}-{number}" for name in "pq" for number in range(400))
        assert len(texts) > 4


class TestTail:
    def test_the_last_lines(self, tmp_path: Path) -> None:
        path = tmp_path / "a.txt"
        path.write_text("".join(f"line {number} {'x' * 200}\n" for number in range(2000)))
        assert [text.split()[1] for text in log_tail.last_lines(path, 3)] == ["1997", "1998", "1999"]
        assert log_tail.last_lines(path, 0) == []
        assert len(log_tail.last_lines(path, 5000)) == 2000

    def test_following_sees_new_lines_a_rotation_and_an_emptied_file(self, tmp_path: Path) -> None:
        path = tmp_path / "a.txt"
        path.write_text("one\ntwo\nhal")

        def grow() -> None:
            with path.open("a") as file:
                file.write("f\nthree\n")

        def rotate() -> None:
            with path.open("a") as file:
                file.write("four\n")
            path.rename(tmp_path / "a-1.txt")
            path.write_text("five\n")

        def empty() -> None:
            os.truncate(path, 0)
            with path.open("a") as file:
                file.write("6\n")

        steps = [grow, rotate, empty]

        def wait() -> bool:
            if steps:
                steps.pop(0)()
                return True
            return False

        assert list(log_tail.tail(path, 1, follow=True, wait=wait)) == ["two", "half", "three", "four", "five", "6"]

    def test_a_missing_file_is_said(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            list(log_tail.tail(tmp_path / "none.txt"))

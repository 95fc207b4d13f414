"""Where the log goes: the pipe, outlets, rules, files that rotate, and what is read back from them."""

from __future__ import annotations

import asyncio
import datetime
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

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
from tests.support.loglines import TIME, Kept, Moment, line, running, said


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

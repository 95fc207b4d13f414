"""`postroom demo`, which is what `make run` starts."""

import imaplib
import json
import signal
import subprocess
from pathlib import Path

from tests.support.server import command, free_base


def demo(data: Path, base: int) -> tuple[subprocess.Popen[str], list[str]]:
    """The process, and what it said up to `ready`."""
    words = command("--data", data, "demo", "--port-base", str(base))
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    lines: list[str] = []
    while "ready" not in lines:
        line = process.stdout.readline()
        assert line, lines
        lines.append(line.rstrip("\n"))
    return process, lines


def test_the_demo_is_furnished_once(tmp_path: Path) -> None:
    data, base = tmp_path / "data", free_base()
    process, said = demo(data, base)
    try:
        people = json.loads((data / "demo.json").read_text())
        assert any("bob@demo.test" in line and people["bob@demo.test"] in line for line in said)
        assert any(f"127.0.0.1:{base + 143}" in line for line in said)
        with imaplib.IMAP4("127.0.0.1", base + 143, timeout=30) as imap:
            imap.login("bob@demo.test", people["bob@demo.test"])
            assert imap.select('"Other Users/alice@demo.test/Projects/Garden"') == ("OK", [b"3"])
            assert imap.select('"Public/Announcements"', readonly=True)[0] == "OK"
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    again, told = demo(data, base)
    again.send_signal(signal.SIGTERM)
    again.communicate(timeout=60)
    assert again.returncode == 0
    assert told == said

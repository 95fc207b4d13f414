"""Whose turn it is to write: one at a time, in every process, and nobody starves."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO

from groupware.store.sql.turn import Turn

HOLD = """
import sys
from pathlib import Path
from groupware.store.sql.turn import Turn
with Turn(Path(sys.argv[1])):
    print("mine", flush=True)
    sys.stdin.readline()
"""


def test_another_process_waits_and_the_lock_does_not_outlive_its_holder(tmp_path: Path) -> None:
    database = tmp_path / "postroom.db"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"mine\n"
        got = threading.Event()
        turn = Turn(database)

        def take() -> None:
            with turn:
                got.set()

        waiting = threading.Thread(target=take)
        waiting.start()
        assert not got.wait(0.2)
        other.kill()
        assert got.wait(20)
        waiting.join()
        turn.close()


def test_who_has_just_written_queues_up_behind_who_waits(tmp_path: Path) -> None:
    database, order = tmp_path / "postroom.db", list[str]()
    here, there = Turn(database), Turn(database)

    def write() -> None:
        with there:
            order.append("who waited")

    waiting = threading.Thread(target=write)
    with here, (tmp_path / "postroom.db-next").open() as following:
        waiting.start()
        end = time.monotonic() + 20
        while _free(following):
            assert time.monotonic() < end
    with here:
        order.append("who wrote before")
    waiting.join()
    assert order == ["who waited", "who wrote before"]
    here.close()
    there.close()


def _free(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(file, fcntl.LOCK_UN)
    return True

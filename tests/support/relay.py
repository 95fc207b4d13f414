"""A mail server of another make, as a test looks at it: what it has got, and what it says in its log."""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.patience import until


@dataclass(frozen=True, slots=True)
class Relay:
    """One that runs."""

    port: int
    folder: Path
    log_file: Path
    mail: Path
    """A Maildir with what all its people have got."""
    name: str

    def mailbox(self, address: str) -> list[bytes]:
        """The messages that an address of its own domain has got."""
        new = self.mail / "new"
        found = [path.read_bytes() for path in sorted(new.iterdir())] if new.exists() else []
        return [octets for octets in found if address.encode() in octets.partition(b"\nReceived:")[0]]

    def log(self) -> str:
        """What it has written down."""
        return self.log_file.read_text() if self.log_file.exists() else ""

    def until(self, count: int, address: str) -> list[bytes]:
        """The messages for an address, once there are so many."""

        def enough() -> list[bytes] | None:
            found = self.mailbox(address)
            return found if len(found) >= count else None

        wanted = f"{count} messages for {address} were to come"
        return until(enough, lambda: f"{wanted}, not {len(self.mailbox(address))}; its log:\n{self.log()}")

    def until_said(self, *words: str) -> str:
        """The first line of its log with all these words."""

        def found() -> str:
            return next((line for line in self.log().splitlines() if all(each in line for each in words)), "")

        return until(found, lambda: f"it never said {words}:\n{self.log()}")


def as_root() -> list[str]:
    """What stands before a command that takes root: mail servers become users that they choose."""
    return [] if os.getuid() == 0 else ["sudo", "-n"]


def owned(path: Path, by: pwd.struct_passwd) -> None:
    """Give a path to somebody."""
    subprocess.run([*as_root(), "chown", f"{by.pw_uid}:{by.pw_gid}", str(path)], check=True)

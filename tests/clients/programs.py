"""How a test runs a program: in a home folder of its own, bounded in time, with what it said when it fails."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

SECONDS = 60


@dataclass(frozen=True, slots=True)
class Programs:
    """A person's home folder, and whom the person trusts."""

    home: Path
    certificate: Path

    def file(self, name: str, text: str) -> Path:
        """A file of the person, readable for nobody else."""
        path = self.home / name
        path.write_text(text)
        path.chmod(0o600)
        return path

    def run(self, program: str, *arguments: str | Path, stdin: bytes = b"", status: int = 0) -> bytes:
        """What the program wrote to its standard output. AssertionError when it ends with another status."""
        found = shutil.which(program)
        assert found, f"{program} is not here: sh tests/support/install.sh $(cat tests/support/packages.txt)"
        environment = {"HOME": str(self.home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "xterm"}
        command = [found, *map(str, arguments)]
        done = subprocess.run(
            command, input=stdin, capture_output=True, env=environment, cwd=self.home, timeout=SECONDS
        )
        said = b"\n".join((done.stdout, done.stderr)).decode(errors="replace")
        assert done.returncode == status, f"{' '.join(command)} ended with {done.returncode}:\n{said}"
        return done.stdout

    def at_terminal(self, *command: str | Path) -> None:
        """Run a program that wants a terminal."""
        words = " ".join("'" + str(word).replace("'", "'\\''") + "'" for word in command)
        self.run("script", "-qec", words, "/dev/null")

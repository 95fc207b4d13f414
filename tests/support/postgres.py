"""A real PostgreSQL for tests, from Debian's packages: started once in each process that asks, gone with it.

`server()` gives it back; `copy_of(template)` makes a database in a few milliseconds. Nothing is synced to disk here.
A machine that has no PostgreSQL and may install none fails the run.
"""

import atexit
import fcntl
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from functools import cache
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql

BIN = Path("/usr/lib/postgresql/15/bin")
START_SECONDS = 60
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_connections": "200",
    "autovacuum": "off",
    "listen_addresses": "",
    "timezone": "UTC",
}


class Postgres:
    """One running server, reached through a socket in its own folder."""

    def __init__(self, settings: dict[str, str] = FAST) -> None:
        """Start it; RuntimeError when it does not come up."""
        _install()
        self.folder = Path(tempfile.mkdtemp(prefix="postroom-pg-"))
        self._numbers = count(1)
        self._user = "postgres" if os.getuid() == 0 else None
        if self._user:
            owner = pwd.getpwnam(self._user)
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        self._log = self.folder / "log"
        self._run("initdb", "-D", str(self.folder / "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N")
        self.start(settings)

    def start(self, settings: dict[str, str] = FAST) -> None:
        """Start the server on its data, as after `stop` or `kill`."""
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        command = [str(BIN / "postgres"), "-D", str(self.folder / "data"), "-k", str(self.folder), *options]
        with self._log.open("ab") as log:
            # Should the tests be killed, the server goes with them.
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "INT", "--", *command], stdout=log, stderr=log, cwd="/", **self._as_user()
            )
        give_up = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError(f"PostgreSQL does not start: {self._log.read_text()[-2000:]}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop it in good order, whoever is connected."""
        self._process.send_signal(2)
        self._process.wait(START_SECONDS)

    def remove(self) -> None:
        """Stop it at once and take its files away."""
        self._process.send_signal(3)
        self._process.wait(START_SECONDS)
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str = "postgres") -> str:
        """How a program reaches a database of this server."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def new(self, template: str = "template1") -> str:
        """The name of a new database, a copy of another one that nobody is connected to."""
        name = f"test{next(self._numbers)}"
        self.command(sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy"), name, template)
        return name

    def drop(self, database: str) -> None:
        """Take a database away, whoever is connected."""
        self.command(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)"), database)

    def command(self, words: sql.SQL, *names: str, at: str = "postgres") -> None:
        """Run one command of the administrator in a database."""
        with psycopg.connect(self.url(at), autocommit=True) as connection:
            connection.execute(words.format(*map(sql.Identifier, names)))

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url()).close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run([str(BIN / program), *words], capture_output=True, cwd="/", **self._as_user())
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr.decode(errors='replace')[-2000:]}")

    def _as_user(self) -> dict[str, object]:
        return {"user": self._user, "group": self._user, "extra_groups": []} if self._user else {}


def _install() -> None:
    """The packages are there; RuntimeError says that they are missing."""
    if (BIN / "postgres").exists():
        return
    script = Path(__file__).with_name("install.sh")
    with (Path(tempfile.gettempdir()) / "postroom-install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(["sh", str(script), "postgresql-15"], capture_output=True)
    if not (BIN / "postgres").exists():
        told = done.stderr.decode(errors="replace").strip()
        raise RuntimeError(f"these tests need PostgreSQL 15 (Debian's postgresql-15), which is not here: {told}")


@cache
def server() -> Postgres:
    """The one server of this process."""
    made = Postgres()
    atexit.register(made.remove)
    return made

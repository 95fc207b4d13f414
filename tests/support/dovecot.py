"""Debian's Dovecot as somebody else's POP3 server, with folders of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile, mkdtemp

from tests.support.certificates import Authority
from tests.support.patience import until
from tests.support.ports import free_port
from tests.support.relay import as_root, owned

PASSWORD = "dovecots-own-word"
_CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = pop3
listen = 127.0.0.1
ssl = required
ssl_cert = <{cert}
ssl_key = <{key}
ssl_dh =
mail_location = maildir:{folder}/mail/%n
first_valid_uid = 1
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%n
}}
service anvil {{
  chroot =
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {start}
  }}
  inet_listener pop3s {{
    port = {implicit}
    ssl = yes
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Dovecot:
    """One that runs; its certificate is for 127.0.0.1."""

    folder: Path
    ports: dict[str, int]
    """`start` is for STLS, `implicit` for TLS at once."""
    authority: Path
    user: pwd.struct_passwd

    def put(self, name: str, *letters: bytes) -> None:
        """Puts messages into somebody's mailbox."""
        new = self.folder / "mail" / name / "new"
        new.mkdir(parents=True, exist_ok=True)
        for number, each in enumerate(letters):
            path = new / f"{time.time_ns()}.{number}.test"
            path.write_bytes(each.replace(b"\r\n", b"\n"))
        for path in (self.folder / "mail" / name, new, *new.iterdir()):
            if os.geteuid() == 0:
                os.chown(path, self.user.pw_uid, self.user.pw_gid)

    def left(self, name: str) -> int:
        """How many messages are in a mailbox."""
        return sum(len(list((self.folder / "mail" / name / each).glob("*"))) for each in ("new", "cur"))


@contextmanager
def dovecot() -> Iterator[Dovecot]:
    """Dovecot, whose people all have the same password."""
    folder = Path(mkdtemp(prefix="postroom-dovecot-"))
    folder.chmod(0o755)
    for name in ("run", "state", "mail"):
        (folder / name).mkdir()
    user = pwd.getpwnam("mail") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    owned(folder / "mail", user)
    authority = Authority(folder)
    cert, key = authority.sign("pop", "127.0.0.1")
    ports = {"start": free_port(), "implicit": free_port()}
    words = {"folder": folder, "cert": cert, "key": key, "password": PASSWORD, "uid": user.pw_uid, "gid": user.pw_gid}
    configuration = folder / "dovecot.conf"
    configuration.write_text(_CONFIGURATION.format(**words, **ports))
    try:
        _run("dovecot", "-c", str(configuration))
        try:
            until(lambda: "starting up" in _log(folder), lambda: _log(folder))
            yield Dovecot(folder, ports, authority.ca_file, user)
        finally:
            _run("doveadm", "-c", str(configuration), "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _log(folder: Path) -> str:
    log = folder / "log"
    return log.read_text() if log.exists() else ""


def _run(name: str, *arguments: str) -> None:
    program = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/bin")
    assert program, f"{name} is not here: sh tests/support/install.sh $(cat tests/support/packages.txt)"
    with TemporaryFile("w+") as said:  # a pipe would stay open as long as what it has started
        done = subprocess.run([*as_root(), program, *arguments], stdout=said, stderr=said, stdin=subprocess.DEVNULL)
        said.seek(0)
        assert done.returncode == 0, f"{name}:\n{said.read()}"

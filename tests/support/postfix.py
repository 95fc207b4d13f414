"""A Postfix of Debian's package with folders of its own: it takes mail by SMTP and hands it on by LMTP and SMTP."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

PATIENCE = 30
_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
myhostname = postfix.test
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
mydestination =
alias_maps =
smtpd_peername_lookup = no
smtp_dns_support_level = disabled
smtp_host_lookup = native
strict_rfc821_envelopes = yes
virtual_mailbox_domains = {own}
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = inline:{{ {boxes} }}
virtual_uid_maps = static:{user}
virtual_gid_maps = static:{group}
virtual_minimum_uid = 1
transport_maps = inline:{{ {transports} }}
relay_domains = {relayed}
minimal_backoff_time = 2s
maximal_backoff_time = 5s
queue_run_delay = 2s
bounce_template_file =
"""
_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
lmtp unix - - n - - lmtp
virtual unix - n n - - virtual
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True, slots=True)
class Postfix:
    """One that runs."""

    port: int
    folder: Path

    def mailbox(self, name: str) -> list[bytes]:
        """The messages that somebody of its own domain has got."""
        new = self.folder / "mail" / name / "new"
        return [path.read_bytes() for path in sorted(new.iterdir())] if new.exists() else []

    def log(self) -> str:
        """What it has written down."""
        return (self.folder / "log").read_text()

    def until(self, count: int, name: str) -> list[bytes]:
        """The messages of somebody, once there are so many."""
        end = time.monotonic() + PATIENCE
        while len(found := self.mailbox(name)) < count:
            assert time.monotonic() < end, f"{len(found)} messages of {count}; Postfix says:\n{self.log()}"
            time.sleep(0.05)
        return found

    def until_said(self, words: str) -> str:
        """Its log, once it has these words."""
        end = time.monotonic() + PATIENCE
        while words not in (found := self.log()):
            assert time.monotonic() < end, f"it never said {words!r}:\n{found}"
            time.sleep(0.05)
        return found


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def postfix(port: int, own: str, people: tuple[str, ...], ways: dict[str, str], **settings: str) -> Iterator[Postfix]:
    """Postfix with mailboxes for `people` of `own`; `ways`: domain to transport, as `lmtp:inet:host:port`."""
    folder = Path(mkdtemp(prefix="postroom-postfix-"))  # pytest's folders are closed to the user that it becomes
    folder.chmod(0o755)
    user = pwd.getpwnam("postfix")
    for name in ("queue", "data", "mail", "etc"):
        (folder / name).mkdir()
    _chown(folder / "data", user)
    _chown(folder / "mail", user)
    words = {
        "folder": str(folder), "own": own, "user": str(user.pw_uid), "group": str(user.pw_gid), "port": str(port),
        "boxes": ", ".join(f"{{ {name}@{own} = {name}/ }}" for name in people),
        "transports": ", ".join(f"{{ {domain} = {way} }}" for domain, way in ways.items()) or "{ none.test = error: }",
        "relayed": " ".join(ways),
    }  # fmt: skip
    more = "".join(f"{name} = {value}\n" for name, value in settings.items())
    (folder / "etc" / "main.cf").write_text(_MAIN.format(**words) + more)
    (folder / "etc" / "master.cf").write_text(_MASTER.format(**words))
    try:
        _command(folder, "start")
        try:
            made = Postfix(port, folder)
            made.until_said("daemon started")
            yield made
        finally:
            _command(folder, "stop")
    finally:
        shutil.rmtree(folder)


def _command(folder: Path, what: str) -> None:
    program = shutil.which("postfix") or shutil.which("postfix", path="/usr/sbin")
    assert program, "postfix is not here: sh tests/support/install.sh $(cat tests/support/packages.txt)"
    prefix = [] if os.getuid() == 0 else ["sudo", "-n"]  # its programs become users that they choose
    done = subprocess.run([*prefix, program, "-c", str(folder / "etc"), what], capture_output=True, text=True)
    assert done.returncode == 0, f"postfix {what}:\n{done.stdout}{done.stderr}"


def _chown(path: Path, user: pwd.struct_passwd) -> None:
    if os.getuid() == 0:
        os.chown(path, user.pw_uid, user.pw_gid)
    else:
        subprocess.run(["sudo", "-n", "chown", "postfix:", str(path)], check=True)

"""A Postfix of Debian's package with folders of its own: it takes mail by SMTP and hands it on by LMTP and SMTP."""

from __future__ import annotations

import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from tests.support.relay import Relay, as_root, owned

_WAYS = {"lmtp": "lmtp:inet:127.0.0.1", "smtp": "smtp:[127.0.0.1]"}
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


@contextmanager
def postfix(port: int, own: str, people: tuple[str, ...], ways: dict[str, tuple[str, int]]) -> Iterator[Relay]:
    """Postfix with mailboxes for `people` of `own`; `ways`: domain to `lmtp` or `smtp`, and port."""
    folder = Path(mkdtemp(prefix="postroom-postfix-"))  # pytest's folders are closed to the user that it becomes
    folder.chmod(0o755)
    user = pwd.getpwnam("postfix")
    for name in ("queue", "data", "mail", "etc"):
        (folder / name).mkdir()
    owned(folder / "data", user)
    owned(folder / "mail", user)
    hops = [f"{{ {domain} = {_WAYS[protocol]}:{where} }}" for domain, (protocol, where) in ways.items()]
    words = {
        "folder": str(folder), "own": own, "user": str(user.pw_uid), "group": str(user.pw_gid), "port": str(port),
        "boxes": ", ".join(f"{{ {name}@{own} = ./ }}" for name in people),
        "transports": ", ".join(hops),
        "relayed": " ".join(ways),
    }  # fmt: skip
    (folder / "etc" / "main.cf").write_text(_MAIN.format(**words))
    (folder / "etc" / "master.cf").write_text(_MASTER.format(**words))
    try:
        _command(folder, "start")
        try:
            made = Relay(port, folder, folder / "log", folder / "mail", "postfix.test")
            made.until_said("daemon started")
            yield made
        finally:
            _command(folder, "stop")
    finally:
        shutil.rmtree(folder)


def _command(folder: Path, what: str) -> None:
    program = shutil.which("postfix") or shutil.which("postfix", path="/usr/sbin")
    assert program, "postfix is not here: sh tests/support/install.sh $(cat tests/support/packages.txt)"
    done = subprocess.run([*as_root(), program, "-c", str(folder / "etc"), what], capture_output=True, text=True)
    assert done.returncode == 0, f"postfix {what}:\n{done.stdout}{done.stderr}"

"""An Exim of Debian's package with folders of its own: it takes mail by SMTP and hands it on by LMTP and SMTP.

Debian has either Postfix or Exim installed, so this one is unpacked (`tests/support/unpack.sh`).
"""

from __future__ import annotations

import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from tests.support.patience import until
from tests.support.relay import Relay, as_root, owned

PROGRAM = Path(__file__).parents[2] / ".venv" / "exim" / "usr" / "sbin" / "exim4"
USER = "Debian-exim"
"""Built into the program."""
_CONFIG = """
exim_path = {program}
spool_directory = {folder}/spool
log_file_path = {folder}/spool/%slog
pid_file_path = {folder}/spool/exim.pid
primary_hostname = exim.test
daemon_smtp_ports = {port}
local_interfaces = 127.0.0.1
keep_environment =
tls_advertise_hosts =
host_lookup =
dsn_advertise_hosts = *
smtputf8_advertise_hosts = *
acl_smtp_rcpt = check
begin acl
check:
  require verify = recipient
  accept
begin routers
{routers}
box:
  driver = accept
  domains = {own}
  local_parts = {people}
  transport = maildir
begin transports
{transports}
maildir:
  driver = appendfile
  directory = {folder}/mail
  maildir_format
  envelope_to_add
  user = {user}
begin retry
* * F,1h,2s
"""


@contextmanager
def exim(port: int, own: str, people: tuple[str, ...], ways: dict[str, tuple[str, int]]) -> Iterator[Relay]:
    """Exim with mailboxes for `people` of the domain `own`; `ways`: domain to `lmtp` or `smtp`, and port."""
    assert PROGRAM.exists(), f"Exim is not here: sh tests/support/unpack.sh {PROGRAM.parents[2]} exim4-daemon-light"
    folder = Path(mkdtemp(prefix="postroom-exim-"))
    folder.chmod(0o755)
    for name in ("spool", "mail"):
        (folder / name).mkdir()
        owned(folder / name, _user())
    routers = "".join(
        f"to_{number}:\n driver = manualroute\n domains = {domain}\n transport = by_{number}\n"
        " route_data = 127.0.0.1\n self = send\n"
        for number, domain in enumerate(ways)
    )
    transports = "".join(
        f"by_{number}:\n driver = smtp\n protocol = {protocol}\n port = {where}\n allow_localhost\n"
        for number, (protocol, where) in enumerate(ways.values())
    )
    config = folder / "exim.conf"
    config.write_text(
        _CONFIG.format(
            program=PROGRAM, folder=folder, port=port, routers=routers, transports=transports, own=own, user=USER,
            people=" : ".join(people),
        )
    )  # fmt: skip
    command = [*as_root(), str(PROGRAM), "-C", str(config), "-bdf", "-q2s"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        made = Relay(port, folder, folder / "spool" / "mainlog", folder / "mail", "exim.test")
        until(lambda: "listening for SMTP" in made.log())
        yield made
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(folder)


def _user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(USER)
    except KeyError:
        command = [*as_root(), "useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", USER]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode in (0, 9), done.stderr  # 9: another test was faster
        return pwd.getpwnam(USER)

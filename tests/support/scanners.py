"""Real scanners for tests, from Debian's packages: clamd, spamd and rspamd, started once and gone with the tests.

clamd knows EICAR alone; SpamAssassin and rspamd know GTUBE. None of them asks anybody on the network.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.support.patience import PATIENCE, until_listens
from tests.support.ports import free_port

Running = AbstractContextManager[subprocess.Popen[bytes]]
EICAR: Final = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
GTUBE: Final = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
PASSWORD: Final = "teach"
_CLAMD: Final = """
DatabaseDirectory {folder}/signatures
TCPSocket {port}
TCPAddr 127.0.0.1
Foreground yes
User {user}
StreamMaxLength 1M
"""
_RSPAMD: Final = """
options {{
  pidfile = "{folder}/rspamd.pid"; filters = ""; hs_cache_dir = "{folder}"; history_file = "{folder}/history";
  dns {{ nameserver = ["127.0.0.1:9"]; timeout = 0.05s; retransmits = 0; }}
  url_tld = "{folder}/suffixes"; tempdir = "{folder}";
}}
actions {{ reject = 15; add_header = 6; greylist = 4; }}
logging {{ type = "console"; level = "warning"; }}
worker "normal" {{ bind_socket = "127.0.0.1:{check}"; count = 1; mime = true; }}
worker "rspamd_proxy" {{
  bind_socket = "127.0.0.1:{milter}"; milter = yes; count = 1; timeout = 10s;
  upstream "local" {{ default = yes; self_scan = yes; }}
}}
"""


@dataclass(frozen=True, slots=True)
class Scanners:
    """Where they are: `host:port` each."""

    clamd: str
    spamd: str
    rspamd: str
    milter: str
    bayes: Path

    def learned(self) -> tuple[int, int]:
        """How many messages spamd has learned, as spam and as none."""
        command = [_found("sa-learn"), f"--dbpath={self.bayes}", "--dump", "magic"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        told = done.stdout
        spam, ham = (re.search(rf"(\d+) +\d+  non-token data: {kind}\b", told) for kind in ("nspam", "nham"))
        assert spam, told
        assert ham, told
        return int(spam[1]), int(ham[1])


@contextmanager
def scanners(folder: Path) -> Iterator[Scanners]:
    """All of them, at work."""
    ports = [free_port() for _ in range(4)]
    clamd, spamd, check, milter = (f"127.0.0.1:{port}" for port in ports)
    with ExitStack() as stack:
        runs = (
            (_clamd(_made(folder, "clamd"), ports[0]), ports[:1]),
            (_spamd(_made(folder, "spamd"), ports[1]), ports[1:2]),
            (_rspamd(_made(folder, "rspamd"), ports[2], ports[3]), ports[2:]),
        )
        started = [(stack.enter_context(run), at) for run, at in runs]
        for process, at in started:
            for port in at:
                until_listens(port, process)
        yield Scanners(clamd, spamd, check, milter, folder / "spamd" / "bayes")


def _clamd(folder: Path, port: int) -> Running:
    (folder / "signatures").mkdir()
    (folder / "signatures" / "test.ndb").write_text(f"Eicar-Test:0:*:{EICAR.hex()}\n")
    (folder / "clamd.conf").write_text(_CLAMD.format(folder=folder, port=port, user=pwd.getpwuid(os.getuid()).pw_name))
    return _running(folder, "clamd", "-c", folder / "clamd.conf")


def _spamd(folder: Path, port: int) -> Running:
    places = ("-H", folder, "-r", folder / "pid", "-s", "stderr", f"--cf=bayes_path {folder}/bayes")
    whose = ("-u", "nobody") if os.getuid() == 0 else ()
    return _running(folder, "spamd", "-L", "-x", "-l", "-m", "1", "-i", "127.0.0.1", "-p", str(port), *whose, *places)


def _rspamd(folder: Path, check: int, milter: int) -> Running:
    (folder / "suffixes").write_text("test\n")  # with all that there are it takes half a minute to start
    (folder / "rspamd.conf").write_text(_RSPAMD.format(folder=folder, check=check, milter=milter))
    whose = ("-i",) if os.getuid() == 0 else ()
    return _running(folder, "rspamd", "-f", *whose, "-c", folder / "rspamd.conf")


def _made(folder: Path, name: str) -> Path:
    made = folder / name
    made.mkdir()
    made.chmod(0o777)  # some of them give up root
    return made


def _found(program: str) -> str:
    found = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/usr/bin")
    assert found, f"{program} is not here: sh tests/support/install.sh $(cat tests/support/packages.txt)"
    return found


@contextmanager
def _running(folder: Path, program: str, *arguments: str | Path) -> Iterator[subprocess.Popen[bytes]]:
    found = _found(program)
    with (folder / "log").open("ab") as log:
        # Should the tests be killed, the scanner goes with them.
        command = ["setpriv", "--pdeathsig", "INT", "--", found, *map(str, arguments)]
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd="/")
    try:
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE)

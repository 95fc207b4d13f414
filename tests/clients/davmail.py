"""DavMail, which makes IMAP, SMTP, CalDAV, CardDAV and LDAP of an Exchange server's EWS: as a process of its own."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.clients.account import Account
from tests.support.patience import until_listens
from tests.support.ports import free_port
from tests.support.server import RunningServer

SECONDS = 40
_SERVICES = ("imap", "smtp", "caldav", "ldap", "pop")
_PROPERTIES = """\
davmail.mode=EWS
davmail.url=http://127.0.0.1:{http}/EWS/Exchange.asmx
davmail.server=true
davmail.allowRemote=false
davmail.disableUpdateCheck=true
davmail.enableKeepAlive=false
davmail.imapAutoExpunge=false
davmail.logFilePath={log}
log4j.rootLogger=WARN
log4j.logger.davmail=WARN
"""


@dataclass(frozen=True, slots=True)
class DavMail:
    """A DavMail that runs, and where."""

    ports: dict[str, int]
    log: Path

    def dav(self, who: Account, method: str, path: str, body: str = "", **headers: str) -> httpx.Response:
        """An answer of its CalDAV and CardDAV, below somebody's own place. AssertionError when it is no success."""
        token = base64.b64encode(f"{who.address}:{who.password}".encode()).decode()
        sent = {"authorization": f"Basic {token}", **{name.replace("_", "-"): each for name, each in headers.items()}}
        url = f"http://127.0.0.1:{self.ports['caldav']}/users/{who.address}/{path}"
        got = httpx.request(method, url, content=body.encode(), headers=sent, timeout=SECONDS)
        assert got.is_success, f"{method} {path}: {got.status_code} {got.text}\n{self.log.read_text()[-3000:]}"
        return got


@contextmanager
def davmail(home: Path, server: RunningServer) -> Iterator[DavMail]:
    """DavMail in front of the server, inside the block."""
    found = shutil.which("davmail-server")
    assert found, "davmail-server is not here: sh tests/support/install.sh $(cat tests/support/packages.txt)"
    ports = {name: free_port() for name in _SERVICES}
    log = home / "davmail.log"
    lines = _PROPERTIES.format(http=server.port("http"), log=log)
    lines += "".join(f"davmail.{name}Port={port}\n" for name, port in ports.items())
    settings = home / "davmail.properties"
    settings.write_text(lines)
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    process = subprocess.Popen(
        [found, settings], env=environment, cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for port in ports.values():
            until_listens(port, process)
        yield DavMail(ports, log)
    finally:
        process.terminate()
        process.wait(SECONDS)

"""A network of its own with unbound as its only name server: for programs that ask the system's resolver alone.

    unshare -rmn python -m tests.support.mailworld FOLDER       reads FOLDER/asked.json, writes FOLDER/answered.json

What is asked: `records`, a list of [name, type, value]; `spf`, a list of [address, sender]; `dmarc`, a list of domains.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from mailcore.server.dns import DnsSettings, NameServer, Resolver
from mailcore.smtp.authentication import dmarc, spf
from tests.support.patience import until_listens

CONFIG = """server:
  interface: 127.0.0.1
  do-daemonize: no
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  module-config: "iterator"
  local-zone: "." static
"""


@contextmanager
def unbound(folder: Path, records: list[list[str]]) -> Iterator[None]:
    """The name server, for this namespace."""
    lines = [
        f"  local-data: '{name}. {kind} {_quoted(value) if kind == 'TXT' else value}'" for name, kind, value in records
    ]
    (folder / "unbound.conf").write_text(CONFIG + "\n".join(lines) + "\n")
    (folder / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["mount", "--bind", str(folder / "resolv.conf"), "/etc/resolv.conf"], check=True)
    server = subprocess.Popen(["unbound", "-d", "-c", str(folder / "unbound.conf")])
    try:
        until_listens(53, server)
        yield
    finally:
        server.terminate()
        server.wait()


def _quoted(value: str) -> str:
    return f'"{value}"'


def spfquery(asked: list[list[str]]) -> list[str]:
    """What Mail::SPF says of each address and sender: four lines, of which the first is the result."""
    lines = "".join(f"{address} {sender} mail.example.org\n" for address, sender in asked)
    command = ["spfquery", "--scope", "mfrom", "--file", "-"]
    said = subprocess.run(command, input=lines, capture_output=True, text=True, check=False).stdout
    return said.split("\n")[:-1:4]


def opendmarc(domain: str) -> str:
    """The policy that opendmarc finds, "" for none."""
    said = subprocess.run(["opendmarc-check", domain], capture_output=True, text=True, check=False).stdout
    return said.partition("Domain policy: ")[2].split("\n")[0]


async def ours(asked: dict[str, Any]) -> dict[str, list[str]]:
    """What we say, by the same name server."""
    dns = Resolver(DnsSettings(servers=(NameServer(1, "127.0.0.1"),)))
    found = [await spf.check(ip_address(ip), sender, "mail.example.org", dns) for ip, sender in asked["spf"]]
    policies = [await dmarc.published(domain, dns) for domain in asked["dmarc"]]
    return {"spf": [each.result for each in found], "dmarc": [each[1].policy if each else "" for each in policies]}


def main(folder: Path) -> None:
    """Ask everybody."""
    asked = json.loads((folder / "asked.json").read_text())
    with unbound(folder, asked["records"]):
        theirs = {
            "spf": spfquery(asked["spf"]),
            "dmarc": [opendmarc(domain) for domain in asked["dmarc"]],
        }
        answered = {"ours": asyncio.run(ours(asked)), "theirs": theirs}
    (folder / "answered.json").write_text(json.dumps(answered))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

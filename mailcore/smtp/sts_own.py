"""MTA-STS for the domains here: what other servers may hold on to of TLS to our hosts. RFC 8461 §3."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from mailcore.server.config import Config

HOST: Final = "mta-sts"
"""What stands before a domain in the name of the host that tells its policy."""
PATH: Final = "/.well-known/mta-sts.txt"


def policy(config: Config) -> str:
    """The policy, one for all domains here; "" where there is none. RFC 8461 §3.2."""
    own = config.smtp.mta_sts_policy
    if own.mode == "off":
        return ""
    hosts = (own.mx or (config.host,)) if own.mode != "none" else ()
    lines = ("version: STSv1", f"mode: {own.mode}", *(f"mx: {host}" for host in hosts), f"max_age: {own.max_age}")
    return "".join(f"{line}\r\n" for line in lines)


def record(text: str) -> str:
    """The TXT record at `_mta-sts.DOMAIN`: its id is another one as soon as the policy is. RFC 8461 §3.1."""
    return f"v=STSv1; id={sha256(text.encode()).hexdigest()[:20]};"

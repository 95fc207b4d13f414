"""Addresses as they are kept and compared: lower case, composed, the domain in its ASCII form."""

from __future__ import annotations

import re
import secrets
import unicodedata
from typing import Final

from .errors import Refused

MAX_LOCAL: Final = 64  # octets, RFC 5321 §4.5.3.1.1
MAX_DOMAIN: Final = 253
TAG: Final = "+"
"""What parts an address from its sub-address: `user+tag@x`."""

_LABEL: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_LOCAL: Final = re.compile(r"[a-z0-9!#$&'+=?^_`{|}~-]+(\.[a-z0-9!#$&'+=?^_`{|}~-]+)*")


def normal(address: str) -> str:
    """The one form of an address, or of a bare domain. Never an error: what cannot be an address is just not found."""
    text = unicodedata.normalize("NFC", unicodedata.normalize("NFC", address.strip()).lower())
    local, at, domain = text.rpartition("@")
    return local + at + _ascii(domain)


def _ascii(domain: str) -> str:
    if domain.isascii():
        return domain
    try:
        return domain.encode("idna").decode().lower()
    except UnicodeError:
        return domain


def checked_domain(name: str) -> str:
    """A domain's name as it is kept. `Refused` when it cannot be one."""
    domain = normal(name)
    labels = domain.split(".")
    if len(domain) > MAX_DOMAIN or not all(_LABEL.fullmatch(label) for label in labels):
        raise Refused(f"domain {name[:80]!r}: letters, digits and '-' in parts joined by dots, as example.org")
    return domain


def checked_address(address: str) -> str:
    """An address of this server as it is kept. `Refused` when it cannot be one."""
    text = normal(address)
    local, at, domain = text.rpartition("@")
    if not at or not local:
        raise Refused(f"address {address[:80]!r}: write it as name@domain")
    if len(local.encode()) > MAX_LOCAL:
        raise Refused(f"address {address[:80]!r}: what stands before the @ is longer than {MAX_LOCAL} octets")
    plain = "".join(char if char.isascii() else "x" for char in local)
    if not _LOCAL.fullmatch(plain) or any(unicodedata.category(char)[0] in "CZ" for char in local):
        raise Refused(f"address {address[:80]!r}: a space, '/', '%', '*' or another sign that cannot be in an address")
    return f"{local}@{checked_domain(domain)}"


_SIGNS: Final = "abcdefghijkmnpqrstuvwxyz23456789"
"""Those that nobody takes for another."""
_LENGTH: Final = 12


def unguessable(domain: str) -> str:
    """A new address in that domain that nobody can guess, and that belongs to nobody else."""
    return f"{''.join(secrets.choice(_SIGNS) for _ in range(_LENGTH))}@{domain}"


def is_unguessable(address: str, domain: str) -> bool:
    """Whether it looks like one of those: nobody's name, then."""
    local, _, of = address.partition("@")
    return of == domain and len(local) == _LENGTH and set(local) <= set(_SIGNS)


def mail_addresses(text: str, most: int) -> tuple[str, ...]:
    """The addresses, here or elsewhere, that a text names with spaces or commas between; each once. `Refused`."""
    found: dict[str, str] = {}
    for word in text.replace(",", " ").split():
        local, at, domain = word.rpartition("@")
        bare = not any(sign in local for sign in '<>()[]:;@\\"')
        if not (at and local and bare and local.isprintable() and len(local.encode()) <= MAX_LOCAL):
            raise Refused(f"{word[:80]!r}: this is no address that mail can be sent to; write it as name@domain")
        found.setdefault(normal(word), f"{local}@{checked_domain(domain)}")
    if len(found) > most:
        raise Refused(f"these are {len(found)} addresses; there may be {most}")
    return tuple(found.values())

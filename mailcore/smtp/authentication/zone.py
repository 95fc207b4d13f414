"""The records that a domain needs in DNS for its mail, calendars and contacts. RFC 6186, 6764, 8314, 7208, 7489."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from groupware.model.signing import SigningKey
from mailcore.smtp.authentication.private import record, record_name, zone_line

Type = Literal["MX", "TXT", "SRV", "CNAME"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One record as it should be."""

    name: str
    type: Type
    value: str
    why: str

    @property
    def line(self) -> str:
        """As a zone file has it."""
        if self.type == "TXT":
            return zone_line(self.name, self.value)
        return f"{self.name}. IN {self.type} {self.value}."


SERVICES: Final = (
    ("_submissions._tcp", 465, "submission, TLS at once"),
    ("_submission._tcp", 587, "submission, STARTTLS"),
    ("_imaps._tcp", 993, "IMAP, TLS at once"),
    ("_imap._tcp", 143, "IMAP, STARTTLS"),
    ("_pop3s._tcp", 995, "POP3, TLS at once"),
    ("_sieve._tcp", 4190, "ManageSieve"),
    ("_caldavs._tcp", 443, "calendars"),
    ("_carddavs._tcp", 443, "contacts"),
)
PATHS: Final = ("_caldavs._tcp", "_carddavs._tcp")


def wanted(domain: str, host: str, keys: Sequence[SigningKey]) -> list[Wanted]:
    """The records of a domain that is served at `host`."""
    found = [
        Wanted(domain, "MX", f"10 {host}", "where its mail goes"),
        Wanted(domain, "TXT", "v=spf1 mx -all", "SPF: who may send in its name; add other senders before -all"),
    ]
    found += [Wanted(record_name(key), "TXT", record(key), f"DKIM: the {key.state} key") for key in keys]
    policy = f"v=DMARC1; p=quarantine; rua=mailto:postmaster@{domain}"
    found.append(
        Wanted(f"_dmarc.{domain}", "TXT", policy, "DMARC: what is to be done with mail that only claims to be")
    )
    found += [Wanted(f"{name}.{domain}", "SRV", f"0 1 {port} {host}", why) for name, port, why in SERVICES]
    found += [Wanted(f"{name}.{domain}", "TXT", "path=/dav/", "where it is there") for name in PATHS]
    names = ("autoconfig", "autodiscover")
    found += [Wanted(f"{name}.{domain}", "CNAME", host, "how mail programs set themselves up") for name in names]
    return found


def differs(one: Wanted, there: Sequence[str]) -> str:
    """What is wrong with what is in DNS; "" when nothing is. Records that people write to their own taste only have
    to be there: SPF and DMARC."""
    if not there:
        return "missing"
    if one.type == "CNAME":
        return ""  # an address of its own will do as well; it was asked for that
    values = [value.lower().removesuffix(".") for value in there]
    if one.type == "TXT" and one.value.startswith(("v=spf1", "v=DMARC1")):
        kind = one.value.split(";")[0].split(" ")[0].lower()
        count = sum(value.startswith(kind) for value in values)
        return "" if count == 1 else "missing" if not count else f"there are {count}; only one may be"
    if one.type == "MX":
        hosts = [value.partition(" ")[2] for value in values]
        return "" if one.value.partition(" ")[2].lower() in hosts else f"it is {', '.join(there)[:200]}"
    if one.type == "TXT":
        own = "".join(one.value.split())
        return "" if any("".join(value.split()) == own for value in there) else "another record is there"
    return "" if one.value.lower() in values else f"it is {', '.join(there)[:200]}"

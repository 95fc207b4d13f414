"""A resolver that answers from a table, for what asks DNS without a name server being the point."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from mailcore.server.dns import Answer, NoData, NoSuchDomain, QueryType, TryAgain, _reverse, to_ascii
from mailcore.server.dns_wire import Record


@dataclass
class Table:
    """`records` maps (name without its last dot, type) to values; an MX is "10 host"."""

    records: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    """Names that cannot be looked up now."""
    silent: set[str] = field(default_factory=set)
    """Names for which no answer ever comes."""
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def query(self, name: str, type: QueryType) -> Answer:
        asked = _reverse(name) if type == "PTR" else to_ascii(name)
        self.asked.append((asked, type))
        if asked in self.silent:
            await asyncio.get_running_loop().create_future()
        if asked in self.broken:
            raise TryAgain(f"{asked} {type}")
        values = self.records.get((asked, type))
        if values:
            return Answer(asked, type, asked, tuple(sorted(_record(type, value) for value in values)), 300)
        if any(known == asked or known.endswith(f".{asked}") for known, _ in self.records):
            raise NoData(f"{asked} {type}")
        raise NoSuchDomain(asked)


def _record(type: str, value: str) -> Record:
    if type == "MX":
        preference, _, host = value.partition(" ")
        return Record(int(preference), host)
    return Record(0, value)


def reverse(address: str) -> str:
    """The name under which an address has its PTR."""
    return _reverse(address)

"""Which country an address is of, by a file that the administrator brings: MaxMind's .mmdb, or CSV ranges.

A line of CSV is `192.0.2.0/24,DE`, or first and last address (as such or as numbers) and the country:
`16777216,16777471,AU`.
"""

from __future__ import annotations

import asyncio
import csv
from array import array
from bisect import bisect_right
from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Final, Protocol

from mailcore.server.events import EventLog
from mailcore.server.rules import address

MOST_RANGES: Final = 2_000_000
LONGEST_LINE: Final = 1000


class Countries(Protocol):
    """Knows the countries of addresses."""

    def of(self, ip: str) -> str:
        """Its ISO code in upper case; "" when nobody knows."""
        ...


class BadFile(ValueError):
    """The file is not what it should be; the text says where and why."""


def opened(path: Path) -> Countries:
    """What the file says. `BadFile`, OSError."""
    if path.suffix.lower() == ".mmdb":
        return _MaxMind(path)
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        return Ranges(row for row in csv.reader(line[:LONGEST_LINE] for line in file))


class _MaxMind:
    """MaxMind's own form, mapped into memory."""

    __slots__ = ("_reader",)

    def __init__(self, path: Path) -> None:
        import maxminddb  # where it is used: few have such a file

        try:
            self._reader = maxminddb.open_database(path)
        except maxminddb.InvalidDatabaseError as error:
            raise BadFile(f"{path}: {error}") from None

    def of(self, ip: str) -> str:
        """See `Countries`."""
        try:
            found = self._reader.get(address(ip))
        except ValueError:  # a file of IPv4 alone
            return ""
        for name in ("country", "registered_country"):
            country = found.get(name) if isinstance(found, dict) else None
            code = country.get("iso_code") if isinstance(country, dict) else None
            if isinstance(code, str):
                return code.upper()
        return ""


class Ranges:
    """Ranges of addresses, sorted; about thirteen octets for each of IPv4."""

    __slots__ = ("_codes", "_highs", "_lows", "_names")

    def __init__(self, rows: Iterable[list[str]]) -> None:
        """`BadFile` for a line that is none. The first line may be a heading."""
        found: dict[int, list[tuple[int, int, str]]] = {4: [], 6: []}
        for number, row in enumerate(rows, 1):
            try:
                version, low, high, code = _range(row)
            except ValueError as error:
                if number == 1 or not any(row) or row[0].startswith("#"):
                    continue
                raise BadFile(f"line {number}: {error}") from None
            found[version].append((low, high, code))
            if number > MOST_RANGES:
                raise BadFile(f"there are more than {MOST_RANGES} lines")
        self._names = sorted({code for rows_ in found.values() for _, _, code in rows_})
        numbers = {code: number for number, code in enumerate(self._names)}
        self._lows: dict[int, array[int] | list[int]] = {}
        self._highs: dict[int, array[int] | list[int]] = {}
        self._codes: dict[int, array[int]] = {}
        for version, ranges in found.items():
            ranges.sort()
            lows, highs = (low for low, _, _ in ranges), (high for _, high, _ in ranges)
            self._lows[version] = array("L", lows) if version == 4 else list(lows)
            self._highs[version] = array("L", highs) if version == 4 else list(highs)
            self._codes[version] = array("H", (numbers[code] for _, _, code in ranges))

    def of(self, ip: str) -> str:
        """See `Countries`."""
        peer = address(ip)
        at = bisect_right(self._lows[peer.version], int(peer)) - 1
        if at < 0 or self._highs[peer.version][at] < int(peer):
            return ""
        return self._names[self._codes[peer.version][at]]


def _range(row: list[str]) -> tuple[int, int, int, str]:
    """Version, first, last, country."""
    if len(row) < 2:
        raise ValueError("it has two columns or more: a network, or first and last address, and the country")
    network = "/" in row[0]
    code = row[1 if network else 2].strip().upper() if len(row) > (1 if network else 2) else ""
    if not (len(code) == 2 and code.isascii() and code.isalnum()):
        raise ValueError(f"{code[:20]!r} is no country of two letters")
    if network:
        found = ip_network(row[0].strip(), strict=False)
        return found.version, int(found.network_address), int(found.broadcast_address), code
    low, high = (ip_address(int(each) if each.isdecimal() else each) for each in (row[0].strip(), row[1].strip()))
    if low.version != high.version or int(low) > int(high):
        raise ValueError(f"{row[0][:40]} to {row[1][:40]} is no range")
    return low.version, int(low), int(high), code


class Atlas:
    """The file of the configuration, read at its first use and kept."""

    __slots__ = ("_countries", "_lock", "_log", "_path")

    def __init__(self, path: Path | None, log: EventLog) -> None:
        self._path, self._log = path, log
        self._countries: Countries | None = None
        self._lock = asyncio.Lock()

    async def countries(self) -> Countries | None:
        """What the file says; None without one, or when it cannot be read: the log says why, once."""
        if self._path is None:
            return None
        async with self._lock:
            if self._countries is None and (path := self._path) is not None:
                try:
                    self._countries = await asyncio.to_thread(opened, path)
                except (BadFile, OSError) as error:
                    self._log.error("countries_unreadable", file=str(path), why=str(error))
                    self._path = None
        return self._countries

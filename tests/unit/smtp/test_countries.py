"""Which country an address is of, by files that administrators bring."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcore.smtp.policy.countries import Atlas, BadFile, Ranges, opened
from tests.support.eventlog import RecordingLog
from tests.unit.smtp.mmdb import written

LINES = """network,country
192.0.2.0/25,DE
192.0.2.128,192.0.2.200,at,Austria
16777216,16777471,"AU"
2001:db8::/32,FR
# a remark

"""


@pytest.mark.parametrize(
    ("ip", "expected"),
    [
        ("192.0.2.0", "DE"),
        ("192.0.2.127", "DE"),
        ("192.0.2.128", "AT"),
        ("192.0.2.201", ""),
        ("::ffff:192.0.2.5", "DE"),
        ("1.0.0.255", "AU"),
        ("1.0.1.0", ""),
        ("0.0.0.1", ""),
        ("2001:db8:ffff::1", "FR"),
        ("2001:db9::1", ""),
    ],
)
def test_ranges_know_their_ends(tmp_path: Path, ip: str, expected: str) -> None:
    file = tmp_path / "geo.csv"
    file.write_text(LINES)
    assert opened(file).of(ip) == expected


def test_a_database_of_maxmind_is_read(tmp_path: Path) -> None:
    file = tmp_path / "geo.mmdb"
    file.write_bytes(written({"192.0.2.0/25": "DE", "198.51.100.0/24": "at"}))
    found = opened(file)
    ips = ("192.0.2.5", "192.0.2.200", "198.51.100.1", "::ffff:192.0.2.5", "2001:db8::1")
    assert [found.of(ip) for ip in ips] == ["DE", "", "AT", "DE", ""]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("192.0.2.0/33,DE", "line 2: "),
        ("192.0.2.9,192.0.2.1,DE", "line 2: 192.0.2.9 to 192.0.2.1 is no range"),
        ("192.0.2.0/24,Germany", "line 2: 'GERMANY' is no country"),
        ("192.0.2.0/24", "line 2: it has two columns"),
    ],
)
def test_a_line_that_is_none_is_named(line: str, said: str) -> None:
    with pytest.raises(BadFile) as error:
        Ranges([["192.0.2.0/24", "DE"], line.split(",")])
    assert str(error.value).startswith(said)


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 100), st.sampled_from(["DE", "FR"])), max_size=8))
def test_an_address_is_of_the_range_that_it_is_in(found: list[tuple[int, int, str]]) -> None:
    apart: list[list[str]] = []
    end = -1
    for low, length, code in sorted(found):
        if low > end and low + length < 2**32:
            apart.append([str(low), str(low + length), code])
            end = low + length
    ranges = Ranges([["first", "last", "code"], *apart])
    for low_text, high_text, code in apart:
        for number in (int(low_text), int(high_text)):
            assert ranges.of(f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}") == code


async def test_a_file_that_cannot_be_read_is_told_of_once(tmp_path: Path) -> None:
    log = RecordingLog()
    (tmp_path / "geo.mmdb").write_bytes(b"no database")
    for name in ("geo.mmdb", "none.csv"):
        atlas = Atlas(tmp_path / name, log)
        assert [await atlas.countries(), await atlas.countries()] == [None, None]
    assert len(log.named("countries_unreadable")) == 2

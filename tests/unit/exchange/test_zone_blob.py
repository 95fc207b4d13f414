"""TIME_ZONE_INFORMATION: every zone comes back as itself, and what others write finds its zone."""

from __future__ import annotations

import base64
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.activesync.wbxml.codec import fragment
from connectors.exchange.zone_blob import OCTETS, read_blob, rules_of, zone_blob, zone_of_blob
from groupware.calendar.zonedata import names
from tests.support.corpus import CORPUS

FORM = struct.Struct("<l64s8Hl64s8Hl")


SAO_PAULO = "America/Sao_Paulo"


def blob(
    bias: int, name: str = "", standard: tuple[int, ...] = (0,) * 8, daylight: tuple[int, ...] = (0,) * 8
) -> bytes:
    text = name.encode("utf-16-le")
    return FORM.pack(bias, text, *standard, 0, text, *daylight, -60 if daylight[1] else 0)


def test_a_zone_without_its_name_is_one_with_the_same_rules() -> None:
    for name in sorted(names()):
        octets = zone_blob(name)
        found = rules_of(zone_of_blob(octets[:4] + bytes(64) + octets[68:88] + bytes(64) + octets[152:]))
        there = rules_of(name)
        assert found is not None and there is not None and found.plain == there.plain, name


def test_every_zone_comes_back_as_itself() -> None:
    assert OCTETS == 172
    assert [name for name in sorted(names()) if zone_of_blob(zone_blob(name)) != name] == []


@pytest.mark.parametrize(
    ("octets", "zone"),
    [
        (blob(-60, "W. Europe Standard Time", (0, 10, 0, 5, 3, 0, 0, 0), (0, 3, 0, 5, 2, 0, 0, 0)), "Europe/Berlin"),
        (blob(300, "(UTC-05:00)", (0, 11, 0, 1, 2, 0, 0, 0), (0, 3, 0, 2, 2, 0, 0, 0)), "America/New_York"),
        (blob(-330), "Asia/Kolkata"),
        (blob(0), "UTC"),
        (blob(420), "America/Phoenix"),
        (blob(-13), "UTC"),
        (blob(180, "E. South America Standard Time", (0, 2, 0, 3, 0, 0, 0, 0), (0, 10, 0, 3, 0, 0, 0, 0)), SAO_PAULO),
        (blob(180, "Central Standard Time", (0, 2, 0, 3, 0, 0, 0, 0), (0, 10, 0, 3, 0, 0, 0, 0)), "Etc/GMT+3"),
        (blob(-60, "", (0, 10, 0, 4, 3, 0, 0, 0), (0, 3, 0, 4, 2, 0, 0, 0)), "Europe/Berlin"),  # a week off
        (blob(300, "", (0, 11, 0, 1, 1, 0, 0, 0), (0, 3, 0, 2, 1, 0, 0, 0)), "America/New_York"),  # an hour off
    ],
)
def test_what_others_write_finds_its_zone(octets: bytes, zone: str) -> None:
    assert zone_of_blob(octets) == zone


def test_the_zone_that_is_there_already_is_kept_where_it_fits() -> None:
    octets = blob(-60, "", (0, 10, 0, 5, 3, 0, 0, 0), (0, 3, 0, 5, 2, 0, 0, 0))
    assert zone_of_blob(octets, ["Europe/Paris"]) == "Europe/Paris"
    assert zone_of_blob(octets, ["America/New_York"]) == "Europe/Berlin"
    nearly = blob(-60, "", (0, 10, 0, 4, 3, 0, 0, 0), (0, 3, 0, 4, 2, 0, 0, 0))
    assert zone_of_blob(nearly, ["Europe/Paris"]) == "Europe/Paris"


def test_recorded_blobs_find_their_zone() -> None:
    for name, zone in (("appointment", "America/New_York"), ("dst", "America/New_York")):
        [data] = fragment((CORPUS / f"eas/horde-activesync/{name}.wbxml").read_bytes())
        octets = base64.b64decode(data.value("Calendar:Timezone"))
        assert zone_of_blob(octets) == zone, read_blob(octets)


@given(st.binary(max_size=200) | st.binary(min_size=172, max_size=172))
def test_any_octets_are_a_zone_or_refused(octets: bytes) -> None:
    try:
        assert rules_of(zone_of_blob(octets)) is not None
    except ValueError:
        assert len(octets) != OCTETS

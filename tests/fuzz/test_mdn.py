"""Notifications that strangers send: read, or found to be none."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from groupware.mime import mdn
from tests.protocol.jmap.test_mdn import NOTIFICATION


@given(st.integers(0, len(NOTIFICATION)), st.binary(max_size=20), st.integers(0, 40))
def test_a_broken_one_is_read_as_far_as_it_goes(at: int, put: bytes, gone: int) -> None:
    found = mdn.read(NOTIFICATION[:at] + put + NOTIFICATION[at + gone :])
    if found is not None:
        assert found.disposition.kind in ("displayed", "deleted", "dispatched", "processed")
        assert found.final_recipient == found.final_recipient.strip()
    mdn.asked_by(NOTIFICATION[:at] + put)


@given(st.binary(max_size=300))
def test_octets_are_mostly_none(octets: bytes) -> None:
    assert mdn.read(octets) is None

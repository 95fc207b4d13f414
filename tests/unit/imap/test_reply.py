"""How values look on the wire."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupware.model.times import micros
from mailcore.imap.reply import internal_date


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), b'" 1-Jan-1970 00:00:00 +0000"'),
        (datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), b'"31-Dec-1969 23:59:59 +0000"'),
        (datetime(2026, 2, 28, 9, 5, 7, tzinfo=UTC), b'"28-Feb-2026 09:05:07 +0000"'),
    ],
)
def test_a_date_is_told_in_utc(moment: datetime, expected: bytes) -> None:
    assert internal_date(micros(moment)) == expected


@given(st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)))
def test_what_is_told_is_the_second_it_was(moment: datetime) -> None:
    when = moment.replace(tzinfo=UTC, microsecond=0)
    told = internal_date(micros(when)).decode()
    day, month, rest = told.strip('"').split("-")
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    assert f"{rest[:4]}-{months.index(month) + 1:02}-{int(day):02}T{rest[5:13]}" == when.isoformat()[:19]

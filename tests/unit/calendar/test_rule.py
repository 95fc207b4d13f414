"""RRULE: libical's table of rules and times, python-dateutil as the oracle of others, rules that would run away."""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta

import pytest
from dateutil import rrule
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from groupware.calendar.rule import MOST_TICKS, parse_rule, starts
from groupware.calendar.values import local_time
from tests.support import corpus

END = datetime(2100, 1, 1)
OTHERWISE = {
    "FREQ=YEARLY;BYMONTHDAY=29;COUNT=3": "BYMONTHDAY expands a year to each of its months (RFC 5545 §3.3.10)",
    "FREQ=YEARLY;BYMONTHDAY=-29,-1;COUNT=4": "the same",
    "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=30;BYWEEKNO=1;UNTIL=20320101": "libical has not implemented it; here it works",
    "FREQ=YEARLY;BYWEEKNO=53;INTERVAL=6;BYDAY=TH;COUNT=1": "years of weeks are counted from that of DTSTART's week",
    "FREQ=YEARLY;BYWEEKNO=53;INTERVAL=5;BYDAY=TH;COUNT=1": "the same",
}


def table() -> list[tuple[str, str, str]]:
    """(rule, DTSTART, times) of libical's table."""
    text = corpus.read("ical/libical/src/test/icalrecur_test.txt").decode()
    found = []
    for block in re.split(r"\n\s*\n", text):
        said = dict(re.findall(r"^([A-Z-]+):(.*)$", block, re.MULTILINE))
        if {"RRULE", "DTSTART", "INSTANCES"} <= said.keys() and "START-AT" not in said:
            found.append((said["RRULE"], said["DTSTART"].strip(), said["INSTANCES"]))
    return found


@pytest.mark.parametrize(("rule", "begin", "times"), [each for each in table() if each[0] not in OTHERWISE])
def test_the_rules_of_libical_give_its_times(rule: str, begin: str, times: str) -> None:
    if "***" in times:
        with pytest.raises(ValueError, match=r".+"):
            parse_rule(rule)
        return
    wanted = [local_time(each) for each in times.split(",") if each.strip()]
    read = parse_rule(rule)
    until = local_time(read.until) if read.until else None
    if until is not None and "T" not in read.until:
        until += timedelta(days=1, seconds=-1)
    stop = wanted[-1] + timedelta(days=1) if read.endless and wanted else END
    assert starts(read, local_time(begin), until, stop).found == wanted


def test_the_table_is_read() -> None:
    assert len(table()) > 80


RULES = st.builds(
    lambda freq, interval, parts: ";".join([f"FREQ={freq}", f"INTERVAL={interval}", *parts]),
    st.sampled_from(["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY"]),
    st.integers(1, 4),
    st.lists(
        st.sampled_from(
            [
                "BYMONTH=2,7,12",
                "BYMONTHDAY=1,15,31",
                "BYMONTHDAY=-1,-2",
                "BYDAY=MO,FR",
                "BYDAY=SU",
                "BYHOUR=8,20",
                "BYMINUTE=0,30",
                "BYSETPOS=1,-1",
                "WKST=SU",
            ]
        ),
        max_size=4,
        unique_by=lambda each: each.partition("=")[0],
    ),
)


@settings(max_examples=300, deadline=None)
@given(RULES, st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1)))
def test_any_rule_gives_what_dateutil_gives(rule: str, begin: datetime) -> None:
    begin = begin.replace(second=0, microsecond=0)
    assume(
        "WEEKLY" not in rule or "BYMONTHDAY" not in rule
    )  # RFC 5545 allows no such thing, and each reads it in its way
    assume("BYSETPOS" not in rule or rule.count("BY") > 1)  # it picks out of what another part gives
    stop = begin + timedelta(days=800)
    assume("WEEKLY" not in rule or "BYSETPOS" not in rule)  # it picks out of a first week that it has cut at its begin
    try:
        theirs = rrule.rrulestr(rule, dtstart=begin).between(begin, stop, inc=True)
    except ValueError:  # what it sees to be empty at once
        theirs = []
    assert starts(parse_rule(rule), begin, None, stop, 100_000).found == theirs


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYYEARDAY=366,-366;BYMONTH=3",
        "FREQ=YEARLY;BYDAY=MO,TU;BYHOUR=1,2,3,4;BYMINUTE=1,2,3,4,5,6;BYSECOND=1,2,3,4,5,6,7,8,9",
        "FREQ=YEARLY;INTERVAL=999999",
    ],
)
def test_a_rule_that_would_run_away_stops_and_says_how_far_it_came(rule: str) -> None:
    began = time.process_time()
    got = starts(parse_rule(rule), datetime(2026, 1, 1), None, datetime(9000, 1, 1))
    assert got.complete is not None
    assert len(got.found) <= 10_000
    assert time.process_time() - began < 30  # never is minutes; MOST_TICKS bounds it
    assert MOST_TICKS <= 50_000


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("", "NAME=value"),
        ("FREQ=OFTEN", "FREQ"),
        ("FREQ=DAILY;COUNT=1;UNTIL=20260101", "COUNT and UNTIL"),
        ("FREQ=DAILY;COUNT=0", "COUNT"),
        ("FREQ=DAILY;INTERVAL=-1", "INTERVAL"),
        ("FREQ=DAILY;BYMONTH=13", "BYMONTH"),
        ("FREQ=DAILY;BYDAY=XX", "BYDAY"),
        ("FREQ=DAILY;BYDAY=0MO", "BYDAY"),
        ("FREQ=DAILY;FREQ=DAILY", "twice"),
        ("FREQ=DAILY;BYEASTER=1", "BYEASTER"),
        ("RSCALE=CHINESE;FREQ=YEARLY", "RSCALE"),
    ],
)
def test_a_rule_that_means_nothing_says_why(rule: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_rule(rule)


def test_what_is_not_yet_all_says_up_to_when_it_is() -> None:
    got = starts(parse_rule("FREQ=DAILY"), datetime(2026, 1, 1), None, datetime(2026, 1, 10), 5)
    assert (len(got.found), got.complete) == (5, datetime(2026, 1, 5))


def test_a_rule_that_has_ended_has_no_more() -> None:
    rule = parse_rule("FREQ=DAILY;COUNT=3")
    assert starts(rule, datetime(2026, 1, 1), None, datetime(2027, 1, 1)).complete is None


@pytest.mark.parametrize(
    "rule", ["FREQ=HOURLY;INTERVAL=7", "FREQ=MINUTELY;INTERVAL=50;BYDAY=TU,WE", "FREQ=DAILY", "FREQ=HOURLY;COUNT=9000"]
)
def test_what_was_before_is_passed_over_and_the_rest_is_the_same(rule: str) -> None:
    begin, since, stop = datetime(2026, 1, 1, 0, 20), datetime(2026, 6, 1, 12), datetime(2026, 7, 1)
    every = starts(parse_rule(rule), begin, None, stop, 100_000).found
    assert starts(parse_rule(rule), begin, None, stop, 100_000, since).found == [at for at in every if at >= since]

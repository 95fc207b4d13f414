"""What a client of EWS may send: envelopes, ids, tokens, restrictions, recurrences. Only its own refusals come out."""

from __future__ import annotations

import base64
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from connectors.ews import tokens
from connectors.ews.errors import EwsError, Fault
from connectors.ews.ids import Id, read_id
from connectors.ews.paths import SETS, Path, read_path
from connectors.ews.query_string import Asked, read_query
from connectors.ews.recurrence import recurrence_xml, rule_of
from connectors.ews.restriction import Restriction
from connectors.ews.soap import read_request
from connectors.ews.wire import MESSAGES, SOAP, TYPES, Xml, tag
from connectors.exchange.windows_zones import iana_of, windows_names, windows_of
from groupware.model.categories import category_of, keyword_of

SPACES = f'xmlns:t="{TYPES}" xmlns:m="{MESSAGES}" xmlns:s="{SOAP}"'
TEXTS = st.text(max_size=40)


def element(text: str) -> etree._Element:
    """An element with the prefixes declared."""
    name, _, rest = text.partition(">")
    head = name[:-1] if name.endswith("/") else name
    return etree.fromstring(f"{head} {SPACES}{'/' if name.endswith('/') else ''}>{rest}")


@given(st.binary(max_size=400))
def test_octets_are_a_request_or_a_fault(octets: bytes) -> None:
    for each in (octets, b"<s:Envelope %b><s:Body>%b</s:Body></s:Envelope>" % (SPACES.encode(), octets)):
        try:
            assert read_request(each).name
        except Fault:
            continue


@given(st.integers(1, 200))
def test_depth_is_bounded(depth: int) -> None:
    octets = f"<s:Envelope {SPACES}><s:Body>{'<m:x>' * depth}{'</m:x>' * depth}</s:Body></s:Envelope>".encode()
    try:
        read_request(octets)
        assert depth <= 58
    except Fault:
        assert depth > 58


@given(st.sampled_from("FRIOA"), st.integers(1, (1 << 63) - 1), st.sampled_from(["", "2026-01-01T00:00:00"]))
def test_ids_come_back(letter: str, number: int, more: str) -> None:
    more = "2026-01-01T00:00:00" if letter == "O" else more
    assert read_id(str(Id(letter, number, more)), letter) == Id(letter, number, more)


@given(st.one_of(TEXTS, st.binary(max_size=40).map(lambda octets: base64.b64encode(octets).decode())))
def test_other_texts_are_no_ids(text: str) -> None:
    try:
        found = read_id(text, "F", "I", "O", "A", "R")
        assert found.number > 0
    except EwsError as error:
        assert error.code == "ErrorInvalidIdMalformed"


@given(st.dictionaries(TEXTS, st.one_of(st.integers(), TEXTS, st.lists(st.integers(), max_size=3)), max_size=5))
def test_tokens_come_back(facts: dict[str, Any]) -> None:
    facts.pop("k", None)
    assert tokens.unpacked("x", tokens.packed("x", facts), "E") == {"k": "x", **facts}


@given(st.one_of(TEXTS, st.binary(max_size=80).map(lambda octets: base64.b64encode(octets).decode())))
def test_other_texts_are_no_tokens(text: str) -> None:
    try:
        assert tokens.unpacked("x", text, "E") is None
    except EwsError as error:
        assert error.code == "E"


def test_a_token_that_grows_is_refused() -> None:
    bomb = tokens.packed("x", {"a": "0" * (9 * tokens.LONGEST)})
    assert len(bomb) < tokens.LONGEST
    try:
        tokens.unpacked("x", bomb, "E")
        raise AssertionError
    except EwsError as error:
        assert error.code == "E"


FIELDS = st.sampled_from(
    [
        '<t:FieldURI FieldURI="item:Subject"/>',
        '<t:FieldURI FieldURI="item:Size"/>',
        '<t:FieldURI FieldURI="item:DateTimeReceived"/>',
        '<t:FieldURI FieldURI="item:Categories"/>',
        '<t:FieldURI FieldURI="message:IsRead"/>',
        '<t:ExtendedFieldURI PropertyTag="0x10f4" PropertyType="Boolean"/>',
        '<t:FieldURI FieldURI="none"/>',
    ]
)
CONSTANTS = st.sampled_from(["a", "1", "true", "2026-01-01T00:00:00Z", "", "x" * 50, "9" * 400])
VALUES: dict[str, Any] = {
    "item:Subject": "abc",
    "item:Size": 5,
    "item:DateTimeReceived": datetime(2026, 1, 1, tzinfo=UTC),
    "item:Categories": ["a", "b"],
    "message:IsRead": True,
    "tag:0x10f4:Boolean": False,
}


def expressions(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """One expression around others."""
    several = st.builds(
        lambda name, inside: f"<t:{name}>{''.join(inside)}</t:{name}>",
        st.sampled_from(["And", "Or"]),
        st.lists(inner, max_size=3),
    )
    return st.one_of(several, inner.map(lambda one: f"<t:Not>{one}</t:Not>"))


LEAVES = st.one_of(
    st.builds(
        lambda name, at, value: (
            f"<t:{name}>{at}<t:FieldURIOrConstant><t:Constant Value='{value}'/></t:FieldURIOrConstant></t:{name}>"
        ),
        st.sampled_from(["IsEqualTo", "IsNotEqualTo", "IsLessThan", "IsGreaterThanOrEqualTo", "Nothing"]),
        FIELDS,
        CONSTANTS,
    ),
    st.builds(
        lambda at, value, mode: f"<t:Contains ContainmentMode='{mode}'>{at}<t:Constant Value='{value}'/></t:Contains>",
        FIELDS,
        CONSTANTS,
        st.sampled_from(["Substring", "Prefixed", "FullString", "ExactPhrase", "PrefixOnWords", "x"]),
    ),
    FIELDS.map(lambda at: f"<t:Exists>{at}</t:Exists>"),
    FIELDS.map(lambda at: f"<t:Excludes>{at}<t:Bitmask Value='0x4'/></t:Excludes>"),
)


@settings(max_examples=200)
@given(st.recursive(LEAVES, expressions, max_leaves=8))
def test_restrictions_decide_or_are_refused(text: str) -> None:
    def get(path: Path) -> Any:
        value = VALUES.get(path.uri)
        return 4 if isinstance(value, str | list | datetime) and "Bitmask" in text else value

    with suppress(EwsError):
        asked = element(f"<m:Restriction>{text}</m:Restriction>")
        assert Restriction(asked, lambda path: path.uri in VALUES).test(get) in (True, False)


@given(
    st.dictionaries(
        st.sampled_from(["PropertyTag", "PropertyName", "PropertyId", "PropertySetId", "DistinguishedPropertySetId"]),
        st.one_of(st.sampled_from(["0x1234", "5", "Common", *SETS]), st.text("0123456789abcdefx-", max_size=40)),
    ),
    st.sampled_from(["String", "Integer", "Binary", "x"]),
)
def test_extended_properties_are_named_or_refused(attributes: dict[str, str], kind: str) -> None:
    made = etree.Element(f"{{{TYPES}}}ExtendedFieldURI", {**attributes, "PropertyType": kind})
    try:
        assert read_path(made).extended
    except EwsError as error:
        assert error.code == "ErrorInvalidExtendedProperty"


RANGES = st.sampled_from(
    [
        "<t:NoEndRecurrence><t:StartDate>2027-03-01</t:StartDate></t:NoEndRecurrence>",
        "<t:NumberedRecurrence><t:StartDate>2027-03-01</t:StartDate><t:NumberOfOccurrences>7</t:NumberOfOccurrences>"
        "</t:NumberedRecurrence>",
        "<t:EndDateRecurrence><t:StartDate>2027-03-01</t:StartDate><t:EndDate>2027-12-01</t:EndDate></t:EndDateRecurrence>",
    ]
)
DAYS = st.sampled_from(["Monday", "Sunday", "Day", "Weekday", "WeekendDay"])
NTH = st.sampled_from(["First", "Third", "Last"])
PATTERNS = st.one_of(
    st.integers(1, 99).map(lambda n: f"<t:DailyRecurrence><t:Interval>{n}</t:Interval></t:DailyRecurrence>"),
    st.builds(
        lambda n, day: (
            f"<t:WeeklyRecurrence><t:Interval>{n}</t:Interval><t:DaysOfWeek>{day}</t:DaysOfWeek></t:WeeklyRecurrence>"
        ),
        st.integers(1, 99),
        st.sampled_from(["Monday", "Monday Friday"]),
    ),
    st.builds(
        lambda n, day, nth: (
            f"<t:RelativeMonthlyRecurrence><t:Interval>{n}</t:Interval><t:DaysOfWeek>{day}</t:DaysOfWeek>"
            f"<t:DayOfWeekIndex>{nth}</t:DayOfWeekIndex></t:RelativeMonthlyRecurrence>"
        ),
        st.integers(1, 12),
        DAYS,
        NTH,
    ),
    st.builds(
        lambda day, nth: (
            f"<t:RelativeYearlyRecurrence><t:DaysOfWeek>{day}</t:DaysOfWeek><t:DayOfWeekIndex>{nth}</t:DayOfWeekIndex>"
            "<t:Month>March</t:Month></t:RelativeYearlyRecurrence>"
        ),
        DAYS,
        NTH,
    ),
    st.integers(1, 31).map(
        lambda day: (
            f"<t:AbsoluteYearlyRecurrence><t:DayOfMonth>{day}</t:DayOfMonth><t:Month>May</t:Month>"
            "</t:AbsoluteYearlyRecurrence>"
        )
    ),
)


@given(PATTERNS, RANGES)
def test_recurrences_come_back(pattern: str, range_: str) -> None:
    rule = rule_of(element(f"<t:Recurrence>{pattern}{range_}</t:Recurrence>"))
    told = recurrence_xml({"start": "2027-03-01T10:00:00", "recurrenceRules": [rule]})
    assert told is not None
    assert rule_of(element(f"<t:Recurrence>{told}</t:Recurrence>")) == rule


@given(st.text(max_size=100))
def test_query_strings_are_always_taken(text: str) -> None:
    assert isinstance(read_query(text, datetime(2026, 1, 1, tzinfo=UTC)), Asked)


@given(st.text(max_size=60))
def test_categories_come_back(name: str) -> None:
    word = keyword_of(name)
    if word:
        assert (
            word.isascii()
            and not set(word) & set(' (){%*"\\]')
            and category_of(word) == name.encode("utf-8", "replace").decode()
        )


@given(st.text(max_size=60), st.text(max_size=20))
def test_any_text_can_be_told(text: str, attribute: str) -> None:
    made = element(tag("Subject", text, Id=attribute))
    assert isinstance(made.text or "", str)
    assert isinstance(tag("A", Xml("<t:B/>") + tag("C", text)), Xml)


def test_zones_lead_to_each_other() -> None:
    for name in windows_names():
        zone = iana_of(name)
        assert zone is not None and iana_of(windows_of(zone)) is not None

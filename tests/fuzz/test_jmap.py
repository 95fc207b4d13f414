"""Requests of JMAP: any octets are a request or a refusal, and any JSON is an answer of the method or its error."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from groupware.mime.headers import fields
from web.jmap.arguments import taken
from web.jmap.email_filter import read_filter
from web.jmap.email_make import Source, message_of
from web.jmap.email_sort import read_sort
from web.jmap.errors import MethodError, RequestError, SetError
from web.jmap.header_make import CONVENIENT
from web.jmap.headers_of import value_of, wanted
from web.jmap.methods import METHODS
from web.jmap.references import References, pointed_at
from web.jmap.request import Request, read_request

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.text(max_size=8) | st.sampled_from(["A1", "F2", "M3", "AND"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["operator", "conditions", "ids", "property", "text", "inMailbox"]), inner)
    ),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.text(max_size=6) | st.sampled_from(["accountId", "ids", "filter", "sort"]), VALUES)


@given(st.binary(max_size=300) | VALUES.map(lambda each: json.dumps(each).encode()))
def test_any_octets_are_a_request_or_a_refusal(octets: bytes) -> None:
    try:
        assert isinstance(read_request(octets), Request)
    except RequestError as error:
        assert error.status in (400, 413)


@given(st.sampled_from(sorted(METHODS)), OBJECTS)
def test_any_arguments_are_taken_or_refused(name: str, given_arguments: dict[str, Any]) -> None:
    kind = METHODS[name].arguments
    with suppress(MethodError):
        assert isinstance(taken(kind, given_arguments), kind)


@given(st.dictionaries(st.sampled_from(["operator", "conditions", "text", "before", "hasAttachment"]), VALUES))
def test_any_filter_is_read_or_refused(sought: dict[str, Any]) -> None:
    with suppress(MethodError):
        assert read_filter(sought).root is not None


@given(st.lists(st.dictionaries(st.sampled_from(["property", "isAscending", "keyword", "collation"]), VALUES)))
def test_any_order_is_read_or_refused(sort: list[dict[str, Any]]) -> None:
    with suppress(MethodError):
        assert all(each.by for each in read_sort(sort))


@given(VALUES, st.text(alphabet="/*~01a-", max_size=12), OBJECTS)
def test_any_pointer_leads_somewhere_or_nowhere(value: Any, path: str, given_arguments: dict[str, Any]) -> None:
    with suppress(MethodError):
        json.dumps(pointed_at(value, path))
    with suppress(MethodError):
        found = References().resolved(given_arguments)
        assert not any(name.startswith("#") for name in found if name not in given_arguments)


@given(
    st.sampled_from(["Raw", "Text", "Addresses", "GroupedAddresses", "MessageIds", "Date", "URLs"]),
    st.binary(max_size=80),
)
def test_any_field_has_a_value_that_json_can_hold(form: str, value: bytes) -> None:
    found = value_of(wanted(f"header:X-Any:as{form}"), [(b"X-Any", value)])
    assert json.loads(json.dumps(found).encode("utf-8")) == found


PROPERTIES = [
    *CONVENIENT,
    *("header:X-A", "header:X-A:asText", "header:X-A:asAddresses:all", "header:Reply-To:asGroupedAddresses", "header:"),
    *("textBody", "htmlBody", "attachments", "bodyStructure", "bodyValues", "odd"),
]
TEXTS = st.text(max_size=30)
PEOPLE = st.lists(st.fixed_dictionaries({"name": st.none() | TEXTS, "email": st.just("a@b.test") | TEXTS}), max_size=3)
PARTS = st.fixed_dictionaries(
    {"partId": st.sampled_from(["1", "2", "3"])},
    optional={
        "type": st.sampled_from(["text/plain", "text/html", "image/png", "multipart/mixed", "x", "text/plain\r\n"]),
        "name": TEXTS,
        "cid": TEXTS,
        "disposition": TEXTS,
        "location": TEXTS,
        "language": st.lists(TEXTS, max_size=2),
        "subParts": VALUES,
    },
)
GIVEN = st.dictionaries(
    st.sampled_from(PROPERTIES),
    TEXTS | PEOPLE | st.lists(TEXTS, max_size=3) | st.lists(PARTS, max_size=2) | PARTS | VALUES,
    max_size=5,
)


@given(GIVEN, TEXTS)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_any_properties_make_a_message_or_are_refused(given_: dict[str, Any], text: str) -> None:
    values = {"bodyValues": {each: {"value": text} for each in ("1", "2")}}
    source = Source({}, "mail.test", datetime(2026, 1, 1, tzinfo=UTC))
    try:
        made = message_of({**values, **given_}, source)
    except SetError:
        return
    assert b"\n" not in made.replace(b"\r\n", b"") and b"\r" not in made.replace(b"\r\n", b"")
    names = [name.lower() for name, _ in fields(made[: made.index(b"\r\n\r\n")])]
    assert set(names) <= {
        *(name.lower().encode() for name, _ in CONVENIENT.values()),
        *(b"x-a", b"mime-version", b"content-type", b"content-transfer-encoding", b"content-disposition"),
        *(b"content-id", b"content-location", b"content-language"),
    }

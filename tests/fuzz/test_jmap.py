"""Requests of JMAP: any octets are a request or a refusal, and any JSON is an answer of the method or its error."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from web.jmap.arguments import taken
from web.jmap.email_filter import read_filter
from web.jmap.email_sort import read_sort
from web.jmap.errors import MethodError, RequestError
from web.jmap.headers_of import value_of, wanted
from web.jmap.methods import METHODS
from web.jmap.references import pointed_at, resolved
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
        assert not any(name.startswith("#") for name in resolved(given_arguments, ()) if name not in given_arguments)


@given(
    st.sampled_from(["Raw", "Text", "Addresses", "GroupedAddresses", "MessageIds", "Date", "URLs"]),
    st.binary(max_size=80),
)
def test_any_field_has_a_value_that_json_can_hold(form: str, value: bytes) -> None:
    found = value_of(wanted(f"header:X-Any:as{form}"), [(b"X-Any", value)])
    assert json.loads(json.dumps(found).encode("utf-8")) == found

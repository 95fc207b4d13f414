"""ActiveSync: any octets are a document or refused; what is written is read back; any document gets an answer."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.activesync.commands import HANDLERS
from connectors.activesync.element import Element
from connectors.activesync.errors import HttpError
from connectors.activesync.pim import recurrence
from connectors.activesync.query import Query, read_query
from connectors.activesync.times import read_time
from connectors.activesync.wbxml.codec import HEADER, Unreadable, decode, encode
from connectors.activesync.wbxml.pages import TOKENS
from tests.support.eas.stand import eas_stand

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=12)
SAID = TEXTS | st.sampled_from(["0", "1", "2", "17:1", "20261201T090000Z", "2026-12-01T09:00:00.000Z", "-1"])
LEAVES = st.one_of(
    st.builds(Element, st.sampled_from(sorted(TOKENS))),
    st.builds(lambda name, text: Element(name, text=text), st.sampled_from(sorted(TOKENS)), SAID),
    st.builds(
        lambda name, octets: Element(name, octets=octets), st.sampled_from(sorted(TOKENS)), st.binary(max_size=9)
    ),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.builds(Element, st.sampled_from(sorted(TOKENS)), st.lists(inner, min_size=1, max_size=4)),
    max_leaves=12,
)


@given(st.binary(max_size=200) | st.binary(max_size=200).map(lambda each: HEADER + each))
def test_any_octets_are_a_document_or_refused(octets: bytes) -> None:
    try:
        found = decode(octets)
    except Unreadable:
        return
    assert decode(encode(found)) == found


@given(TREES)
def test_what_is_written_is_read_back(tree: Element) -> None:
    assert decode(encode(tree)) == tree


@given(
    st.text(max_size=120),
    st.dictionaries(st.sampled_from(["x-ms-policykey", "ms-asprotocolversion"]), st.text(max_size=9)),
)
def test_any_address_is_a_query_or_refused(text: str, headers: dict[str, str]) -> None:
    try:
        assert isinstance(read_query(text, headers), Query)
    except HttpError as error:
        assert error.status == 400


@given(st.text(max_size=30))
def test_any_text_is_a_time_or_none(text: str) -> None:
    found = read_time(text)
    assert found is None or found.utcoffset() == timedelta(0)


@given(st.dictionaries(st.sampled_from(["Type", "Interval", "DayOfWeek", "DayOfMonth", "WeekOfMonth", "Until"]), SAID))
def test_any_recurrence_is_a_rule_or_refused(said: dict[str, str]) -> None:
    inside = [Element(f"Calendar:{name}", text=text) for name, text in said.items()]
    with suppress(ValueError, OverflowError):
        assert "frequency" in recurrence.read("Calendar", Element("Calendar:Recurrence", inside), None)


_ROOTS = {
    "Sync": "AirSync:Sync",
    "FolderSync": "FolderHierarchy:FolderSync",
    "Search": "Search:Search",
    "Settings": "Settings:Settings",
    "ItemOperations": "ItemOperations:ItemOperations",
    "MoveItems": "Move:MoveItems",
    "MeetingResponse": "MeetingResponse:MeetingResponse",
    "Provision": "Provision:Provision",
    "ResolveRecipients": "ResolveRecipients:ResolveRecipients",
    "Find": "Find:Find",
    "GetItemEstimate": "GetItemEstimate:GetItemEstimate",
}


@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.sampled_from(sorted(_ROOTS)), st.lists(TREES, max_size=4)), min_size=8, max_size=16))
def test_any_document_gets_an_answer(asked: list[tuple[str, list[Element]]]) -> None:
    async def run(folder: Path) -> None:
        async with eas_stand(folder) as stand:
            alice = stand.phone("alice")
            at = await alice.at("Calendar")
            await alice.all_of(at)
            for command, inside in asked:
                if command == "Sync":
                    data = Element("AirSync:ApplicationData", inside)
                    add = Element("AirSync:Add", [Element("AirSync:ClientId", text="1"), data])
                    inside = [
                        Element(
                            "AirSync:Collections",
                            [
                                Element(
                                    "AirSync:Collection",
                                    [
                                        Element("AirSync:SyncKey", text=alice.keys[at]),
                                        Element("AirSync:CollectionId", text=at),
                                        Element("AirSync:Commands", [add]),
                                    ],
                                )
                            ],
                        )
                    ]
                got = await alice.post(command, encode(Element(_ROOTS[command], inside)))
                assert got.status_code in (200, 400, 404), (command, inside, got.status_code)

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder)))


def test_every_command_has_a_handler() -> None:
    assert set(_ROOTS) <= set(HANDLERS)

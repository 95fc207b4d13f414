"""What links are asked, what is published to them, and who is invited: nothing but refusals of its own comes out."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.dav import xml
from connectors.dav.acl import READS, WRITES
from connectors.dav.busy_feed import LONGEST, range_of
from connectors.dav.errors import DavError
from connectors.dav.feed_put import essence, pieces_of
from connectors.dav.sharing import wishes_of
from groupware.model.folder import Folder
from groupware.model.ids import AccountId, FolderId, ModSeq, Uid
from groupware.model.item import Kind
from groupware.model.rights import ALL, Right
from tests.support.davstand import HEAD, card, event

FOLDER = Folder(FolderId(1), AccountId(1), None, "x", Kind.CALENDAR, None, 1, Uid(1), ModSeq(1), 0, 0, 0, 0, ALL)
SAID = st.text(max_size=30) | st.from_regex(r"\d{4}-?\d\d-?\d\d(T\d\d:?\d\d:?\d\d(Z|[+-]\d\d:?\d\d)?)?", fullmatch=True)
PERIODS = st.text(max_size=10) | st.from_regex(r"-?P\d{1,6}[WD](T\d{1,6}H)?", fullmatch=True)
HREFS = st.text(max_size=20) | st.sampled_from(["mailto:a@x.test", "/dav/principals/a@x.test/", "/dav/", "urn:x", ""])
WORDS = st.sampled_from(
    ["<S:read/>", "<S:read-write/>", "<D:share-access><D:read/></D:share-access>", "<S:summary/>", ""]
)
LINES = [*event("a").splitlines(), *event("b").splitlines(), *card("c").splitlines(), "RRULE:FREQ=DAILY", " folded"]


@given(start=st.none() | SAID, end=st.none() | SAID, period=st.none() | PERIODS)
def test_a_time_is_read_or_refused(start: str | None, end: str | None, period: str | None) -> None:
    given_ = {"start": start, "end": end, "period": period}
    try:
        found = range_of({name: each for name, each in given_.items() if each is not None})
    except DavError as error:
        assert error.status == 400
    else:
        assert 0 < found.end - found.start <= LONGEST


@settings(max_examples=300)
@given(
    st.sampled_from([Kind.CALENDAR, Kind.CONTACTS]),
    st.lists(st.sampled_from(LINES) | st.text(max_size=40), max_size=40),
)
def test_a_file_is_taken_apart_or_refused(kind: Kind, lines: list[str]) -> None:
    octets = "\r\n".join(lines).encode("utf-8", "surrogatepass")
    try:
        found = pieces_of(replace(FOLDER, kind=kind), octets)
    except DavError as error:
        assert error.status in (400, 403)
    else:
        assert all(essence(each) == essence(each) for each in found.values())


@st.composite
def sharees(draw: st.DrawFn) -> str:
    """One person of a request to share, more or less as it should be."""
    name = draw(st.sampled_from(["S:set", "S:remove", "D:sharee", "S:x"]))
    href = f"<D:href>{xml.escape(draw(HREFS))}</D:href>" if draw(st.booleans()) else ""
    return f"<{name}>{href}{''.join(draw(st.lists(WORDS, max_size=3)))}</{name}>"


@given(root=st.sampled_from(["S:share", "D:share-resource"]), inside=st.lists(sharees(), max_size=4))
def test_who_is_invited_is_read_or_refused(root: str, inside: list[str]) -> None:
    element = xml.read(f"<{root}{HEAD}>{''.join(inside)}</{root}>".encode())
    assert element is not None
    try:
        found = wishes_of(element)
    except DavError as error:
        assert error.status == 403
    else:
        assert all(each.rights in (Right.NONE, READS, WRITES) for each in found)

"""Whatever a client names, it means one thing or nothing; and what has a name gets it back."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from groupware.model.errors import NotFound, Refused
from groupware.model.flags import FLAGS
from groupware.model.ids import BlobId, ItemId, ModSeq, Uid
from groupware.model.item import Item, Kind
from groupware.model.times import micros
from mailcore.ftp import documents, names
from mailcore.ftp.names import Spot, spot_of

_PARTS = (
    ("domains", "example.test", "accounts", "alice", "public", "folders", "scripts", "account.json", "INBOX", "x.eml"),
    ("Calendar.calendar", "a.calendar.eml", "..", ".", "=2E", "=2F", "=", "%2F", "x=FF", "folder.json", "y.sieve"),
)
PARTS = st.sampled_from([each for some in _PARTS for each in some])
TEXTS = st.text(min_size=1, max_size=30)
NAMES = TEXTS.filter(lambda name: "/" not in name)
WORDS = st.frozensets(st.text(st.sampled_from("abc$.+=_-é"), min_size=1, max_size=60), max_size=12)


@given(st.lists(PARTS | st.text(max_size=8), max_size=9).map("/".join))
def test_a_path_means_something_or_nothing(path: str) -> None:
    try:
        spot = spot_of(path)
    except NotFound as error:
        assert "there is no such file or directory" in str(error)
    else:
        assert not spot.owner or spot.owner.endswith(f"@{spot.domain}")
        assert spot.level == "folder" or not spot.path


@given(st.lists(st.tuples(NAMES, st.sampled_from(Kind)), min_size=1, max_size=4))
def test_a_folder_is_found_under_the_name_that_it_has(levels: list[tuple[str, Kind]]) -> None:
    path = "/".join(names.folder_name(name, kind) for name, kind in levels)
    spot = spot_of(f"/domains/example.test/accounts/al=2Eice/folders/{path}")
    wanted = "/".join(name.encode("utf-8", "replace").decode() for name, _ in levels)
    assert spot == Spot("folder", "example.test", "al.ice@example.test", wanted, levels[-1][1])


@given(NAMES | st.sampled_from(["folder.json", "a.notes", "abc", "abc.", ".ics", "a.b.c", "x.eml", "=2E"]))
def test_an_object_is_found_under_the_name_that_it_has(name: str) -> None:
    spot = spot_of(f"/domains/example.test/public/Calendar.calendar/{names.object_name(name)}")
    assert (spot.path, spot.file) == ("Calendar", names.object_name(name))
    assert spot.file != names.FOLDER
    assert names.object_of(spot.file) == name.encode("utf-8", "replace").decode()


@given(TEXTS)
def test_what_is_safe_has_nothing_that_a_client_trips_over(name: str) -> None:
    made = names.safe(name)
    assert not set(made) & set('/\\.%#;*?"<>|:+~\r\n\0')
    assert made.isprintable()


@given(
    st.integers(1, 2**32 - 1), st.sampled_from(FLAGS), WORDS, st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1))
)
def test_a_message_says_in_its_name_what_it_is(uid: int, flags, words: frozenset[str], moment: datetime) -> None:  # type: ignore[no-untyped-def]
    saved = moment.replace(tzinfo=UTC)
    item = Item(Uid(uid), ModSeq(1), flags.value, " ".join(words), ItemId(1), 1, micros(saved), BlobId("0" * 64))
    name = names.message_name(item)
    found = names.message_of(name)
    assert found is not None
    assert (found.uid, found.marks.flags, found.marks.saved) == (uid, flags, item.saved)
    assert found.marks.keywords <= words
    assert len(name) <= names.NAME_MAX
    assert found.marks.keywords == words or len(name) > names.NAME_MAX - 6 * 60 - 1
    assert spot_of(f"/domains/x/public/INBOX/{name}").file == name


@given(st.text(max_size=80))
def test_any_name_of_a_message_is_read_or_says_nothing(name: str) -> None:
    found = names.message_of(f"{name}.eml")
    assert found is None or found.marks.saved is not None


@given(
    st.binary(max_size=200)
    | st.recursive(st.none() | st.integers() | st.text(max_size=5), st.lists).map(documents.written)
)
def test_octets_are_a_document_or_refused(octets: bytes) -> None:
    try:
        found = documents.read(octets, "account.json")
    except Refused as error:
        assert "account.json" in str(error)
    else:
        assert isinstance(found, dict)

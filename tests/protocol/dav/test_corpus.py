"""Real calendars and cards: what is taken comes back octet for octet, what is not leaves nothing behind."""

from __future__ import annotations

from groupware.calendar.vtimezone import with_zones
from tests.support import corpus
from tests.support.davstand import Client

HOME, CARDS = "/dav/calendars/alice@example.test", "/dav/contacts/alice@example.test/Contacts/"


def files(kind: str) -> list[bytes]:
    """All that is there, whatever it is: octets that were made to break readers among it."""
    return [each.read_bytes() for each in sorted(corpus.path(kind).rglob("*")) if each.is_file()]


def folder(octets: bytes) -> str:
    """Where an object belongs by its first component."""
    places = {b"BEGIN:VTODO": "Tasks", b"BEGIN:VJOURNAL": "Journal"}
    return next((place for word, place in places.items() if word in octets), "Calendar")


async def round_trip(alice: Client, path: str, octets: bytes) -> bool:
    """Whether it was taken; then it is what comes back (with the zones that it lacks), and gone again."""
    said = await alice.put(path, octets)
    if said.status != 201:
        assert said.status in (403, 413), (said.status, said.body)
        assert said.texts("S:response-description")[0]
        return False
    assert (await alice.ask("GET", path)).body == (with_zones(octets) if path.endswith(".ics") else octets)
    assert (await alice.ask("DELETE", path)).status == 204
    return True


async def test_every_calendar_object_comes_back_or_is_refused_with_a_reason(alice: Client) -> None:
    taken = [await round_trip(alice, f"{HOME}/{folder(each)}/a.ics", each) for each in files("ical")]
    assert (sum(taken) > 130, len(taken) > 500) == (True, True)
    for place in ("Calendar", "Tasks", "Journal"):
        assert (await alice.props(f"{HOME}/{place}/", "D:getetag", depth=1)).hrefs == [f"{HOME}/{place}/"]


async def test_every_contact_comes_back_or_is_refused_with_a_reason(alice: Client) -> None:
    taken = [await round_trip(alice, CARDS + "a.vcf", each) for each in files("vcard")]
    assert (sum(taken) > 15, len(taken) > 60) == (True, True)
    assert (await alice.props(CARDS, "D:getetag", depth=1)).hrefs == [CARDS]

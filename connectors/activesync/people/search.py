"""Search and Find, in mail and in the address list. MS-ASCMD §2.2.1.16, §2.2.1.2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from connectors.activesync.element import Element, el, some
from connectors.activesync.exchange import Exchange
from connectors.activesync.kinds import KINDS
from connectors.activesync.people import gal
from connectors.activesync.people.gal import Pictures
from connectors.activesync.people.sought import Sought, mail_found, moment_in, range_of
from connectors.activesync.sync.options import PLAIN, Options, Preference, part_preferences, preferences
from groupware.model.errors import NoRight, NotFound
from groupware.model.folder import Folder
from groupware.model.ids import FolderId
from groupware.model.item import Kind
from groupware.store.api import ReadTx

_OK, _PROTOCOL, _NOT_FOUND, _BAD_RANGE = 1, 2, 6, 12
_LIBRARY: Final = 14
_PREVIEW: Final = 255
_TOLD: Final = frozenset(
    {"Email:Subject", "Email:DateReceived", "Email:DisplayTo", "Email:Importance", "Email:Read", "Email:From"}
)


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the results."""

    items: Sequence[tuple[Folder, int, Element]]
    first: int
    total: int

    @property
    def range(self) -> str:
        """Which they are; "" when there is none."""
        return f"{self.first}-{self.first + len(self.items) - 1}" if self.items else ""


async def page_of_mail(exchange: Exchange, sought: Sought, span: tuple[int, int], options: Options) -> Page:
    """The results from one to another, each with what is told of it. `NotFound`, `NoRight`."""

    def work(tx: ReadTx) -> tuple[int, list[tuple[FolderId, int]], Mapping[FolderId, Folder]]:
        found = mail_found(tx, sought)
        some_ = [(at, uid) for at, uid, _ in found[span[0] : span[1] + 1]]
        return len(found), some_, {at: tx.folder(at) for at in {at for at, _ in some_}}

    total, wanted, folders = await exchange.read(work)
    data: dict[tuple[FolderId, int], Element] = {}
    for at, folder in folders.items():
        uids = [uid for where, uid in wanted if where == at]
        told = await KINDS[Kind.MAIL].render(exchange, folder, uids, options)
        data |= {(at, uid): each for uid, each in told.items()}
    items = [(folders[at], uid, data[at, uid]) for at, uid in wanted if (at, uid) in data]
    return Page(items, span[0], total)


# --- Search -----------------------------------------------------------------------------------------------------------


async def search(exchange: Exchange) -> Element:
    """Looks for mail, or for people."""
    store = exchange.root("Search:Search").child("Search:Store")
    if store is None:
        return el("Search:Search", el("Search:Status", _PROTOCOL))
    name = store.value("Search:Name").strip().lower()
    options = store.child("Search:Options") or Element("Search:Options")
    try:
        span = range_of(options.value("Search:Range"))
    except ValueError:
        return _searched(_BAD_RANGE)
    if name == "gal":
        return await _gal(exchange, store.value("Search:Query"), options, span)
    if name == "mailbox":
        return await _mailbox(exchange, store, options, span)
    return _searched(_LIBRARY if name == "documentlibrary" else _PROTOCOL)


def _searched(status: int, results: Sequence[Element] = (), range_: str = "", total: int | None = None) -> Element:
    inside = [el("Search:Status", status), *results]
    if status == _OK and not results:
        inside.append(el("Search:Result"))
    if range_:
        inside.append(el("Search:Range", range_))
    if total is not None:
        inside.append(el("Search:Total", total))
    return el("Search:Search", el("Search:Status", 1), el("Search:Response", el("Search:Store", inside)))


async def _gal(exchange: Exchange, match: str, options: Element, span: tuple[int, int]) -> Element:
    found = await gal.found(exchange, match.strip()) if match.strip() else []
    pictures = pictures_of(options.child("Search:Picture"), "Search")
    now = await gal.pictured(exchange, found[span[0] : span[1] + 1], pictures)
    results = [el("Search:Result", el("Search:Properties", gal.properties(each, pictures))) for each in now]
    range_ = f"{span[0]}-{span[0] + len(now) - 1}" if now else ""
    return _searched(_OK, results, range_, len(found))


def pictures_of(said: Element | None, space: str) -> Pictures | None:
    """How pictures are wanted."""
    if said is None:
        return None
    size = said.number(f"{space}:MaxSize") if said.child(f"{space}:MaxSize") is not None else None
    most = said.number(f"{space}:MaxPictures", 1000) if said.child(f"{space}:MaxPictures") is not None else 1000
    return Pictures(size, most)


async def _mailbox(exchange: Exchange, store: Element, options: Element, span: tuple[int, int]) -> Element:
    query = store.child("Search:Query")
    asked = query.child("Search:And") if query is not None else None
    if asked is None:
        return _searched(_PROTOCOL)
    if asked.value("AirSync:Class", "Email") != "Email":
        return _searched(_OK, total=0)
    sought = Sought(
        asked.value("Search:FreeText"),
        asked.value("AirSync:CollectionId"),
        options.child("Search:DeepTraversal") is not None,
        _bound(asked.child("Search:GreaterThan")),
        _bound(asked.child("Search:LessThan")),
    )
    wanted = Options(
        mime=options.number("AirSync:MIMESupport"),
        bodies=preferences(options, "AirSyncBase:BodyPreference"),
        parts=part_preferences(options),
    )
    try:
        page = await page_of_mail(exchange, sought, span, wanted)
    except (NotFound, NoRight):
        return _searched(_NOT_FOUND)
    results = [
        el(
            "Search:Result",
            el("AirSync:Class", "Email"),
            el("Search:LongId", f"{at.id}:{uid}"),
            el("AirSync:CollectionId", str(at.id)),
            el("Search:Properties", data.children),
        )
        for at, uid, data in page.items
    ]
    return _searched(_OK, results, page.range, page.total)


def _bound(said: Element | None) -> int:
    return moment_in(said.value("Search:Value")) if said is not None else 0


# --- Find -------------------------------------------------------------------------------------------------------------


async def find(exchange: Exchange) -> Element:
    """The same since 16.1: results are listed, and fetched when they are opened."""
    root = exchange.root("Find:Find")
    asked = root.child("Find:ExecuteSearch") or Element("Find:ExecuteSearch")
    mailbox, people = asked.child("Find:MailBoxSearchCriterion"), asked.child("Find:GALSearchCriterion")
    criterion = mailbox or people
    if criterion is None:
        return el("Find:Find", el("Find:Status", _PROTOCOL))
    options = criterion.child("Find:Options") or Element("Find:Options")
    try:
        span = range_of(options.value("Find:Range"))
    except ValueError:
        return el("Find:Find", el("Find:Status", _PROTOCOL))
    if mailbox is not None:
        return await _found_mail(exchange, mailbox, options, span)
    return await _found_people(exchange, criterion, options, span)


def _listed(store: str, results: Sequence[Element], range_: str, total: int) -> Element:
    return el(
        "Find:Find",
        el("Find:Status", 1),
        el(
            "Find:Response",
            el("ItemOperations:Store", store),
            el("Find:Status", 1),
            results,
            some("Find:Range", range_),
            el("Find:Total", total),
        ),
    )


async def _found_mail(exchange: Exchange, said: Element, options: Element, span: tuple[int, int]) -> Element:
    query = said.child("Find:Query") or Element("Find:Query")
    text, folder = query.value("Find:FreeText"), query.value("AirSync:CollectionId")
    sought = Sought(text, folder, options.child("Find:DeepTraversal") is not None)
    try:
        page = await page_of_mail(exchange, sought, span, _PREVIEWED)
    except (NotFound, NoRight):
        return _listed("Mailbox", (), "", 0)
    results = [_result(at, uid, data) for at, uid, data in page.items]
    return _listed("Mailbox", results, page.range, page.total)


_PREVIEWED: Final = Options(bodies=(Preference(PLAIN, 4 * _PREVIEW),))


def _result(at: Folder, uid: int, data: Element) -> Element:
    text = next((each.value("AirSyncBase:Data") for each in data.children if each.name == "AirSyncBase:Body"), "")
    return el(
        "Find:Result",
        el("AirSync:Class", "Email"),
        el("AirSync:ServerId", f"{at.id}:{uid}"),
        el("AirSync:CollectionId", str(at.id)),
        el(
            "Find:Properties",
            [each for each in data.children if each.name in _TOLD],
            el("Find:Preview", " ".join(text.split())[:_PREVIEW]),
            el("Find:HasAttachments", data.child("AirSyncBase:Attachments") is not None),
        ),
    )


async def _found_people(exchange: Exchange, said: Element, options: Element, span: tuple[int, int]) -> Element:
    query = said.child("Find:Query") or Element("Find:Query")
    match = (query.value("Find:FreeText") or query.text).strip()
    found = await gal.found(exchange, match) if match else []
    pictures = pictures_of(options.child("Find:Picture"), "Find")
    now = await gal.pictured(exchange, found[span[0] : span[1] + 1], pictures)
    results = [el("Find:Result", el("Find:Properties", gal.properties(each, pictures))) for each in now]
    return _listed("GAL", results, f"{span[0]}-{span[0] + len(now) - 1}" if now else "", len(found))

"""The tree as it is read: what is in a directory, with sizes and times, and the octets of a file.

A listing is one snapshot of the store. Octets of messages come piece by piece.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from groupware.model.errors import NotFound
from groupware.model.folder import SEPARATOR, Folder
from groupware.model.ids import EVERY, BlobId
from groupware.model.item import Item, Kind
from groupware.model.rights import Right
from groupware.store.api import ReadTx
from mailcore.ftp import documents, names
from mailcore.ftp.desk import Desk, domain_at, owner_at
from mailcore.ftp.documents import KINDS
from mailcore.ftp.names import Spot

_BEGINNING = datetime(1980, 1, 1, tzinfo=UTC).timestamp()


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a listing. Of a file either the octets are here, or the blob that has them."""

    name: str
    directory: bool = False
    size: int = 0
    modified: float = _BEGINNING
    octets: bytes = b""
    blob: BlobId | None = None


def listed(desk: Desk, spot: Spot) -> Sequence[Entry]:
    """What is in a directory. `NotFound`, `NoRight`."""
    if spot.file:
        raise NotFound(f"{spot.file}: this is a file")
    return list(_LISTINGS[spot.level](desk, spot))


def found(desk: Desk, spot: Spot) -> Entry:
    """A directory or a file. `NotFound`, `NoRight`."""
    if not spot.file:
        check(desk, spot)
        return Entry("", directory=True)
    if spot.level == "folder" and spot.file != names.FOLDER:
        return _stored(desk, spot)
    for entry in listed(desk, _directory(spot)):
        if entry.name == spot.file and not entry.directory:
            return entry
    raise NotFound(f"{spot.file}: there is no such file")


def check(desk: Desk, spot: Spot) -> None:
    """Comes back when there is such a directory for who has signed in. `NotFound`, `NoRight`.

    The directory of an account that is not there yet can be entered: so it is made anew by what is put into it.
    """
    if spot.level in ("top", "domains"):
        return
    with desk.store.snapshot(desk.who) as tx:
        domain_at(tx, spot)
    if spot.level == "folder" and spot.path:
        owner = owner_at(desk, spot)
        with desk.store.snapshot(owner.who) as tx:
            folder = tx.locate(owner.account, spot.path)
            if folder.kind is not spot.kind:
                raise NotFound(f"{spot.path}: there is a folder of that name, for {folder.kind.value}")


def _directory(spot: Spot) -> Spot:
    return Spot(spot.level, spot.domain, spot.owner, spot.path, spot.kind)


# --- listings -------------------------------------------------------------------------------------------------------


def _top(desk: Desk, spot: Spot) -> Iterator[Entry]:
    yield Entry("domains", directory=True)


def _domains(desk: Desk, spot: Spot) -> Iterator[Entry]:
    with desk.store.snapshot(desk.who) as tx:
        yield from [Entry(each.name, directory=True) for each in tx.administered()]


def _domain(desk: Desk, spot: Spot) -> Iterator[Entry]:
    with desk.store.snapshot(desk.who) as tx:
        yield _document(names.DOMAIN, documents.domain_facts(tx, domain_at(tx, spot)))
    yield from (Entry(name, directory=True) for name in ("accounts", "public"))


def _accounts(desk: Desk, spot: Spot) -> Iterator[Entry]:
    with desk.store.snapshot(desk.who) as tx:
        domain_at(tx, spot)
        there = tx.accounts(spot.domain)
    for each in there:
        if each.kind in KINDS:
            yield Entry(names.safe(each.address.rpartition("@")[0]), directory=True)


def _account(desk: Desk, spot: Spot) -> Iterator[Entry]:
    with desk.store.snapshot(desk.who) as tx:
        domain_at(tx, spot)
        try:
            account = tx.account(spot.owner)
        except NotFound:
            return
        yield _document(names.ACCOUNT, documents.account_facts(tx, account))
        yield _document(names.SECRETS, documents.secret_facts(tx, spot.owner))
        yield Entry("scripts", directory=True)
        if account.enabled:
            yield Entry("folders", directory=True)


def _scripts(desk: Desk, spot: Spot) -> Iterator[Entry]:
    with desk.store.snapshot(desk.who) as tx:
        domain_at(tx, spot)
        try:
            account = tx.account(spot.owner).id
        except NotFound:
            return
        for each in tx.scripts(account):
            octets = tx.script(each.name, account)
            name = names.script_name(each.name, active=each.active)
            yield Entry(name, size=len(octets), modified=_now(), octets=octets)


def _folder(desk: Desk, spot: Spot) -> Iterator[Entry]:
    try:
        owner = owner_at(desk, spot)
    except NotFound:
        if spot.path or not spot.owner:
            raise
        return  # an account that is yet to be made
    with desk.store.snapshot(owner.who) as tx:
        here = tx.locate(owner.account, spot.path)
        below = [each for each in tx.folders(of=owner.account) if each.parent == here.id and each.exists]
        yield _document(names.FOLDER, documents.folder_facts(tx, here))
        for each in below:
            yield Entry(names.folder_name(each.path.rpartition(SEPARATOR)[2], each.kind), directory=True)
        if Right.READ in here.rights:
            name = _naming(here)
            yield from (_item(name(item), item) for item in tx.items(here.id, EVERY))


def _stored(desk: Desk, spot: Spot) -> Entry:
    owner = owner_at(desk, spot)
    with desk.store.snapshot(owner.who) as tx:
        folder = tx.locate(owner.account, spot.path, Right.READ)
        return _item(spot.file, _item_at(tx, folder, spot.file))


def _item_at(tx: ReadTx, folder: Folder, file: str) -> Item:
    """The item of that name; flags that were changed since the listing do not matter."""
    if folder.kind is not Kind.MAIL:
        return tx.item(folder.id, names.object_of(file))
    named = names.message_of(file)
    if named is not None:
        for item in tx.items(folder.id, [(named.uid, named.uid)]):
            if item.saved == named.marks.saved:
                return item
    raise NotFound(f"{file}: there is no such message")


def _naming(folder: Folder) -> Callable[[Item], str]:
    return names.message_name if folder.kind is Kind.MAIL else lambda item: names.object_name(item.name)


def _item(name: str, item: Item) -> Entry:
    return Entry(name, size=item.size, modified=item.saved_at / 1e6, blob=item.blob)


def _document(name: str, facts: object) -> Entry:
    octets = documents.written(facts)
    return Entry(name, size=len(octets), modified=_now(), octets=octets)


def _now() -> float:
    return datetime.now(UTC).timestamp()


_LISTINGS = {
    "top": _top,
    "domains": _domains,
    "domain": _domain,
    "accounts": _accounts,
    "account": _account,
    "scripts": _scripts,
    "folder": _folder,
}

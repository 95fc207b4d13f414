"""The tree as it is written: a file that comes back is put where it belongs, once however often it comes.

A message is known by its octets and the moment when it was saved; an object by its name.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from groupware.calendar import item as calendar_item
from groupware.contacts import card
from groupware.mime.item import UNMARKED, Marks, read_item
from groupware.model.errors import AlreadyExists, NotFound, Refused
from groupware.model.flags import FlagChange
from groupware.model.folder import Folder
from groupware.model.ids import FolderId, Uid
from groupware.model.item import Item, Kind, NewItem
from groupware.model.octets import Octets
from groupware.model.principal import Domain
from groupware.model.rights import Right
from groupware.model.times import micros
from groupware.store.api import ReadTx, WriteTx
from mailcore.ftp import documents, names
from mailcore.ftp.desk import Desk, Owner, domain_at, owner_at
from mailcore.ftp.names import Spot

CLAIMS_MAX: Final = 100_000
OBJECT_MAX: Final = 16 * 1024 * 1024


class Claims:
    """Which message of a folder a name of this session stands for: so of two that are alike each is put back."""

    __slots__ = ("_names",)

    def __init__(self) -> None:
        self._names: OrderedDict[tuple[FolderId, Uid], str] = OrderedDict()

    def free(self, at: FolderId, uid: Uid, name: str) -> bool:
        """Whether this message may be the one of that name."""
        return self._names.get((at, uid), name) == name

    def take(self, at: FolderId, uid: Uid, name: str) -> None:
        """It is the one of that name."""
        self._names[at, uid] = name
        if len(self._names) > CLAIMS_MAX:
            self._names.popitem(last=False)


def make_directory(desk: Desk, spot: Spot) -> None:
    """Makes a domain or a folder; of an account it is enough that it may be made. `NoRight`, `Refused`, `NotFound`."""
    if spot.file or spot.level in ("top", "domains"):
        raise Refused("there is no room for a directory of that name")
    if spot.level == "domain":
        desk.store.write_later(desk.who, lambda tx: _make_domain(tx, spot.domain)).result()
    elif spot.level == "folder" and spot.path:
        owner = owner_at(desk, spot)
        desk.store.write_later(owner.who, lambda tx: _make_folder(tx, owner, spot)).result()
    else:
        with desk.store.snapshot(desk.who) as tx:
            domain_at(tx, spot)


def _make_domain(tx: WriteTx, name: str) -> None:
    if name not in {each.name for each in tx.administered()}:
        tx.put_domain(Domain(name))


def _make_folder(tx: WriteTx, owner: Owner, spot: Spot) -> Folder:
    try:
        there = tx.locate(owner.account, spot.path)
    except NotFound:
        return tx.add_folder(owner.account, spot.path, spot.kind)
    if there.kind is not spot.kind:
        raise AlreadyExists(f"{spot.path}: there is a folder of that name, for {there.kind.value}")
    return there


def check_target(desk: Desk, spot: Spot) -> None:
    """Comes back when such a file can be put there, before its octets come. `NotFound`, `NoRight`, `Refused`."""
    if not spot.file:
        raise Refused("this is the name of a directory")
    if spot.level == "folder":
        owner = owner_at(desk, spot)
        with desk.store.snapshot(owner.who) as tx:
            tx.locate(owner.account, spot.path, Right.INSERT if spot.file != names.FOLDER else Right.ADMIN)
    elif spot.level != "domain":
        with desk.store.snapshot(desk.who) as tx:
            domain_at(tx, spot)


def put_file(desk: Desk, spot: Spot, octets: Octets, claims: Claims) -> None:
    """Puts a file back. What the store raises; `Refused` for what is no such file, or not wholly put back."""
    if spot.level != "folder" or spot.file == names.FOLDER:
        if len(octets) > documents.DOCUMENT_MAX:
            raise Refused(f"{spot.file}: such a file has at most {documents.DOCUMENT_MAX} octets")
        _put_document(desk, spot, bytes(octets[:]))
        return
    owner = owner_at(desk, spot)
    with desk.store.snapshot(owner.who) as tx:
        folder = tx.locate(owner.account, spot.path, Right.INSERT)
    if folder.kind is Kind.MAIL:
        _put_message(desk, owner, folder, spot.file, octets, claims)
    else:
        _put_object(desk, owner, folder, spot.file, octets)


# --- documents ------------------------------------------------------------------------------------------------------


def _put_document(desk: Desk, spot: Spot, octets: bytes) -> None:
    if spot.level == "scripts":
        desk.store.write_later(desk.who, lambda tx: _put_script(tx, spot, octets)).result()
        return
    facts = documents.read(octets, spot.file)
    if spot.level == "folder":
        owner = owner_at(desk, spot)
        problems = desk.store.write_later(
            owner.who, lambda tx: documents.put_folder(tx, owner.account, spot.path, facts)
        ).result()
        if problems:
            raise Refused(f"put back, but for {len(problems)} things: {'; '.join(problems)[:400]}")
        return

    def work(tx: WriteTx) -> None:
        if spot.file == names.DOMAIN:
            documents.put_domain(tx, spot.domain, facts)
        elif spot.file == names.ACCOUNT:
            documents.put_account(tx, spot.owner, facts)
        else:
            documents.put_secrets(tx, spot.owner, facts)

    desk.store.write_later(desk.who, work).result()


def _put_script(tx: WriteTx, spot: Spot, octets: bytes) -> None:
    account = tx.account(spot.owner).id
    name, active = names.script_of(spot.file)
    tx.put_script(name, octets, account)
    if active:
        tx.activate_script(name, account)


# --- messages and objects -------------------------------------------------------------------------------------------


def _put_message(desk: Desk, owner: Owner, folder: Folder, file: str, octets: Octets, claims: Claims) -> None:
    if not octets or not file.endswith(names.MESSAGE):
        raise Refused(f"{file}: this is no message; its name ends with {names.MESSAGE}, and it is not empty")
    named = names.message_of(file)
    marks = named.marks if named is not None else UNMARKED
    new: NewItem = desk.run(read_item(octets, desk.blobs, marks))

    def work(tx: WriteTx) -> Uid:
        for item in _alike(tx, folder.id, new, marks):
            if claims.free(folder.id, item.uid, file):
                if named is not None:
                    change = FlagChange(add=marks.flags, add_words=marks.keywords, replace=True)
                    tx.update_flags(folder.id, [(item.uid, item.uid)], change)
                return item.uid
        return tx.append(folder.id, [new])[0].uid

    claims.take(folder.id, desk.store.write_later(owner.who, work).result(), file)


def _alike(tx: ReadTx, at: FolderId, new: NewItem, marks: Marks) -> Sequence[Item]:
    """The messages with the same octets, saved at the same moment if the name of the file says when."""
    if marks.saved is not None:
        moment = micros(marks.saved)
        uids = tx.within(at, "saved", moment, moment)
    else:
        size = new.size + new.extra
        uids = tx.within(at, "octets", size, size)
    return [item for uid in uids for item in tx.items(at, [(uid, uid)]) if item.blob == new.blob]


def _put_object(desk: Desk, owner: Owner, folder: Folder, file: str, octets: Octets) -> None:
    if len(octets) > OBJECT_MAX:
        raise Refused(f"{file}: an object has at most {OBJECT_MAX} octets")
    name = names.object_of(file)
    reading = card.read_item if folder.kind is Kind.CONTACTS else calendar_item.read_item
    new: NewItem = desk.run(reading(bytes(octets[:]), desk.blobs, name))[1]

    def work(tx: WriteTx) -> None:
        there = tx.items_named(folder.id, [name])
        if not there:
            tx.append(folder.id, [new])
        elif there[0].blob != new.blob:
            tx.replace(folder.id, name, new)

    desk.store.write_later(owner.who, work).result()

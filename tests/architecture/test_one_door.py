"""Nobody gets past the one check: everything is asked as somebody who holds nothing."""

from __future__ import annotations

import inspect
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from groupware.model.errors import BadCredentials, NoRight, NotFound, Refused
from groupware.model.event import Envelope, Recipient
from groupware.model.ids import BlobId
from groupware.model.mailinglist import Subscriber
from groupware.model.principal import Principal, PrincipalKind
from groupware.store.sql import schema
from groupware.store.sql.door import SqlTx
from tests.architecture.asks import INSIDE, LIST, OWN_THINGS, REFUSED, A, Scene, item
from tests.store.house import house


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    data = Path(tempfile.mkdtemp())
    with house(data, "") as made:
        made.domain("example.test")
        made.domain("other.test")
        alice, mallory = made.add("alice@example.test"), made.add("mallory@other.test")
        made.write(lambda tx: tx.put_credential(alice.id, "app", "sealed", "phone"))
        who = made.who(alice)
        folder = made.write(lambda tx: tx.create_folder("Work"), who).id
        made.write(lambda tx: tx.append(folder, [item("a.ics")]), who)
        envelope = Envelope("alice@example.test", (Recipient("x@far.test"),), BlobId("c" * 64), 1, body=b"x")
        queued = made.write(lambda tx: tx.enqueue(envelope))
        listed = made.add(LIST, PrincipalKind.LIST).id
        made.write(lambda tx: tx.put_subscriber(listed, Subscriber(A)))
        mine = made.read(lambda tx: tx.folder("INBOX"), made.who(mallory)).id
        yield Scene(made, made.who(mallory), alice.id, folder, mine, queued, listed)
    shutil.rmtree(data)


def _methods() -> set[str]:
    return {name for name, _ in inspect.getmembers(SqlTx) if not name.startswith("_")}


def test_every_method_is_asked_for() -> None:
    assert _methods() - INSIDE == REFUSED.keys() | OWN_THINGS.keys()


def _counts(scene: Scene) -> dict[str, int]:
    with scene.house.store.database.readers.connect() as connection:
        return {
            name: connection.scalar(select(func.count()).select_from(table)) or 0
            for name, table in schema.metadata.tables.items()
        }


@pytest.mark.parametrize("name", REFUSED)
def test_who_holds_nothing_is_refused_and_changes_nothing(scene: Scene, name: str) -> None:
    before = _counts(scene)
    for ask in REFUSED[name]:
        with pytest.raises((NotFound, NoRight, BadCredentials, Refused)):
            scene.house.write(lambda tx, ask=ask: ask(tx, scene), scene.mallory)  # type: ignore[misc]
    assert _counts(scene) == before


def test_who_holds_nothing_lists_only_its_own(scene: Scene) -> None:
    assert all(each.own for each in scene.house.read(lambda tx: tx.folders(), scene.mallory) if each.exists)
    assert scene.house.read(lambda tx: tx.folders(of=scene.alice), scene.mallory) == []
    assert scene.house.read(lambda tx: tx.may_send_as(A), scene.mallory) is False


def test_a_forged_name_opens_nothing(scene: Scene) -> None:
    forged = Principal(scene.mallory.account, A, frozenset({A, "operator"}), epoch=-1)
    with pytest.raises(NotFound):
        scene.house.read(lambda tx: tx.entries(scene.folder), forged)

"""`postroom salvage`: what `check --repair` took out of folders, listed, put back or dropped.

What is put back has been read whole before: nothing comes back that cannot be served.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from groupware.model.errors import NotFound, Refused
from groupware.model.ids import BlobId, Uid
from groupware.model.principal import OPERATOR

from .api import Where
from .blobs import SqlBlobs, hashed
from .sql import quarantine
from .sql.engine import Sql, trouble
from .sql.quarantine import Quarantined
from .sql.store import SqlStore
from .sql.tx import Tx

__all__ = ["Quarantined", "drop", "listed", "restore"]


def listed(store: SqlStore, number: int | None = None) -> Sequence[Quarantined]:
    """What is in quarantine, in the order in which it came there. `NotFound`: not the one of that number."""
    try:
        with store.database.readers.connect() as connection, connection.begin():
            found = quarantine.listed(Sql(connection), number)
    except Exception as error:
        raise trouble(error) from error
    if number is not None and not found:
        raise NotFound(f"there is no number {number} set aside")
    return found


def restore(
    store: SqlStore, blobs: SqlBlobs, number: int, *, to: Where | None = None, octets: bytes | None = None
) -> Uid:
    """Puts one back, into its folder or into `to`; its UID there. Blocks. `NotFound`, `Refused`, `AlreadyExists`.

    `octets`: the body, should only somebody else still have it.
    """
    [found] = listed(store, number)
    if found.blob is not None and octets is not None:
        _bring(store, blobs, found.blob, octets)
    elif found.blob is not None:
        _read(blobs, found.blob)
    return store.write_later(OPERATOR, lambda tx: quarantine.restore(_inner(tx), number, to)).result()


def drop(store: SqlStore, number: int) -> None:
    """Forgets one for good. Blocks. `NotFound`."""
    store.write_later(OPERATOR, lambda tx: quarantine.drop(_inner(tx), number)).result()


def _read(blobs: SqlBlobs, blob: BlobId) -> None:
    try:
        whole = hashed(blobs.read_now(blob)) == blob
    except NotFound:
        whole = False
    if not whole:
        raise Refused(
            f"body {blob} is still lost or damaged; bring it back where it was, or give a file that has it with --body"
        )


def _bring(store: SqlStore, blobs: SqlBlobs, blob: BlobId, octets: bytes) -> None:
    if hashed(octets) != blob:
        raise Refused(f"these are not the octets that are lost: their SHA-256 is {hashed(octets)}, not {blob}")
    stored = blobs.put_anew(octets)
    store.write_later(OPERATOR, partial(_mend, stored.blob, stored.size, stored.body)).result()


def _mend(blob: BlobId, size: int, body: bytes | None, tx: object) -> None:
    quarantine.mend(_inner(tx), blob, size, body)


def _inner(tx: object) -> Tx:
    assert isinstance(tx, Tx)
    return tx

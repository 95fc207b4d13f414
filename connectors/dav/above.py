"""The folders above a collection, whose rows count in it as well. RFC 3744 §5.5.4, §5.7."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connectors.dav.paths import HOMES, place
from connectors.dav.shelf import Shelf
from groupware.model.errors import NoRight, NotFound
from groupware.model.rights import Grant, Right
from groupware.store.api import ReadTx


def above(tx: ReadTx, shelf: Shelf) -> Iterator[tuple[str, Sequence[Grant]]]:
    """The path that stands for each folder above, from the nearest on, and its rows; as far as one may read them.

    What is no collection here, as the root of a tree, is the home.
    """
    at, parent = place(shelf.href), shelf.folder.parent
    home = shelf.href.removesuffix("/").rpartition("/")[0] + "/"
    while parent is not None:
        try:
            folder = tx.folder(parent, Right.ADMIN)
        except (NotFound, NoRight):
            return
        path = f"{home}~{folder.id}/" if folder.kind in HOMES[at.area] else home
        yield path, tx.grants(folder.id)
        parent = folder.parent

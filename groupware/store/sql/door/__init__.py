"""The transaction as the rest of the house sees it: each method is one function of the module that its noun names.

What a method does, which right it takes and how it fails stands in `groupware.store.api`.
"""

from __future__ import annotations

from .belongings import Belongings
from .devices import Devices
from .folders import Folders
from .items import Items
from .objects import Objects
from .people import People
from .post import Post
from .remotes import Remotes
from .rules import Rules
from .sharing import Sharing
from .sources import Sources


class SqlTx(Folders, Sharing, Items, Objects, People, Rules, Belongings, Devices, Remotes, Sources, Post):
    """`groupware.store.api.WriteTx` over SQL."""

    __slots__ = ()

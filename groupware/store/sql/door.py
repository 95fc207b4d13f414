"""The transaction as the rest of the house sees it: each method is one function of the module that its noun names."""

from __future__ import annotations

from .tx import Tx


class SqlTx(Tx):
    """`groupware.store.api.WriteTx` over SQL."""

    __slots__ = ()

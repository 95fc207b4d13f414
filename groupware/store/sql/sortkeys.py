"""What items are sorted and threaded by: written with a content, and never changed. What is no mail has none."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, delete, insert

from groupware.model.item import Keys

from . import schema
from .tx import Tx

_k = schema.sort_key.c
TEXTS: Final = ("subject", "from_box", "to_box", "cc_box", "from_name", "to_name", "message_id", "ids")

_PUT: Final = insert(schema.sort_key).values({column.name: bindparam(column.name) for column in schema.sort_key.c})
_DROP: Final = delete(schema.sort_key).where(_k.content_id == bindparam("content"))


def put(tx: Tx, content: int, keys: Keys) -> None:
    """Makes the items of a content sortable."""
    values = {name: getattr(keys, name) for name in (*TEXTS[:-1], "sent", "day", "reply")}
    tx.sql.change(_PUT, {**values, "content_id": content, "ids": "\n".join(keys.references)})


def drop(tx: Tx, content: int) -> None:
    """Forgets the keys of a content."""
    tx.sql.change(_DROP, {"content": content})

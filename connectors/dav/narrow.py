"""Which contacts a filter can let through, by the index of texts; the filter itself decides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from connectors.dav.filters import Prop
from groupware.model.ids import FolderId, Uid
from groupware.model.item import Query
from groupware.store.api import ReadTx

FIELDS: Final = {"FN": "subject", "N": "subject", "EMAIL": "from", "TEL": "body", "NICKNAME": "body"}
"""Where the index has the text of a property (`groupware.contacts.card.texts_of`)."""


def narrowed(tx: ReadTx, at: FolderId, props: Sequence[Prop], every: bool) -> list[tuple[Uid, Uid]] | None:
    """The UIDs of contacts that may be let through; None: any of them."""
    asked = _queries(props, every)
    if asked is None:
        return None
    uids = {found.uid for query in asked for found in tx.find([at], query)}
    return [(uid, uid) for uid in sorted(uids)]


def _queries(props: Sequence[Prop], every: bool) -> list[Query] | None:
    """Of which each contact that is let through answers one at least."""
    known = [_of(prop) for prop in props]
    if every:
        return next((each for each in known if each is not None), None)
    found: list[Query] = []
    for each in known:
        if each is None:
            return None
        found.extend(each)
    return found or None


def _of(prop: Prop) -> list[Query] | None:
    name = FIELDS.get(prop.name)
    texts = [each.text for each in prop.matches if not each.negate and _is_plain(each.text)]
    if name is None or prop.absent or not texts:
        return None
    if prop.every or len(prop.matches) + len(prop.params) == 1:
        return [Query(fields=tuple((name, text) for text in texts))]
    if prop.params or len(texts) < len(prop.matches):
        return None
    return [Query(fields=((name, text),)) for text in texts]


def _is_plain(text: str) -> bool:
    """Whether the text is in the index as it is in the property: not across the parts of a structured value."""
    return bool(text.strip()) and not any(sign in text for sign in ";,\\\n")

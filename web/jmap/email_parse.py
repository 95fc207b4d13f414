"""`Email/parse`: blobs read as messages, without putting them anywhere. RFC 8621 §4.9."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from groupware.mime.headers import fields
from groupware.mime.keys import keys_of
from groupware.mime.summary import summarize
from groupware.model.ids import BlobId, ItemId
from web.jmap import bodies
from web.jmap.arguments import argument, count, flag, ident, ids, texts
from web.jmap.blobs import octets_of
from web.jmap.email_get import OF_MESSAGE, Asked, Row, asked_for, email
from web.jmap.email_get import Arguments as GetArguments
from web.jmap.errors import MethodError
from web.jmap.ids import account_id
from web.jmap.limits import BODY_VALUES
from web.jmap.turn import Turn, owner_in

_UNPLACED: Final = ("id", "threadId", "mailboxIds", "keywords", "receivedAt")
"""What only an email that is somewhere has."""
_MOST: Final = 50


@dataclass(frozen=True, slots=True)
class Arguments:
    """RFC 8621 §4.9."""

    account_id: str = argument(ident)
    blob_ids: tuple[str, ...] = argument(ids)
    properties: tuple[str, ...] = argument(texts, OF_MESSAGE)
    body_properties: tuple[str, ...] = argument(texts, bodies.PROPERTIES)
    fetch_text_body_values: bool = argument(flag, False)
    fetch_html_body_values: bool = argument(flag, False, "fetchHTMLBodyValues")
    fetch_all_body_values: bool = argument(flag, False)
    max_body_value_bytes: int = argument(count, 0)


async def parse(turn: Turn, arguments: Arguments) -> Mapping[str, Any]:
    """`Email/parse`."""
    if len(arguments.blob_ids) > _MOST:
        raise MethodError("requestTooLarge", f"more than {_MOST} blobs")
    asked = replace(asked_for(_as_get(arguments)), properties=list(arguments.properties))
    owner = await turn.read(lambda tx: owner_in(tx, arguments.account_id))
    parsed: dict[str, Any] = {}
    bad: list[str] = []
    absent: list[str] = []
    left = BODY_VALUES
    for name in arguments.blob_ids:
        found = (await octets_of(turn, arguments.account_id, [name])).get(name)
        if found is None:
            absent.append(name)
        elif not any(field for field, _ in fields(found.octets[:65536])):
            bad.append(name)
        else:
            one = await asyncio.to_thread(_parsed, turn.real(name), found.octets, asked)
            left -= sum(len(each["value"]) for each in one.get("bodyValues", {}).values())
            if left < 0:
                raise MethodError("requestTooLarge", "these texts are too much for one answer: ask for fewer")
            parsed[name] = one
    return {
        "accountId": account_id(owner),
        "parsed": parsed or None,
        "notParsable": bad or None,
        "notFound": absent or None,
    }


def _as_get(arguments: Arguments) -> GetArguments:
    return GetArguments(
        arguments.account_id,
        (),
        arguments.properties,
        arguments.body_properties,
        arguments.fetch_text_body_values,
        arguments.fetch_html_body_values,
        arguments.fetch_all_body_values,
        arguments.max_body_value_bytes,
    )


def _parsed(blob: str, octets: bytes, asked: Asked) -> dict[str, Any]:
    summary = summarize(octets)
    keys = keys_of(summary)
    row = Row(
        ItemId(0),
        BlobId(""),
        0,
        summary.size,
        summary.encode(),
        keys.message_id,
        "\n".join(keys.references),
    )
    found = email(row, octets, asked, blob)
    return {name: None if name in _UNPLACED else value for name, value in found.items()}

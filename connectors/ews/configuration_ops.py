"""What programs keep of their own by a name: user configurations. MS-OXWSUSRCFG."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, Final

from connectors.bounded_xml import Element, quoted
from connectors.ews.errors import EwsError, invalid
from connectors.ews.ids import change_key, item_id
from connectors.ews.tree import folder_in, node_in
from connectors.ews.turn import Turn, each
from connectors.ews.wire import (
    Xml,
    child,
    children,
    local,
    message,
    needed,
    tag,
    words,
)
from groupware.model.ids import ItemId
from groupware.model.record import Record, RecordKind
from groupware.store.api import ReadTx, WriteTx

LONGEST: Final = 512 * 1024
"""Characters of one configuration."""


_ROOT: Final = 0
"""Where those are that belong to the root, which no folder is."""


def _name_in(element: Element) -> tuple[str, Element]:
    """The name of a configuration, and the folder that it belongs to. `EwsError`."""
    said = element if local(element) == "UserConfigurationName" else needed(element, "UserConfigurationName")
    folder = next(children(said), None)
    name = said.get("Name", "")
    if folder is None or not 0 < len(name) <= 237:
        raise EwsError("ErrorInvalidRequest", "UserConfigurationName: a name and a folder are wanted")
    return name, folder


def _find(tx: ReadTx, name: str, named: Element) -> tuple[int, Record | None]:
    _, node = node_in(tx, named)
    at = _ROOT if node.distinguished == "root" else folder_in(tx, named).id
    for record in tx.records(RecordKind.CONFIGURATION):
        facts = json.loads(record.facts)
        if facts["name"].lower() == name.lower() and facts["folder"] == at:
            return at, record
    return at, None


def _missing() -> EwsError:
    return EwsError("ErrorItemNotFound", "there is no such configuration")


async def get_user_configuration(turn: Turn, element: Element) -> str:
    """`GetUserConfiguration`."""
    name, folder = _name_in(element)
    wanted = (words(element, "UserConfigurationProperties") or "All").split()

    def look(tx: ReadTx) -> str:
        _, record = _find(tx, name, folder)
        if record is None:
            raise _missing()
        return _configuration(name, folder, record, wanted)

    async def work(_: None) -> str:
        return await turn.read(look)

    return await each("GetUserConfiguration", [None], work)


def _configuration(name: str, folder: Element, record: Record, wanted: list[str]) -> str:
    facts = json.loads(record.facts)
    attributes = "".join(f' {key}="{quoted(str(value))}"' for key, value in folder.attrib.items())
    inside = (
        f'<t:UserConfigurationName Name="{quoted(name)}"><t:{local(folder)}{attributes}/></t:UserConfigurationName>'
    )
    if {"All", "Id"} & set(wanted):
        named = item_id(ItemId(record.number))
        inside += f'<t:ItemId Id="{named}" ChangeKey="{change_key(record.changed)}"/>'
    if {"All", "Dictionary"} & set(wanted) and facts.get("dictionary"):
        rows = "".join(_entry(*row) for row in facts["dictionary"])
        inside += tag("Dictionary", Xml(rows))
    for key, kind in (("XmlData", "xml"), ("BinaryData", "binary")):
        if {"All", key} & set(wanted) and facts.get(kind):
            inside += tag(key, facts[kind])
    return message("UserConfiguration", inside)


def _entry(key: list[Any], value: list[Any] | None) -> str:
    def side(name: str, said: list[Any]) -> str:
        values = "".join(tag("Value", each_) for each_ in said[1:])
        return tag(name, Xml(tag("Type", said[0]) + values))

    told = side("DictionaryValue", value) if value is not None else ""
    return tag("DictionaryEntry", Xml(side("DictionaryKey", key) + told))


def _facts(element: Element, name: str, at: int) -> str:
    """What is kept of a configuration. `EwsError`."""
    facts: dict[str, Any] = {"name": name, "folder": at}
    rows = []
    for entry in children(child(element, "Dictionary")):
        sides = [_side(child(entry, part)) for part in ("DictionaryKey", "DictionaryValue")]
        if sides[0] is not None:
            rows.append(sides)
    facts["dictionary"] = rows
    for key, kind in (("XmlData", "xml"), ("BinaryData", "binary")):
        text = "".join((words(element, key) or "").split())
        try:
            base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise invalid(f"{key} is no base64") from None
        facts[kind] = text
    found = json.dumps(facts, ensure_ascii=False)
    if len(found) > LONGEST:
        raise EwsError("ErrorQuotaExceeded", f"a configuration of more than {LONGEST} characters")
    return found


def _side(element: Element | None) -> list[str] | None:
    if element is None or len(element) == 0:
        return None
    return [words(element, "Type") or "String", *[each_.text or "" for each_ in children(element, "Value")]]


async def create_user_configuration(turn: Turn, element: Element) -> str:
    """`CreateUserConfiguration`."""
    return await _write(turn, element, "CreateUserConfiguration", new=True)


async def update_user_configuration(turn: Turn, element: Element) -> str:
    """`UpdateUserConfiguration`."""
    return await _write(turn, element, "UpdateUserConfiguration", new=False)


async def _write(turn: Turn, element: Element, operation: str, *, new: bool) -> str:
    given = needed(element, "UserConfiguration")
    name, folder = _name_in(given)

    def put(tx: WriteTx) -> None:
        at, record = _find(tx, name, folder)
        if new and record is not None:
            raise EwsError("ErrorItemSave", "there is a configuration of that name")
        if not new and record is None:
            raise _missing()
        tx.put_record(RecordKind.CONFIGURATION, _facts(given, name, at), record.number if record is not None else None)

    async def work(_: None) -> str:
        await turn.write(put)
        return ""

    return await each(operation, [None], work)


async def delete_user_configuration(turn: Turn, element: Element) -> str:
    """`DeleteUserConfiguration`."""
    name, folder = _name_in(element)

    def drop(tx: WriteTx) -> None:
        _, record = _find(tx, name, folder)
        if record is None:
            raise _missing()
        tx.drop_record(RecordKind.CONFIGURATION, record.number)

    async def work(_: None) -> str:
        await turn.write(drop)
        return ""

    return await each("DeleteUserConfiguration", [None], work)

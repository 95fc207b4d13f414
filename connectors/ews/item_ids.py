"""Which item is meant: ItemId, OccurrenceItemId, RecurringMasterItemId. MS-OXWSCORE §2.2.4.25."""

from __future__ import annotations

from connectors.bounded_xml import Element
from connectors.ews.errors import EwsError
from connectors.ews.ids import Id, modseq_of, read_id
from connectors.ews.wire import local, number
from groupware.model.ids import ModSeq


def read_item_id(element: Element, *, reading: bool = False) -> Id:
    """The id; of an occurrence that is counted its number stands in `more`, behind `#`. `EwsError`.

    `reading`: it may be that of an item that was removed, or of a busy time.
    """
    match local(element):
        case "ItemId" | "ReferenceItemId":
            found = read_id(element.get("Id", ""), "I", "O", "D", "B")
            if found.letter == "B" and not reading:
                raise EwsError("ErrorAccessDenied", "this is a time when somebody is busy, which is only read")
            if found.letter == "D" and not reading:
                raise EwsError("ErrorAccessDenied", "this item has been removed: move it into a folder first")
            return found
        case "RecurringMasterItemId":
            named = read_id(element.get("OccurrenceId", ""), "O", "I")
            return Id("I", named.number)
        case "OccurrenceItemId":
            named = read_id(element.get("RecurringMasterId", ""), "I", "O")
            index = number(element.get("InstanceIndex"), "InstanceIndex", 1, 10_000)
            if index is None:
                raise EwsError("ErrorSchemaValidation", "InstanceIndex is missing")
            return Id("O", named.number, f"#{index}")
    raise EwsError("ErrorInvalidIdMalformed", f"{local(element)[:60]}: this names no item")


def known_state(element: Element) -> ModSeq | None:
    """The state in which the client knows the item, by its ChangeKey; None: it does not say. `EwsError`."""
    key = element.get("ChangeKey", "")
    found = modseq_of(key)
    if key and found is None:
        raise EwsError("ErrorInvalidChangeKey", f"ChangeKey: {key[:60]!r} is none of this server's")
    return found

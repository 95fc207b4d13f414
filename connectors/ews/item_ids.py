"""Which item is meant: ItemId, OccurrenceItemId, RecurringMasterItemId. MS-OXWSCORE §2.2.4.25."""

from __future__ import annotations

from connectors.bounded_xml import Element
from connectors.ews.errors import EwsError
from connectors.ews.ids import Id, read_id
from connectors.ews.wire import local, number


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

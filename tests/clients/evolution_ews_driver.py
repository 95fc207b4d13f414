"""Runs under the system's Python: an account of Evolution-EWS, whose folders Evolution's data server finds by itself.

Standard input is a job in JSON; what each step found is the last line of the output, in JSON.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import gi  # type: ignore[import-not-found]
from evolution_driver import awaited, main  # type: ignore[import-not-found]  # beside it, where it runs

gi.require_version("EBook", "1.2")
gi.require_version("ECal", "2.0")
gi.require_version("EDataServer", "1.2")
from gi.repository import (  # type: ignore[import-not-found] # noqa: E402
    EBook,
    EBookContacts,
    ECal,
    GLib,
    ICalGLib,
)

KINDS = {"events": "Calendar", "tasks": "Task List", "contacts": "Address Book"}
TYPES = {"events": ECal.ClientSourceType.EVENTS, "tasks": ECal.ClientSourceType.TASKS}


class Account:
    """The folders that were found, and what is to be done in them."""

    def __init__(self, registry: Any) -> None:
        self._registry, self._clients = registry, {}

    def client(self, kind: str) -> Any:
        """The client of the own calendar, task list or address book."""
        if kind not in self._clients:
            source = self._source(KINDS[kind])
            if kind == "contacts":
                self._clients[kind] = EBook.BookClient.connect_sync(source, 30, None)
            else:
                self._clients[kind] = ECal.Client.connect_sync(source, TYPES[kind], 30, None)
        return self._clients[kind]

    def _source(self, name: str) -> Any:
        def look() -> Any:
            for each in self._registry.list_sources(name):
                if each.get_extension(name).get_backend_name() == "ews" and "Global" not in each.get_display_name():
                    return each
            return None

        found = awaited(look, (self._registry, "source-added"), (self._registry, "source-changed"))
        if found is None:
            raise TimeoutError(f"no {name} is found")
        return found

    def create(self, kind: str, text: str) -> Any:
        """Makes something of its text."""
        if kind == "contacts":
            return self.client(kind).add_contact_sync(EBookContacts.Contact.new_from_vcard(text), 0, None)[1]
        made = ICalGLib.Component.new_from_string(text)
        return self.client(kind).create_object_sync(made, ECal.OperationFlags.NONE, None)[1]

    def list(self, kind: str) -> list[str]:
        """All that is there."""
        if kind == "contacts":
            found = self.client(kind).get_contacts_sync('(contains "x-evolution-any-field" "")', None)[1]
            return [each.to_string(0) for each in found]
        self.client(kind).refresh_sync(None)
        return [each.as_ical_string() for each in self.client(kind).get_object_list_sync("#t", None)[1]]

    def rename(self, kind: str, text: str) -> bool:
        """Gives the only thing there another title."""
        if kind == "contacts":
            (one,) = self.client(kind).get_contacts_sync('(contains "x-evolution-any-field" "")', None)[1]
            one.set_property("title", text)
            return bool(self.client(kind).modify_contact_sync(one, 0, None))
        (one,) = self.client(kind).get_object_list_sync("#t", None)[1]
        one.set_summary(text)
        return bool(self.client(kind).modify_object_sync(one, ECal.ObjModType.ALL, ECal.OperationFlags.NONE, None))

    def busy(self, kind: str, start: int, end: int, address: str) -> list[str]:
        """When somebody is busy."""
        return [each.get_as_string() for each in self.client(kind).get_free_busy_sync(start, end, [address], None)[1]]


def work(job: dict[str, Any], registry: Any, loop: Any) -> None:
    """Does all steps, and ends the loop."""
    found: list[Any] = []
    try:
        account = Account(registry)
        for name, *given in job["steps"]:
            try:
                found.append(getattr(account, name)(*given))
            except GLib.Error as error:
                found.append({"error": f"{name}: {error.message}"})
    finally:
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()
        loop.quit()


if __name__ == "__main__":
    main(work)

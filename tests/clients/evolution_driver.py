"""Runs under the system's Python: one calendar of a server, in Evolution's data server, and what is to be done in it.

Standard input is a job in JSON; what each step found is the last line of the output, in JSON.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import gi  # type: ignore[import-not-found]

gi.require_version("ECal", "2.0")
gi.require_version("EDataServer", "1.2")
from gi.repository import ECal, EDataServer, GLib, GObject, ICalGLib  # type: ignore[import-not-found] # noqa: E402

CONNECTED = EDataServer.SourceConnectionStatus.CONNECTED
WAIT = 60.0


def source_of(job: dict[str, Any]) -> Any:
    """The calendar as an account of Evolution's."""
    made = EDataServer.Source.new_with_uid("probe", None)
    made.set_display_name("probe")
    made.get_extension(EDataServer.SOURCE_EXTENSION_CALENDAR).set_backend_name("caldav")
    made.get_extension(EDataServer.SOURCE_EXTENSION_SECURITY).set_method("none")
    made.get_extension(EDataServer.SOURCE_EXTENSION_OFFLINE).set_stay_synchronized(True)
    login = made.get_extension(EDataServer.SOURCE_EXTENSION_AUTHENTICATION)
    login.set_host("127.0.0.1")
    login.set_port(job["port"])
    login.set_user(job["user"])
    login.set_method("plain/password")
    place = made.get_extension(EDataServer.SOURCE_EXTENSION_WEBDAV_BACKEND)
    place.set_resource_path(job["path"])
    place.set_calendar_auto_schedule(True)
    return made


def awaited(look: Callable[[], Any], *signals: tuple[Any, str], again: float = WAIT) -> Any:
    """What `look` gives once it is something, or what it gives in the end.

    It is called when an object sends one of the signals, and after so many seconds without any.
    """
    news, end = threading.Event(), time.monotonic() + WAIT
    listening = [(each, GObject.Object.connect(each, name, lambda *_: news.set())) for each, name in signals]
    try:
        while not (found := look()) and (left := end - time.monotonic()) > 0:
            news.wait(min(left, again))
            news.clear()
    finally:
        for each, number in listening:
            GObject.Object.disconnect(each, number)
    return found


def events(client: Any, count: int) -> list[str]:
    """What is in the calendar, once it is so many: it is brought up to date beside the answer to a refresh."""
    view, due = client.get_view_sync("#t", None)[1], 0.0
    found: list[Any] = []

    def look() -> bool:
        nonlocal due, found
        if time.monotonic() >= due:  # a refresh that meets another one is forgotten
            client.refresh_sync(None)
            due = time.monotonic() + 2
        found = client.get_object_list_sync("#t", None)[1]
        return len(found) >= count

    view.start()
    awaited(look, (view, "objects-added"), again=2)
    return [each.as_ical_string() for each in found]


def busy(client: Any, *asked: Any) -> list[str]:
    """When people are busy, once it says anything: asked of a busy machine, it has come back with nothing at all."""
    found = awaited(lambda: client.get_free_busy_sync(*asked, None)[1], again=0.2)
    return [each.get_as_string() for each in found]


def modified(client: Any, event: Any) -> bool:
    """Whether it is changed; what has just been made has no address until a refresh has brought it."""
    try:
        return bool(client.modify_object_sync(event, ECal.ObjModType.ALL, ECal.OperationFlags.NONE, None))
    except GLib.Error as error:
        if "component URL" not in error.message:
            raise
        client.refresh_sync(None)
        return False


def done(client: Any, step: list[Any]) -> Any:
    """What a step finds."""
    name, *given = step
    if name == "list":
        return events(client, *given)
    if name == "read-only":
        return client.is_readonly()
    if name == "busy":
        return busy(client, *given)
    event = ICalGLib.Component.new_from_string(given[0])
    if name == "create":
        return client.create_object_sync(event, ECal.OperationFlags.NONE, None)[0]
    return awaited(lambda: modified(client, event), again=0.5)


def work(job: dict[str, Any], registry: Any, loop: Any) -> None:
    """Does all steps, and ends the loop."""
    found: list[Any] = []
    try:
        registry.commit_source_sync(source_of(job), None)
        source = registry.ref_source("probe")
        client = ECal.Client.connect_sync(source, ECal.ClientSourceType.EVENTS, 0, None)
        if not awaited(
            lambda: source.get_connection_status() == CONNECTED and client.is_online(),
            (source, "notify::connection-status"),
            (client, "notify::online"),
        ):
            raise TimeoutError("the calendar is not connected")
        for step in job["steps"]:
            try:
                found.append(done(client, step))
            except GLib.Error as error:
                found.append({"error": error.message})
    finally:
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()
        loop.quit()


def main(do: Callable[[dict[str, Any], Any, Any], None] = work) -> None:
    """Reads the job, and answers when Evolution asks who one is; `do` does it and ends the loop."""
    job = json.load(sys.stdin)
    loop, registry = GLib.MainLoop(), EDataServer.SourceRegistry.new_sync(None)
    login = EDataServer.NamedParameters.new()
    login.set(EDataServer.SOURCE_CREDENTIAL_USERNAME, job["user"])
    login.set(EDataServer.SOURCE_CREDENTIAL_PASSWORD, job["password"])
    registry.connect("credentials-required", lambda _, source, *rest: source.invoke_authenticate(login, None, None))
    threading.Thread(target=do, args=(job, registry, loop), daemon=True).start()
    loop.run()


if __name__ == "__main__":
    main()

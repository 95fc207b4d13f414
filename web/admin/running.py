"""The server as it runs: what it is, its services, and how they are started and stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any, Final, Literal

from groupware.model.errors import NotFound, Refused, TryAgain
from mailcore.server.control import ControlError, NotRunning, client
from web.admin.table import FLAG, NUMBER, TEXT, Given, Here, Operation, in_path, maybe, of, some

OWN: Final = "webadmin"
COUNTED: Final = (
    "SMTP_InboundMessage",
    "SMTP_OutboundMessage",
    "SMTP_InboundMessageRejectedByPolicy",
    "IMAP_InboundConnection",
    "POP3_InboundConnection",
    "WEBMAIL_Login",
    "WEBADMIN_AuthenticatedSuccess",
)
"""Of the process that answers, since it began."""
_SERVICE: Final = of("name", "state", enabled=FLAG, listeners=some(TEXT))
_BACKLOG: Final = of(messages=NUMBER, octets=NUMBER, deferred=NUMBER)
_NAME: Final = in_path("service", "Name of the service, as the list says.")


async def overview(here: Here, given: Given) -> object:
    """Who asks, what they administer and, for who administers it, how the server is."""
    domains = await here.read(lambda tx: len(tx.administered()))
    told: dict[str, object] = {"version": version("postroom"), "name": here.who.name, "host": here.config.host}
    told |= {"administersServer": here.server, "domains": domains}
    if not here.server:
        return {**told, "services": None, "queue": None, "counters": None}
    waiting = await here.read(lambda tx: tx.backlog())
    return {
        **told,
        "services": await _services(here),
        "queue": {"messages": waiting.messages, "octets": waiting.octets, "deferred": waiting.deferred},
        "counters": {name: int(here.parts.counters.total(name)) for name in COUNTED},
    }


async def listed(here: Here, given: Given) -> object:
    """Every service: whether it runs, and where it listens."""
    here.check_server()
    return {"services": await _services(here)}


async def start(here: Here, given: Given) -> object:
    """Starts one; no other notices."""
    return await _order(here, "service.start", given)


async def stop(here: Here, given: Given) -> object:
    """Stops one: its ports refuse, its sessions end after their command."""
    return await _order(here, "service.stop", given)


async def restart(here: Here, given: Given) -> object:
    """Stops one if it runs, and starts it."""
    return await _order(here, "service.restart", given)


async def _order(here: Here, do: str, given: Given) -> object:
    here.check_server()
    name = given["service"]
    if name not in here.config.services:
        raise NotFound(f"There is no service {name[:64]!r}.")
    if name == OWN:
        raise Refused("WebAdmin does not stop or start itself: do that with the command line or the console.")
    await _ask(here, do, name=name)
    return await _one(here, name)


async def _one(here: Here, name: str) -> object:
    return next(each for each in await _services(here) if each["name"] == name)


async def _services(here: Here) -> Sequence[Mapping[str, Any]]:
    found = await _ask(here, "service.list")
    return [{name: each[name] for name in ("name", "state", "enabled", "listeners")} for each in found]


async def _ask(here: Here, do: str, **about: object) -> Any:
    """What the server's first process answers. `Refused`, `TryAgain`."""

    def ask() -> Any:
        with client(here.config.data) as server:
            return server.ask(do, **about)

    try:
        return await asyncio.to_thread(ask)
    except NotRunning as error:
        raise TryAgain(str(error)) from None
    except ControlError as error:
        raise Refused(str(error)) from None


def _turn(verb: Literal["start", "stop", "restart"], doc: str, handler: Any) -> Operation:
    return Operation("POST", f"/services/{{service}}/{verb}", f"{verb}Service", doc, handler, (_NAME,), _SERVICE)


OPERATIONS: Final = (
    Operation(
        "GET",
        "/overview",
        "overview",
        "What one administers and, for who administers it, how the server is.",
        overview,
        gives=of(
            "version",
            "name",
            "host",
            administersServer=FLAG,
            domains=NUMBER,
            services=maybe(some(_SERVICE)),
            queue=maybe(_BACKLOG),
            counters=maybe(of(**dict.fromkeys(COUNTED, NUMBER))),
        ),
    ),
    Operation(
        "GET", "/services", "listServices", "Every service: whether it runs, and where it listens.", listed,
        gives=of(services=some(_SERVICE)),
    ),
    _turn("start", "Start a service.", start),
    _turn("stop", "Stop a service.", stop),
    _turn("restart", "Stop a service if it runs, and start it.", restart),
)  # fmt: skip

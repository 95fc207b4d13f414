"""What other processes on this machine may ask of the server's services, through the control socket."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mailcore.server.control import Verb

if TYPE_CHECKING:
    from mailcore.server.app import Server


def server_verbs(server: Server) -> Mapping[str, Verb]:
    """The verbs by name."""

    async def listed(asked: Mapping[str, Any]) -> object:
        return [asdict(each) for each in server.status()]

    async def reloaded(asked: Mapping[str, Any]) -> object:
        return list(await server.reload())

    async def finished(asked: Mapping[str, Any]) -> object:
        server.finish()
        return None

    def by_name(act: Callable[[str], Awaitable[None]]) -> Verb:
        async def verb(asked: Mapping[str, Any]) -> object:
            await act(str(asked.get("name", "")))
            return None

        return verb

    return {
        "service.list": listed,
        "service.start": by_name(server.start),
        "service.stop": by_name(server.stop),
        "service.restart": by_name(server.restart),
        "server.reload": reloaded,
        "server.stop": finished,
    }

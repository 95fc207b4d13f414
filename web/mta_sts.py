"""The MTA-STS policy of a domain here, at the host that other servers ask: `mta-sts.DOMAIN`. RFC 8461 §3.2, §3.3."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from connectors.autodiscover.asked import host_of, served
from groupware.model.errors import NotFound, TryAgain
from mailcore.server.config import Config
from mailcore.server.parts import Parts
from mailcore.smtp.sts_own import HOST, policy


def mta_sts(parts: Parts, config: Config) -> Callable[[Request], Awaitable[Response]]:
    """What answers at the path of policies."""
    text = policy(config)

    async def told(request: Request) -> Response:
        domain = host_of(request, HOST)
        try:
            if not text or domain == host_of(request):
                raise NotFound("there is no policy here")
            await served(parts, domain)
        except NotFound as error:
            return PlainTextResponse(f"{error}\n", 404)
        except TryAgain as error:
            return PlainTextResponse(f"{error}\n", 503)
        return PlainTextResponse(text)

    return told

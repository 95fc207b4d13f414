"""What our own pages are told when something is wrong: an error in words, as JSON."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from math import ceil
from types import MappingProxyType

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from groupware.model.errors import AlreadyExists, BadCredentials, NoRight, NotFound, Refused, TryAgain
from mailcore.server.signin import Rejected
from web.signin.bodies import SAFE
from web.signin.sessions import Foreign


class Closed(Exception):
    """So many sign-ins have failed that none is looked at: not from there, or not under that name. Decision 22."""

    def __init__(self, seconds: float) -> None:
        """`seconds`: how long that lasts."""
        self.seconds = ceil(seconds)
        minutes = ceil(seconds / 60)
        wait = "a minute" if minutes == 1 else f"{minutes} minutes"
        super().__init__(f"Too many sign-ins have failed. Try again in {wait}.")


Handler = Callable[[Request], Awaitable[Response]]


def told(handler: Handler) -> Handler:
    """The handler, whose errors are told in words."""

    async def telling(request: Request) -> Response:
        try:
            return await handler(request)
        except BadCredentials as error:
            return said(401, str(error))
        except Closed as error:
            return said(429, str(error), {"retry-after": str(error.seconds)})
        except (Rejected, Foreign, NoRight) as error:
            return said(403, str(error))
        except NotFound as error:
            return said(404, str(error))
        except AlreadyExists as error:
            return said(409, str(error))
        except Refused as error:
            return said(422, str(error))
        except TryAgain as error:
            return said(503, str(error))
        except HTTPException as error:
            return said(error.status_code, error.detail)

    return telling


def said(status: int, text: str, headers: Mapping[str, str] = MappingProxyType({})) -> Response:
    """An error."""
    return JSONResponse({"error": text}, status, headers={**SAFE, **headers})

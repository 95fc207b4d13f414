"""What our own pages are told when something is wrong, as JSON: `error` in words, and `code` with its `facts`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from math import ceil
from types import MappingProxyType
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from groupware.model.errors import (
    AlreadyExists,
    BadCredentials,
    GroupwareError,
    NoRight,
    NotFound,
    Refused,
    TryAgain,
)
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
        except Closed as error:
            return said(429, str(error), "closed", {"seconds": error.seconds}, {"retry-after": str(error.seconds)})
        except Rejected as error:
            return said(403, str(error), error.kind)
        except Foreign as error:
            return said(403, str(error), "foreign")
        except HTTPException as error:
            return said(error.status_code, error.detail, "request")
        except GroupwareError as error:
            known = next((each for each in type(error).__mro__ if each in _KNOWN), None)
            if known is None:
                raise
            status, code = _KNOWN[known]
            return said(status, str(error), error.code or code, error.facts)

    return telling


_KNOWN: Final[Mapping[type, tuple[int, str]]] = {
    BadCredentials: (401, "credentials"),
    NoRight: (403, "noRight"),
    NotFound: (404, "notFound"),
    AlreadyExists: (409, "exists"),
    Refused: (422, "refused"),
    TryAgain: (503, "later"),
}
"""Status, and the code of an error that has none of its own."""
_NONE: Final[Mapping[str, Any]] = MappingProxyType({})


def said(
    status: int, text: str, code: str, facts: Mapping[str, Any] = _NONE, headers: Mapping[str, str] = _NONE
) -> Response:
    """An error: in words, and as a code with its facts, for pages in other languages."""
    told = {"error": text, "code": code, **({"facts": dict(facts)} if facts else {})}
    return JSONResponse(told, status, headers={**SAFE, **headers})

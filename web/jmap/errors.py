"""What goes wrong, as JMAP says it: of a whole request (RFC 7807, RFC 8620 §3.6.1) and of one method (§3.6.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from groupware.model import errors
from groupware.model.errors import GroupwareError


class RequestError(Exception):
    """The whole request is refused. `kind` is the end of `urn:ietf:params:jmap:error:...`."""

    def __init__(self, status: int, kind: str, detail: str, headers: Mapping[str, str] | None = None, **more: Any):
        super().__init__(detail)
        self.status, self.kind, self.headers, self.more = status, kind, dict(headers or {}), more

    @property
    def problem(self) -> dict[str, Any]:
        """The problem object (RFC 7807)."""
        known = self.status in (400, 413, 429)
        kind = f"urn:ietf:params:jmap:error:{self.kind}" if known else "about:blank"
        return {"type": kind, "status": self.status, "detail": str(self), **self.more}


class MethodError(Exception):
    """One method call is refused."""

    def __init__(self, kind: str, description: str = "", **more: Any) -> None:
        super().__init__(description or kind)
        self.kind, self.description, self.more = kind, description, more

    @property
    def value(self) -> dict[str, Any]:
        """The arguments of the `error` response."""
        said = {"description": self.description} if self.description else {}
        return {"type": self.kind, **said, **self.more}


class SetError(Exception):
    """One object is not created, changed or taken away. RFC 8620 §5.3."""

    def __init__(self, kind: str, description: str = "", **more: Any) -> None:
        super().__init__(description or kind)
        self.kind, self.description, self.more = kind, description, more

    @property
    def value(self) -> dict[str, Any]:
        """The SetError."""
        said = {"description": self.description} if self.description else {}
        return {"type": self.kind, **said, **self.more}


KINDS: Final[Mapping[type[GroupwareError], str]] = {
    errors.NotFound: "notFound",
    errors.NoRight: "forbidden",
    errors.AlreadyExists: "alreadyExists",
    errors.Conflict: "stateMismatch",
    errors.OverQuota: "overQuota",
    errors.Refused: "invalidArguments",
    errors.BadCredentials: "forbidden",
    errors.TryAgain: "serverUnavailable",
}
"""The one table from class to wire; the nearest class counts."""


def method_error(error: GroupwareError) -> MethodError:
    """The answer to an error of the store."""
    kind = next((KINDS[each] for each in type(error).__mro__ if each in KINDS), "serverFail")
    return MethodError(kind, str(error), **reason(error))


_OF_ONE: Final[Mapping[type[GroupwareError], str]] = {
    **KINDS,
    errors.AlreadyExists: "invalidProperties",
    errors.Refused: "invalidProperties",
    errors.Conflict: "invalidPatch",
    errors.TryAgain: "serverUnavailable",
}


def set_error(error: GroupwareError, kind: str = "") -> SetError:
    """What an error of the store is for the one object that it is about; `kind`: where that is said otherwise."""
    kind = kind or next((_OF_ONE[each] for each in type(error).__mro__ if each in _OF_ONE), "serverFail")
    return SetError(kind, str(error), **reason(error))


def reason(error: GroupwareError) -> dict[str, Any]:
    """What goes with an error beside its words, where it has a code: `reason`, and `facts`."""
    if not error.code:
        return {}
    return {"reason": error.code, **({"facts": error.facts} if error.facts else {})}

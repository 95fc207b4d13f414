"""What goes wrong, as Exchange says it: a response code in the answer to one part, or a SOAP fault. MS-OXWSCDATA."""

from __future__ import annotations

from typing import Final

from groupware.model import errors
from groupware.model.errors import GroupwareError


class EwsError(Exception):
    """A response code, with words for people."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class Fault(Exception):
    """The whole request is refused."""

    def __init__(self, code: str, text: str, status: int = 500) -> None:
        super().__init__(text)
        self.code, self.status = code, status


CODES: Final[dict[type[GroupwareError], str]] = {
    errors.NotFound: "ErrorItemNotFound",
    errors.NoRight: "ErrorAccessDenied",
    errors.IdentTaken: "ErrorItemSave",
    errors.AlreadyExists: "ErrorFolderExists",
    errors.Conflict: "ErrorIrresolvableConflict",
    errors.OverQuota: "ErrorQuotaExceeded",
    errors.HasChildren: "ErrorCannotDeleteObject",
    errors.Malformed: "ErrorItemCorrupt",
    errors.Refused: "ErrorInvalidRequest",
    errors.BadCredentials: "ErrorImpersonateUserDenied",
    errors.TryAgain: "ErrorServerBusy",
}
"""The one table from class to response code; the nearest class counts."""


def ews_error(error: GroupwareError, missing: str = "ErrorItemNotFound") -> EwsError:
    """The answer to an error of the store; `missing` is the code for what is not there."""
    if isinstance(error, errors.NotFound):
        return EwsError(missing, str(error))
    code = next((CODES[kind] for kind in type(error).__mro__ if kind in CODES), "ErrorInternalServerError")
    return EwsError(code, str(error))


def no_item() -> EwsError:
    """There is no item of that id, or none that one may know of."""
    return EwsError("ErrorItemNotFound", "there is no such item, or it is not shared with you")


def no_file() -> EwsError:
    """There is no attachment of that id."""
    return EwsError("ErrorItemNotFound", "there is no such attachment any more")


def invalid(text: str) -> EwsError:
    """The request says something that cannot be."""
    return EwsError("ErrorInvalidRequest", text)


def malformed_id(text: str) -> EwsError:
    """An id that none of ours looks like."""
    return EwsError("ErrorInvalidIdMalformed", f"{text[:80]!r} is no id of this server")


def unset(name: str) -> EwsError:
    """A property that cannot be set here."""
    return EwsError("ErrorInvalidPropertySet", f"{name}: it cannot be set on this item")

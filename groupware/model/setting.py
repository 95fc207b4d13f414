"""What a setting is: its name, what it may be, and where it may be set. `settings` declares all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from .addresses import mail_addresses
from .errors import Refused

Value = str | int | bool
Scope = Literal["account", "class", "domain", "server"]

EVERYWHERE: Final[tuple[Scope, ...]] = ("account", "class", "domain", "server")
ON_LISTS: Final[tuple[Scope, ...]] = ("account", "domain", "server")
FROM_DOMAIN: Final[tuple[Scope, ...]] = ("domain", "server")


@dataclass(frozen=True, slots=True)
class Declared:
    """One setting: what it is called, what it may be, and where it may be set."""

    name: str
    default: Value
    doc: str
    unit: str = ""
    scopes: tuple[Scope, ...] = EVERYWHERE
    least: int = 0
    most: int = 0
    """For numbers; 0: no bound."""
    choices: tuple[str, ...] = ()
    every: bool = False
    """A switch: every level has to leave it on."""
    addresses: int = 0
    """For texts: they are so many addresses at most."""
    longest: int = 320
    """For texts: so many characters at most."""
    personal: bool = False
    """Its owner may set it, on the account itself."""


def checked(setting: Declared, value: Value) -> Value:
    """The value as it is kept. `Refused` says what it may be."""
    if isinstance(setting.default, bool):
        if not isinstance(value, bool):
            raise Refused(f"{setting.name}: {value!r} is neither true nor false")
        return value
    if isinstance(setting.default, int):
        if isinstance(value, bool) or not isinstance(value, int):
            raise Refused(f"{setting.name}: {value!r} is no whole number")
        if value < setting.least or (setting.most and value > setting.most):
            raise Refused(f"{setting.name}: {value} is out of range; from {setting.least} to {setting.most or 'any'}")
        return value
    return _checked_text(setting, value)


def _checked_text(setting: Declared, value: Value) -> str:
    if not isinstance(value, str):
        raise Refused(f"{setting.name}: {value!r} is no text")
    if setting.choices and value not in setting.choices:
        raise Refused(f"{setting.name}: {value[:64]!r} is none of {', '.join(setting.choices)}")
    if len(value) > setting.longest:
        raise Refused(f"{setting.name}: longer than {setting.longest} characters")
    if setting.addresses:
        try:
            return " ".join(mail_addresses(value, setting.addresses))
        except Refused as error:
            raise Refused(f"{setting.name}: {error}") from None
    return value


def line(each: Declared) -> str:
    """Its line of the page about settings."""
    default = {True: "yes", False: "no"}[each.default] if isinstance(each.default, bool) else str(each.default)
    owner = " (and its owner)" if each.personal else ""
    cells = (f"`{each.name}`", _kind(each), default or "(empty)", each.unit, ", ".join(each.scopes) + owner, each.doc)
    return "| " + " | ".join(cells) + " |"


def _kind(each: Declared) -> str:
    if each.every:
        return "switch"
    if isinstance(each.default, bool):
        return "yes or no"
    if isinstance(each.default, int):
        return f"{each.least} to {each.most}"
    return ", ".join(f"`{choice}`" for choice in each.choices) or ("addresses" if each.addresses else "text")

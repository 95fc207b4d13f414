"""How a section of the configuration is declared: each key once, with type, default, range and documentation.

The example file and the checks are made from these declarations and from nothing else.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from mailcore.server.rules import ip_set

T = TypeVar("T")


class Section(BaseModel):
    """A table of the file: frozen, strict about types and about keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def key(doc: str, default: Any = ..., *, known_as: str = "", example: Any = None, **bounds: Any) -> Any:
    """Declare a key. `example` is what the example file shows where the default cannot be written in TOML."""
    return Field(default, description=doc, json_schema_extra={"known_as": known_as, "example": example}, **bounds)


def tables(doc: str, *, known_as: str = "") -> Any:
    """Declare an array of tables, or tables by name, that may be absent."""
    return Field((), description=doc, json_schema_extra={"known_as": known_as, "example": None})


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _as_path(value: object) -> object:
    return Path(value) if isinstance(value, str) else value


def _as_float(value: object) -> object:
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _ip_entries(value: object) -> object:
    if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
        ip_set(value)  # ValueError says what is wrong
    return _as_tuple(value)


def zero_or(least: int) -> Callable[[int], int]:
    """A check that lets 0 pass, and what is at least `least`."""

    def check(value: int) -> int:
        if 0 < value < least:
            raise ValueError(f"{value} is out of range: 0, or at least {least}")
        return value

    return check


Many = Annotated[tuple[T, ...], BeforeValidator(_as_tuple)]
File = Annotated[Path, BeforeValidator(_as_path)]
Seconds = Annotated[float, BeforeValidator(_as_float)]
IpEntries = Annotated[tuple[str, ...], BeforeValidator(_ip_entries)]

"""What an operation of the interface is: a line of the table that routes requests and gives the description.

A handler gets what a request brings, read as its fields say, and gives back what is sent as JSON; None is sent as 204.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar

from starlette.exceptions import HTTPException

from groupware.model.errors import NoRight
from groupware.model.principal import Principal
from groupware.store.api import ReadTx, WriteTx
from mailcore.server.config import Config
from mailcore.server.parts import Parts

T = TypeVar("T")
Given = Mapping[str, Any]
Schema = Mapping[str, Any]

ROOT: Final = "/api/v1"
BODY_OCTETS: Final = 64 * 1024
PAGE: Final = 50
PAGE_MAX: Final = 200
LONGEST: Final = 320
TEXTS_MAX: Final = 100
NUMBER_MAX: Final = 2**63 - 1
_NO_TEXT: Final = re.compile("[\0\ud800-\udfff]")
"""What JSON can write and no database keeps: NUL, and halves of characters."""

TEXT: Final[Schema] = {"type": "string"}
NUMBER: Final[Schema] = {"type": "integer"}
FLAG: Final[Schema] = {"type": "boolean"}
VALUE: Final[Schema] = {"type": ["string", "integer", "boolean"]}
MOMENT: Final[Schema] = {"type": ["string", "null"], "format": "date-time"}


def of(*names: str, **members: Schema) -> Schema:
    """The schema of an object that has these members and no others; those of `names` are texts."""
    all_of_it = {**dict.fromkeys(names, TEXT), **members}
    return {
        "type": "object",
        "properties": all_of_it,
        "required": list(all_of_it),
        "additionalProperties": False,
    }


def some(each: Schema) -> Schema:
    """The schema of a list."""
    return {"type": "array", "items": each}


def maybe(what: Schema) -> Schema:
    """The schema of what may be null."""
    return {"anyOf": [what, {"type": "null"}]}


@dataclass(frozen=True, slots=True)
class Here:
    """Who asks, and of what server."""

    parts: Parts
    config: Config
    who: Principal
    server: bool
    """Whether who asks administers the server."""

    async def read(self, work: Callable[[ReadTx], T]) -> T:
        """What `work` gives back, asked by who is signed in."""
        return await self.parts.store.read(self.who, work)

    async def write(self, work: Callable[[WriteTx], T]) -> T:
        """What `work` gives back after COMMIT, asked by who is signed in."""
        return await self.parts.store.write(self.who, work)

    def check_server(self) -> None:
        """`NoRight` for who does not administer the server; for what is not the store's to decide."""
        if not self.server:
            raise NoRight("This is for those who administer the server ('a' on its root).")


@dataclass(frozen=True, slots=True)
class Field:
    """Something that a request brings; a part of the path is always text or number, and always there."""

    name: str
    doc: str
    kind: Literal["text", "flag", "number", "texts", "value"] = "text"
    where: Literal["path", "query", "body"] = "body"
    required: bool = False
    longest: int = LONGEST
    """Of a text; of a number the most that it may be."""
    choices: tuple[str, ...] = ()
    empty: bool = False
    """Whether a text may be empty."""

    @property
    def schema(self) -> Schema:
        """What it may be."""
        text: dict[str, Any] = {**TEXT, "maxLength": self.longest, "minLength": 0 if self.empty else 1}
        if self.kind == "text":
            return {**text, "enum": list(self.choices)} if self.choices else text
        if self.kind == "number":
            return {**NUMBER, "minimum": 1, "maximum": self.longest}
        return {"flag": FLAG, "value": VALUE}.get(self.kind) or {**some(text), "maxItems": TEXTS_MAX}

    def read(self, found: Any) -> Any:
        """The value. `HTTPException` for one that it may not be."""
        if self.where != "body" and self.kind == "number":
            found = int(found) if found.isascii() and found.isdigit() and len(found) < 20 else found
        if not _READ[self.kind](self, found):
            raise HTTPException(400, f"`{self.name}` is {self._wanted}.")
        return found

    @property
    def _wanted(self) -> str:
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        return {
            "text": f"a text of {0 if self.empty else 1} to {self.longest} characters",
            "flag": "true or false",
            "number": f"a whole number from 1 to {self.longest}",
            "texts": f"a list of up to {TEXTS_MAX} texts",
            "value": "a text, a whole number, true or false",
        }[self.kind]


def _is_text(field: Field, found: Any) -> bool:
    fits = isinstance(found, str) and len(found) <= field.longest and (field.empty or bool(found))
    return fits and not _NO_TEXT.search(found) and (not field.choices or found in field.choices)


def _is_number(field: Field, found: Any) -> bool:
    return isinstance(found, int) and not isinstance(found, bool) and 1 <= found <= field.longest


def _is_value(field: Field, found: Any) -> bool:
    return _is_text(field, found) or (isinstance(found, int) and abs(found) <= NUMBER_MAX)


def _are_texts(field: Field, found: Any) -> bool:
    return isinstance(found, list) and len(found) <= TEXTS_MAX and all(_is_text(field, each) for each in found)


_READ: Final[Mapping[str, Callable[[Field, Any], bool]]] = {
    "text": _is_text,
    "flag": lambda _, found: isinstance(found, bool),
    "number": _is_number,
    "value": _is_value,
    "texts": _are_texts,
}

Handler = Callable[[Here, Given], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that can be asked for."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    """`/accounts/{address}`; a name in braces is a field of the path."""
    name: str
    doc: str
    handler: Handler
    fields: tuple[Field, ...] = ()
    gives: Schema | None = None
    """None: nothing, 204."""

    @property
    def words(self) -> Sequence[str]:
        """The path, in pieces."""
        return self.path.strip("/").split("/")

    @property
    def takes_body(self) -> bool:
        """Whether a request brings a JSON object."""
        return any(each.where == "body" for each in self.fields)


def in_path(name: str, doc: str) -> Field:
    """A field of the path."""
    return Field(name, doc, where="path", required=True)


DOMAIN: Final = in_path("domain", "Name of the domain, as example.org.")
ADDRESS: Final = in_path("address", "Address, as alice@example.org.")
SEARCH: Final = Field("search", "Only where the name or address has this in it.", where="query", empty=True)
AFTER: Final = Field("after", "Only what comes behind this: `next` of the page before.", where="query", empty=True)
LIMIT: Final = Field("limit", f"At most so many; {PAGE} unless said.", "number", "query", longest=PAGE_MAX)


def page(found: Sequence[T], key: Callable[[T], str], given: Given) -> tuple[Sequence[T], str | None]:
    """A page of what is in the order of `key`, and what its next begins behind; None: there is none."""
    after, limit = given.get("after", ""), given.get("limit", PAGE)
    rest = [each for each in found if key(each) > after]
    return rest[:limit], key(rest[limit - 1]) if len(rest) > limit else None

"""The order of emails. RFC 8621 §4.4.2."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from web.jmap.email_get import keywords
from web.jmap.errors import MethodError
from web.jmap.limits import SORTS

Row = Mapping[str, Any]
_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "receivedAt": ("saved",),
    "sentAt": ("sent", "saved"),
    "size": ("octets",),
    "from": ("from_name",),
    "to": ("to_name",),
    "subject": ("subject",),
    "hasKeyword": ("bits", "words"),
    "allInThreadHaveKeyword": ("bits", "words"),
    "someInThreadHaveKeyword": ("bits", "words"),
}
_VALUES: Final[Mapping[str, Callable[[Row], Any]]] = {
    "receivedAt": lambda row: row["saved"],
    "sentAt": lambda row: row["saved"] // 1_000_000 if row["sent"] is None else row["sent"],
    "size": lambda row: row["octets"],
    "from": lambda row: row["from_name"],
    "to": lambda row: row["to_name"],
    "subject": lambda row: row["subject"],
}


@dataclass(frozen=True, slots=True)
class Criterion:
    """One of the properties to sort by."""

    by: str
    ascending: bool = True
    keyword: str = ""

    @property
    def threads(self) -> bool:
        """Whether it looks at whole threads."""
        return "InThread" in self.by


NEWEST: Final = (Criterion("receivedAt", False),)


def read_sort(given: Sequence[Mapping[str, Any]] | None) -> Sequence[Criterion]:
    """The criteria; the newest first unless something else is said. `MethodError` `unsupportedSort`."""
    found = []
    for each in given or ({"property": "receivedAt", "isAscending": False},):
        name, ascending, keyword = each.get("property"), each.get("isAscending", True), each.get("keyword", "")
        if name not in SORTS or not isinstance(ascending, bool):
            raise MethodError("unsupportedSort", f"emails are sorted by {', '.join(SORTS)}")
        if "eyword" in name and (not isinstance(keyword, str) or not keyword):
            raise MethodError("invalidArguments", f"{name} takes a `keyword`")
        if each.get("collation", "i;unicode-casemap") != "i;unicode-casemap":
            raise MethodError("unsupportedSort", "texts are compared by i;unicode-casemap")
        found.append(Criterion(name, ascending, keyword.lower() if "eyword" in name else ""))
    return found


def columns_of(sort: Iterable[Criterion]) -> set[str]:
    """What is read of each email to sort it."""
    return {name for each in sort for name in _COLUMNS[each.by]}


def in_order(kept: list[Row], every: Sequence[Row], sort: Sequence[Criterion]) -> list[Row]:
    """The rows in order; what is equal goes by the newest."""
    kept = sorted(kept, key=lambda row: (row["saved"], row["uid"]), reverse=True)
    for each in reversed(sort) if tuple(sort) != NEWEST else ():
        kept.sort(key=_value(each, every), reverse=not each.ascending)
    return kept


def _value(criterion: Criterion, every: Sequence[Row]) -> Callable[[Row], Any]:
    word = criterion.keyword
    match criterion.by:
        case "hasKeyword":
            return lambda row: word in keywords(row["bits"], row["words"])
        case "allInThreadHaveKeyword":
            without = {row["thread"] for row in every if word not in keywords(row["bits"], row["words"])}
            return lambda row: row["thread"] not in without
        case "someInThreadHaveKeyword":
            having = {row["thread"] for row in every if word in keywords(row["bits"], row["words"])}
            return lambda row: row["thread"] in having
    return _VALUES[criterion.by]

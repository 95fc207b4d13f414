"""Which part of a listing is told: indexed and fractional views. MS-OXWSSRCH §2.2.4."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from connectors.bounded_xml import Element
from connectors.ews.errors import EwsError
from connectors.ews.wire import Xml, children, local, number

T = TypeVar("T")
MOST: Final = 1000
"""Things in one answer: what a throttling policy of Exchange allows."""


@dataclass(frozen=True, slots=True)
class View:
    """A window on a listing."""

    most: int = MOST
    offset: int = 0
    from_end: bool = False
    fraction: tuple[int, int] | None = None
    seeks: bool = False
    """Whether it begins where a condition is met (from the end: ends there); that is found before there is a page."""

    def at(self, place: int | None, total: int) -> View:
        """The view that begins, or ends, at that place of so many; None: the condition is met nowhere."""
        if place is None:
            return replace(self, offset=total)
        return replace(self, offset=total - 1 - place if self.from_end else place)


@dataclass(frozen=True, slots=True)
class Page:
    """Which of `total` are told: from `start` on, `count` of them."""

    start: int
    count: int
    total: int
    next: int
    """The offset that goes on from here."""
    last: bool

    def attributes(self, fractional: tuple[int, int] | None = None) -> dict[str, str]:
        """What is said of it with the answer."""
        paging = (
            {"NumeratorOffset": str(self.next), "AbsoluteDenominator": str(max(self.total, 1))}
            if fractional
            else {"IndexedPagingOffset": str(self.next)}
        )
        return {
            **paging,
            "TotalItemsInView": str(self.total),
            "IncludesLastItemInRange": "true" if self.last else "false",
        }


def view_in(element: Element, *, seeks: bool = False) -> View:
    """The view that a request asks for; `seeks`: it may be one that looks for its beginning. `EwsError`."""
    for each in children(element):
        name = local(each)
        if name.startswith(("IndexedPage", "FractionalPage", "SeekToCondition")):
            most = number(each.get("MaxEntriesReturned"), "MaxEntriesReturned", 1)
            most = min(most or MOST, MOST)
            if name.startswith("Indexed"):
                offset = number(each.get("Offset", "0"), "Offset") or 0
                return View(most, offset, each.get("BasePoint", "Beginning") == "End")
            if name.startswith("Fractional"):
                below = number(each.get("Denominator", "1"), "Denominator", 1) or 1
                above = number(each.get("Numerator", "0"), "Numerator") or 0
                if above > below:
                    raise EwsError("ErrorInvalidFractionalPagingParameters", "Numerator is greater than Denominator")
                return View(most, fraction=(above, below))
            if seeks:
                return View(most, from_end=each.get("BasePoint", "Beginning") == "End", seeks=True)
            raise EwsError("ErrorInvalidRequest", f"{name}: this operation has no such view")
    return View()


def page_of(view: View, total: int) -> Page:
    """The page of so many."""
    if view.fraction is not None:
        above, below = view.fraction
        start = total * above // below
    else:
        start = min(view.offset, total)
    if view.from_end:
        end = total - start
        begin = max(0, end - view.most)
        return Page(begin, end - begin, total, total - begin, begin == 0)
    count = min(view.most, total - start)
    return Page(start, count, total, start + count, start + count >= total)


def paged(view: View, found: Sequence[T]) -> tuple[Page, Sequence[T]]:
    """The page of a listing."""
    page = page_of(view, len(found))
    return page, found[page.start : page.start + page.count]


def root_folder(inside: str, page: Page, view: View) -> Xml:
    """RootFolder: the page with what is said of it."""
    said = "".join(f' {name}="{value}"' for name, value in page.attributes(view.fraction).items())
    return Xml(f"<m:RootFolder{said}>{inside}</m:RootFolder>")

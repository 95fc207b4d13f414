"""HTML of others, made harmless: no script, no form, no frame, and nothing that is fetched from elsewhere by itself.

This is the first wall. The second is the frame that shows it, which runs no scripts and is of no origin; the third is
the policy that it comes with (`body`). Decision 250.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import nh3

LONGEST: Final = 2_000_000
"""Characters of a part that are looked at."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TEXT: Final = _words(
    "a abbr acronym address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del"
    " details dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark"
    " nav ol p pre q rp rt ruby s samp section small span strike strong sub summary sup table tbody td tfoot th thead"
    " time tr tt u ul var wbr"
)
_DROPPED: Final = _words(
    "script style title head noscript template iframe object embed applet audio video canvas math svg textarea select"
    " xmp noembed noframes plaintext"
)
"""These go with what is in them."""
_CELLS: Final = _words("bgcolor border cellpadding cellspacing colspan height nowrap rowspan valign width")
_ATTRIBUTES: Final[Mapping[str, frozenset[str]]] = {
    "*": _words("align dir lang style title"),
    "a": _words("href"),
    "img": _words("src alt width height border"),
    "font": _words("color face size"),
    "ol": _words("start type"),
    "li": _words("value"),
    "details": _words("open"),
    "hr": _words("width size color"),
    "col": _words("span width"),
    **dict.fromkeys(("table", "td", "th", "tr", "tbody", "thead", "tfoot"), _CELLS),
}
_STYLES: Final = _words(
    "background-color border border-bottom border-collapse border-color border-left border-radius border-right"
    " border-spacing border-style border-top border-width caption-side clear color direction display float font"
    " font-family font-size font-style font-variant font-weight height letter-spacing line-height list-style-type"
    " margin margin-bottom margin-left margin-right margin-top max-height max-width min-height min-width opacity"
    " overflow-wrap padding padding-bottom padding-left padding-right padding-top table-layout text-align"
    " text-decoration text-indent text-transform vertical-align white-space width word-break word-spacing"
)
"""None of these takes an address, or leaves the place where it stands."""
_UNSAFE: Final = re.compile(r"url|expression|[\\@]", re.IGNORECASE)
"""A style with any of it is left out whole."""
_LINKED: Final = _words("http https mailto tel")

Image = Callable[[str], str | None]
"""Gives the address that stands in for one of a picture; None: it is not shown."""


@dataclass(frozen=True, slots=True)
class Safe:
    """HTML that may be shown."""

    html: str
    blocked: int
    """Pictures that are not shown."""


def safe(html: str, image: Image) -> Safe:
    """What of it may be shown; `image` decides about pictures."""
    blocked = 0

    def filtered(tag: str, name: str, value: str) -> str | None:
        nonlocal blocked
        if name == "style":
            return None if _UNSAFE.search(value) else value
        if (tag, name) == ("img", "src"):
            shown = image(value.strip())
            blocked += shown is None
            return shown
        if (tag, name) == ("a", "href"):
            return value if value.strip().partition(":")[0].lower() in _LINKED else None
        return value

    cleaned = nh3.clean(
        html[:LONGEST],
        tags=set(_TEXT),
        clean_content_tags=set(_DROPPED),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        attribute_filter=filtered,
        strip_comments=True,
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
        url_schemes={*_LINKED, "cid"},
        filter_style_properties=set(_STYLES),
    )
    return Safe(cleaned, blocked)

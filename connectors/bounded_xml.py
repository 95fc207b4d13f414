"""XML that a client sends, read within bounds and without entities, and text as XML can hold it."""

from __future__ import annotations

import re
from typing import Final
from xml.sax.saxutils import escape as _escape

from lxml import etree

MAX_DEPTH: Final = 60
_BAD: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

_GUARDED: Final = 9_000_000
_DECLARED: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:<\?xml[^>]{0,60}encoding=[\"'](?:utf-8|us-ascii)[\"'][^>]{0,40}\?>|<\?xml(?![^>]*encoding)[^>]*>|\s*<[^?])",
    re.IGNORECASE,
)

Element = etree._Element


class NoXml(Exception):
    """What a client sent is no XML that is taken; the text says why."""


def read(octets: bytes) -> Element:
    """The root element. `NoXml`.

    A text may be longer than the 10 MB that libxml2 takes, where nothing can make more of it than was sent: its
    guards against that are off then, so it is for UTF-8 in which no document type stands.
    """
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=len(octets) > _GUARDED and _plain(octets),
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(octets, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NoXml(f"the body is no XML: {str(error)[:200]}") from None
    if root.getroottree().docinfo.doctype:
        raise NoXml("the body has a DOCTYPE, and none is taken")
    depth = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > MAX_DEPTH:
            raise NoXml(f"the body is nested more than {MAX_DEPTH} levels deep")
    return root


def _plain(octets: bytes) -> bool:
    """Whether it is UTF-8 without a document type, whatever it says of itself."""
    declared = _DECLARED.match(octets)
    return declared is not None and b"\0" not in octets and b"<!DOCTYPE" not in octets


def escape(text: str) -> str:
    """Text as XML has it; what XML cannot hold is left out."""
    if text.isalnum():
        return text
    return _escape(_BAD.sub("", text))


def quoted(text: str) -> str:
    """The same for an attribute, between double quotes."""
    return escape(text).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;").replace("\r", "&#13;")

"""Words that a domain puts below the mail of its people: where they go in a message, and when they do not.

1. All that is signed or encrypted stays as it is, octet for octet; so does what has no text to put them below.
2. A message whose text has them already, quoted from the answer before, does not get them again.
3. Of a message that gets them only the text's own parts change: alternatives each in their own form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from string import Template
from typing import Final

from groupware.mime.appending import appended, decoded
from groupware.mime.html import plain_text
from groupware.mime.scan import Node, scan

LONGEST_TEXT: Final = 4 * 1024 * 1024
"""Octets of a text that is taken apart; a longer one stays as it is."""
VARIABLES: Final = ("name", "address", "domain", "date")
_NAMED: Final = re.compile(r"\$(?:\w+|\{\w+\})")
_SPACE: Final = re.compile(r"[\s>\u00a0]+")
_TELLING: Final = 12
"""Letters that what is fixed in a footer has at least, to be taken for it."""
SEALED: Final = frozenset(
    {
        *("multipart/signed", "multipart/encrypted", "multipart/report", "application/pkcs7-mime"),
        *("application/x-pkcs7-mime", "application/pgp-encrypted", "application/pgp"),
    }
)
_NOT_TEXT: Final = frozenset({"multipart/digest", "multipart/parallel", "multipart/form-data", "multipart/byteranges"})
SIGNED: Final = re.compile(rb"(?im)^dkim-signature[ \t]*:")
_PGP: Final = b"-----BEGIN PGP "


@dataclass(frozen=True, slots=True)
class Footer:
    """What is put below, and how it is known again."""

    text: str
    html: str
    marks: tuple[tuple[str, ...], ...]
    """What is fixed in either form, without white space."""


def footer(text: str, html: str, values: Mapping[str, str]) -> Footer | None:
    """Somebody's footer, with `$name` and the like filled in; None when there is none. One form makes the other."""
    text, html = text.strip().replace("\r\n", "\n"), html.strip().replace("\r\n", "\n")
    if not text and not html:
        return None
    plain = {name: " ".join(value.split()) for name, value in values.items()}
    safe = {name: escape(value) for name, value in plain.items()}
    shown = html or "<p>" + escape(text, quote=False).replace("\n", "<br>\n") + "</p>"
    said = text or re.sub(r"\n{3,}", "\n\n", plain_text(html)).strip()
    marks = tuple(dict.fromkeys((_marks(said, plain), _marks(plain_text(shown), plain))))
    return Footer(Template(said).safe_substitute(plain), Template(shown).safe_substitute(safe), marks)


def footed(octets: bytes, below: Footer) -> bytes:
    """The message with the footer, or as it is where it gets none."""
    nodes = scan(octets)
    if SIGNED.search(octets, 0, nodes[0].body_start) or any(each.media.name in SEALED for each in _own(nodes)):
        return octets
    chosen = [nodes[index] for index in _shown(nodes, 0)]
    if not chosen or any(each.body_end - each.body_start > LONGEST_TEXT for each in chosen):
        return octets
    if any(_has(octets, each, below) for each in chosen):
        return octets
    eol = b"\r\n" if b"\r\n" in octets[: nodes[0].body_start] else b"\n"
    pieces: list[bytes] = []
    at = 0
    for each in chosen:
        new = appended(octets, each, below.html if each.media.sub == b"html" else below.text, eol)
        if new is None:
            return octets
        pieces += [octets[at : each.header_start], new]
        at = each.body_end
    whole = b"".join((*pieces, octets[at:]))
    return whole if _same_form(nodes, scan(whole)) else octets


def _same_form(old: Sequence[Node], new: Sequence[Node]) -> bool:
    """Whether what was put in has not been taken for the end of a part."""
    return [(each.depth, each.media.name) for each in old] == [(each.depth, each.media.name) for each in new]


def _own(nodes: Sequence[Node]) -> Iterator[Node]:
    """The parts of the message itself, without those of messages that are attached to it."""
    below = None
    for each in nodes:
        if below is not None and each.depth > below:
            continue
        below = each.depth if each.kind == "message" else None
        yield each


def _shown(nodes: Sequence[Node], index: int) -> list[int]:
    """The parts where the text of a part ends, as a reader sees it: several where there are alternatives."""
    node = nodes[index]
    name = node.media.name
    if node.kind == "leaf":
        return [index] if name in ("text/plain", "text/html") and not _attached(node) else []
    if node.kind == "message" or name in _NOT_TEXT:
        return []
    found = [_shown(nodes, each) for each in _children(nodes, index)]
    if name == "multipart/alternative":
        return [each for some in found for each in some]
    if name == "multipart/related":
        return found[0] if found else []
    return next((each for each in reversed(found) if each), [])


def _children(nodes: Sequence[Node], index: int) -> Iterator[int]:
    depth = nodes[index].depth
    for each in range(index + 1, len(nodes)):
        if nodes[each].depth <= depth:
            return
        if nodes[each].depth == depth + 1:
            yield each


def _attached(node: Node) -> bool:
    kind, params = node.disposition or (b"", ())
    named = any(name.startswith(b"filename") for name, _ in params)
    return kind == b"attachment" or named or any(name.startswith(b"name") for name, _ in node.media.params)


# --- known again ----------------------------------------------------------------------------------------------------


def _marks(template: str, values: Mapping[str, str]) -> tuple[str, ...]:
    """What is fixed in a footer; where that is too little to tell, the whole of it."""
    fixed = tuple(each for each in map(_squeezed, _NAMED.split(template)) if len(each) >= _TELLING)
    return fixed or (_squeezed(Template(template).safe_substitute(values)),)


def _squeezed(text: str) -> str:
    return _SPACE.sub("", text)


def _has(octets: bytes, node: Node, below: Footer) -> bool:
    """Whether the part has the footer already, or is signed or encrypted in a way of its own."""
    text = decoded(octets, node)
    if _PGP in octets[node.body_start : node.body_end] or _PGP.decode() in text:
        return True
    squeezed = _squeezed(plain_text(text) if node.media.sub == b"html" else text)
    return any(_in_order(squeezed, marks) for marks in below.marks)


def _in_order(text: str, marks: Sequence[str]) -> bool:
    at = 0
    for each in marks:
        at = text.find(each, at)
        if at < 0:
            return False
        at += len(each)
    return True

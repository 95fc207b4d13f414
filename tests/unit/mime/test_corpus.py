"""Every message of the corpus: it is read, told in strict IMAP, its parts tile, and its summary survives storing."""

from __future__ import annotations

import pytest

from groupware.mime.lines import crlf
from groupware.mime.sections import children, section
from groupware.mime.summary import Summary, decode, summarize
from groupware.mime.text import header_texts, text_of
from tests.support import corpus, imap_values

FORMS = {"as given": lambda octets: octets, "CRLF": crlf, "LF": lambda octets: octets.replace(b"\r\n", b"\n")}


def tiles(octets: bytes, summary: Summary) -> None:
    """Header, body and children lie inside each other and in order, and no octet belongs to two neighbours."""
    parts = summary.parts
    assert (parts[0].header_start, parts[0].body_end) == (0, len(octets))
    for index, part in enumerate(parts):
        assert part.header_start <= part.body_start <= part.body_end
        at = part.body_start
        inner = list(children(parts, index))
        for child in inner:
            assert parts[child].header_start >= at
            at = parts[child].body_end
        assert at <= part.body_end
        assert {"leaf": not inner, "multipart": bool(inner), "message": len(inner) == 1}[part.kind]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", corpus.messages())
def test_every_message_is_read(name: str, form: str) -> None:
    octets = FORMS[form](corpus.read(name))
    summary = summarize(octets)
    tiles(octets, summary)
    imap_values.check_envelope(imap_values.parse(summary.envelope))
    imap_values.check_body(imap_values.parse(summary.body), extended=False)
    imap_values.check_body(imap_values.parse(summary.bodystructure), extended=True)
    assert decode(summary.encode()) == summary
    assert summary.size == len(crlf(octets))
    assert len(summary.preview) <= 200
    text_of(octets, summary.parts).encode()
    for text in header_texts(octets, summary.parts).values():
        text.encode()


@pytest.mark.parametrize("name", corpus.messages())
def test_structures_are_the_same_whatever_the_line_ends(name: str) -> None:
    octets = corpus.read(name).replace(b"\r\n", b"\n")
    bare, whole = summarize(octets), summarize(crlf(octets))
    assert (bare.envelope, bare.body, bare.bodystructure) == (whole.envelope, whole.body, whole.bodystructure)
    assert [(part.size, part.lines) for part in bare.parts] == [(part.size, part.lines) for part in whole.parts]


@pytest.mark.parametrize("name", corpus.messages())
def test_sizes_in_the_structure_are_those_of_the_sections(name: str) -> None:
    octets = corpus.read(name)
    summary = summarize(octets)
    leaves = _numbered(imap_values.parse(summary.bodystructure), "")
    for path, size in leaves.items():
        found = section(summary.parts, path)
        assert found is not None, path
        assert len(crlf(octets[slice(*found)])) == size, path


def _numbered(body: imap_values.Value, path: str) -> dict[str, int]:
    """The octets of each part that is no multipart, by its part number."""
    assert isinstance(body, list)
    if isinstance(body[0], list):
        inner = [each for each in body if isinstance(each, list)][: _count(body)]
        found: dict[str, int] = {}
        for number, each in enumerate(inner, 1):
            found |= _numbered_part(each, f"{path}.{number}".lstrip("."))
        return found
    return _numbered_part(body, f"{path}.1".lstrip("."))


def _count(body: list[imap_values.Value]) -> int:
    return next(index for index, each in enumerate(body) if not isinstance(each, list))


def _numbered_part(body: imap_values.Value, path: str) -> dict[str, int]:
    assert isinstance(body, list)
    if isinstance(body[0], list):
        return _numbered(body, path)
    size = body[6]
    assert isinstance(size, int)
    if isinstance(body[0], bytes) and body[0] == b"message" and body[1] in (b"rfc822", b"global"):
        return {path: size} | _numbered(body[8], path)
    return {path: size}

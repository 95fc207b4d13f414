"""The test `body`. RFC 5173."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from groupware.mime.charsets import decode, guess
from groupware.mime.content import text_of_part
from groupware.mime.parts import Part
from groupware.mime.sections import decoded
from mailcore.sieve.match import matches
from mailcore.sieve.run import Run, Test
from mailcore.sieve.script import Call


def body(run: Run, call: Call) -> bool:
    """Whether a part of the body, as :raw, :content or :text see it, agrees; nothing is noted (RFC 5173 §6)."""
    types = tuple(run.texts(call, "content")) if "content" in call.args else None
    key = (run.letter.version, "raw" in call.args, types)
    if run.body is None or run.body[0] != key:
        run.body = (key, _found(run, types, raw="raw" in call.args))
    return matches(run, call, run.body[1], note=False)


def _found(run: Run, types: tuple[str, ...] | None, *, raw: bool) -> Sequence[str]:
    """The texts that a view of the body holds."""
    if raw:
        run.spend(1 + min(len(run.letter.octets), run.limits.body_characters) // 4096)
        return [guess(run.letter.body[: run.limits.body_characters])]
    return list(_texts(run) if types is None else _contents(run, types))


def _texts(run: Run) -> Iterator[str]:
    """The text of each text part, of HTML the words that a reader sees. RFC 5173 §5.3."""
    left = run.limits.body_characters
    for part in run.letter.parts:
        if part is not None and part.media.startswith("text/") and left > 0:
            run.spend(1 + (part.body_end - part.body_start) // 4096)
            text = text_of_part(run.letter.octets, part, 4 * left)[:left]
            left -= len(text)
            yield text


def _contents(run: Run, types: Sequence[str]) -> Iterator[str]:
    """What the parts of these media types hold, their encodings undone. RFC 5173 §5.2."""
    wanted = [each.lower() for each in types if each.count("/") <= 1 and not each.startswith("/")]
    left = run.limits.body_characters
    for index, part in enumerate(run.letter.parts):
        if part is not None and left > 0 and any(_is(part, each) for each in wanted):
            run.spend(1 + (part.body_end - part.body_start) // 4096)
            for text in _content(run, index, part):
                yield text[:left]
                left -= len(text)


def _is(part: Part, wanted: str) -> bool:
    return not wanted or part.media == wanted or ("/" not in wanted and part.media.startswith(f"{wanted}/"))


def _content(run: Run, index: int, part: Part) -> Iterator[str]:
    """A leaf decoded, a multipart's prologue and epilogue, the header of a message."""
    octets = run.letter.octets
    if part.kind == "leaf":
        yield decode(decoded(octets, part)[: 4 * run.limits.body_characters], part.charset)
        return
    inner = [run.letter.parts[at] for at in run.letter.under(index) if at != index]
    children = [each for each in inner if each is not None and each.depth == part.depth + 1]
    if not children:
        return
    if part.kind == "message":
        yield guess(octets[children[0].header_start : children[0].body_start])
        return
    yield guess(_before_delimiter(octets[part.body_start : children[0].header_start]))
    yield guess(_behind_delimiter(octets[children[-1].body_end : part.body_end]))


def _before_delimiter(octets: bytes) -> bytes:
    """The prologue: without the delimiter line that ends it."""
    line = octets.rstrip(b"\r\n").rfind(b"\n") + 1
    return octets[:line]


def _behind_delimiter(octets: bytes) -> bytes:
    """The epilogue: without the delimiter line that stands before it."""
    end = octets.find(b"\n", len(octets) - len(octets.lstrip(b"\r\n")))
    return octets[end + 1 :] if end >= 0 else b""


TESTS: Final[Mapping[str, Test]] = {"body": body}

"""Tests of header fields, addresses and the envelope: RFC 5228 §5, index (RFC 5260 §6), subaddress (RFC 5233), mime
(RFC 5703 §4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from groupware.mime.addresses import parse, shown
from groupware.mime.headers import decode_text, unfold
from groupware.mime.media import Media, disposition, media, text_of_param
from mailcore.sieve.constants import ADDRESS_FIELDS
from mailcore.sieve.letter import Named
from mailcore.sieve.match import matches
from mailcore.sieve.message import Field
from mailcore.sieve.run import Run, Test
from mailcore.sieve.script import Call

_MOST_ADDRESSES: Final = 1000


def exists(run: Run, call: Call) -> bool:
    """Whether all the fields are there. RFC 5228 §5.5, RFC 5703 §4.4."""
    names = [name.lower().encode() for name in run.texts(call, "headers")]
    return any(all(name in fields for name in names) for fields in fields_looked_at(run, call))


def header(run: Run, call: Call) -> bool:
    """RFC 5228 §5.7."""
    found = [value for field in chosen(run, call) for value in _values(run, call, field)]
    return matches(run, call, found)


def address(run: Run, call: Call) -> bool:
    """RFC 5228 §5.1; of fields that hold no addresses none is read."""
    found: list[str] = []
    for field in chosen(run, call):
        if field.name.lower().decode() in ADDRESS_FIELDS:
            boxes = shown(parse(unfold(field.value))[:_MOST_ADDRESSES])
            found += _parts(run, call, [box.address for box in boxes])
    return matches(run, call, found)


def envelope(run: Run, call: Call) -> bool:
    """RFC 5228 §5.4: the null path is an empty address. `orig_to` is the recipient before a group led here."""
    message, found = run.message, list[str]()
    known = {
        "from": message.sender,
        "to": message.recipient,
        "orig_to": message.original or message.recipient,
    }
    for part in run.texts(call, "parts"):
        if part.lower() in known:
            found += _parts(run, call, [known[part.lower()]])
    return matches(run, call, found)


def fields_looked_at(run: Run, call: Call) -> Iterator[Named]:
    """The fields of the message; with :mime those of the part at hand, with :anychild those of each part in it too."""
    if "mime" not in call.args or (not run.parts and "anychild" not in call.args):
        yield run.letter.named
        return
    at = run.parts[-1] if run.parts else 0
    for index in run.letter.under(at) if "anychild" in call.args else (at,):
        run.spend(1)
        yield run.letter.part_named(index)


def chosen(run: Run, call: Call, *, argument: str = "headers") -> Iterator[Field]:
    """The fields that a test names, of each name the one that :index and :last say if they are there."""
    index, last = run.number(call, "index"), "last" in call.args
    texts = run.texts(call, argument) if argument == "headers" else [run.text(call, argument)]
    names = list(dict.fromkeys(name.lower().encode() for name in texts))
    for fields in fields_looked_at(run, call):
        run.spend(len(names) // 10)
        for name in names:
            named = fields.get(name, ())
            if index is None:
                yield from named
            elif index <= len(named):
                yield named[-index] if last else named[index - 1]


def _values(run: Run, call: Call, field: Field) -> list[str]:
    """The texts of a field that count: all of it, or what the options of RFC 5703 §4.2 ask for."""
    if "param" in call.args:
        params = _media(field)
        wanted = [name.lower().encode() for name in run.texts(call, "param")]
        return [] if params is None else [text_of_param(params.params, name) for name in wanted if _has(params, name)]
    for tag in ("type", "subtype", "contenttype"):
        if tag in call.args:
            found = _media(field)
            return [] if found is None else [_word(found, tag)]
    return [decode_text(unfold(field.value))]


def _media(field: Field) -> Media | None:
    """A Content-Type, or a Content-Disposition as one without a subtype."""
    value = unfold(field.value)
    if field.name.lower() == b"content-disposition":
        kind = disposition(value)
        return None if kind is None else Media(kind[0], b"", kind[1])
    return media(value) if field.name.lower() == b"content-type" else None


def _has(params: Media, name: bytes) -> bool:
    return any(key.rstrip(b"*") == name for key, _ in params.params)


def _word(found: Media, tag: str) -> str:
    if tag == "type":
        return found.main.decode("latin-1")
    if tag == "subtype":
        return found.sub.decode("latin-1")
    return found.name if found.sub else found.main.decode("latin-1")


def _parts(run: Run, call: Call, addresses: Sequence[str]) -> list[str]:
    """The parts of addresses that a test asks for; no value where there is no such part. RFC 5233 §4."""
    found = []
    for address in addresses:
        part = _part(call, address, run.env.separator)
        if part is not None:
            found.append(part)
    return found


def _part(call: Call, address: str, separator: str) -> str | None:
    local, at, domain = address.rpartition("@")
    if not at:
        local, domain = address, ""
    if "localpart" in call.args:
        return local
    if "domain" in call.args:
        return domain
    user, plus, detail = local.partition(separator) if separator else (local, "", "")
    if "user" in call.args:
        return user
    if "detail" in call.args:
        return detail if plus else None
    return address


TESTS: Final[Mapping[str, Test]] = {"exists": exists, "header": header, "address": address, "envelope": envelope}

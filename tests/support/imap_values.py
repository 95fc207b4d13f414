"""A strict reader of IMAP values (RFC 9051 §9): strings, literals, NIL, numbers, lists. It checks what we send."""

from __future__ import annotations

import re

Value = bytes | int | None | list["Value"]

_QUOTED = re.compile(rb'"((?:[\x01-\x09\x0b\x0c\x0e-\x21\x23-\x5b\x5d-\x7f]|\\["\\])*)"')
_LITERAL = re.compile(rb"\{(0|[1-9][0-9]*)\}\r\n")
_NUMBER = re.compile(rb"0|[1-9][0-9]*")
_SPACELESS = b"("  # bodies and addresses follow each other without a space


class NotImap(ValueError):
    """The octets are no IMAP value; the message says where."""


def parse(octets: bytes) -> Value:
    """The one value that the octets are; NotImap if they are none, or more."""
    stack: list[list[Value]] = [[]]
    at = 0
    after_value = False
    while at < len(octets):
        here = octets[at : at + 1]
        if here == b")":
            if len(stack) == 1 or not stack[-1]:
                raise NotImap(f"unexpected ')' at {at}: {octets[:at][-60:]!r}")
            done = stack.pop()
            stack[-1].append(done)
            at, after_value = at + 1, True
            continue
        if here == b" ":
            if not after_value or octets[at + 1 : at + 2] in (b" ", b")", b""):
                raise NotImap(f"unexpected space at {at}: {octets[:at][-60:]!r}")
            at, after_value = at + 1, False
            continue
        if after_value and not (here == _SPACELESS and isinstance(stack[-1][-1], list)):
            raise NotImap(f"missing space at {at}: {octets[:at][-60:]!r}")
        if here == b"(":
            stack.append([])
            at, after_value = at + 1, False
            continue
        value, at = _atom(octets, at)
        stack[-1].append(value)
        after_value = True
    if len(stack) != 1 or len(stack[0]) != 1:
        raise NotImap(f"{len(stack) - 1} open lists, {len(stack[0])} values")
    return stack[0][0]


def _atom(octets: bytes, at: int) -> tuple[bytes | int | None, int]:
    if octets.startswith(b"NIL", at):
        return None, at + 3
    if found := _QUOTED.match(octets, at):
        return re.sub(rb"\\(.)", rb"\1", found[1]), found.end()
    if found := _NUMBER.match(octets, at):
        return int(found[0]), found.end()
    if found := _LITERAL.match(octets, at):
        end = found.end() + int(found[1])
        text = octets[found.end() : end]
        if len(text) != int(found[1]) or b"\0" in text:
            raise NotImap(f"bad literal at {at}")
        return text, end
    raise NotImap(f"no value at {at}: {octets[at : at + 40]!r}")


def check_envelope(value: Value) -> None:
    """NotImap unless the value has the form of `envelope`."""
    if not isinstance(value, list) or len(value) != 10:
        raise NotImap(f"an envelope has ten fields: {value!r}")
    for field in (*value[:2], *value[8:]):
        _nstring(field)
    for addresses in value[2:8]:
        if addresses is not None and not (isinstance(addresses, list) and addresses):
            raise NotImap(f"addresses are a list that is not empty: {addresses!r}")
        for address in addresses or ():
            if not isinstance(address, list) or len(address) != 4:
                raise NotImap(f"an address has four fields: {address!r}")
            for field in address:
                _nstring(field)


def check_body(value: Value, *, extended: bool) -> None:
    """NotImap unless the value has the form of `body` (RFC 9051 §9), without or with its extension data."""
    if not isinstance(value, list):
        raise NotImap(f"a body is a list: {value!r}")
    if isinstance(value[0], list):
        _check_multipart(value, extended)
    else:
        _check_single(value, extended)


def _check_multipart(value: list[Value], extended: bool) -> None:
    count = next((index for index, each in enumerate(value) if not isinstance(each, list)), len(value))
    for inner in value[:count]:
        check_body(inner, extended=extended)
    rest = value[count:]
    if len(rest) != (5 if extended else 1):
        raise NotImap(f"a multipart ends in its subtype and, extended, four more: {rest!r}")
    _string(rest[0])
    if extended:
        _params(rest[1])
        _extension(rest[2:])


def _check_single(value: list[Value], extended: bool) -> None:
    main, sub, params, cid, description, encoding, octets, *rest = value
    _string(main), _string(sub), _params(params), _nstring(cid), _nstring(description), _string(encoding)
    _number(octets)
    assert isinstance(main, bytes) and isinstance(sub, bytes)
    if main.lower() == b"message" and sub.lower() in (b"rfc822", b"global"):
        envelope, body, lines, *rest = rest
        check_envelope(envelope)
        check_body(body, extended=extended)
        _number(lines)
    elif main.lower() == b"text":
        lines, *rest = rest
        _number(lines)
    if not extended:
        if rest:
            raise NotImap(f"more than a BODY holds: {rest!r}")
        return
    md5, *rest = rest
    _nstring(md5)
    _extension(rest)


def _extension(rest: list[Value]) -> None:
    if len(rest) != 3:
        raise NotImap(f"disposition, language, location: {rest!r}")
    disposition, language, location = rest
    if disposition is not None:
        if not isinstance(disposition, list) or len(disposition) != 2:
            raise NotImap(f"a disposition is a string and parameters: {disposition!r}")
        _string(disposition[0])
        _params(disposition[1])
    if isinstance(language, list):
        for each in language:
            _string(each)
    else:
        _nstring(language)
    _nstring(location)


def _params(value: Value) -> None:
    if value is None:
        return
    if not isinstance(value, list) or len(value) % 2:
        raise NotImap(f"parameters are pairs: {value!r}")
    for each in value:
        _string(each)


def _string(value: Value) -> None:
    if not isinstance(value, bytes):
        raise NotImap(f"no string: {value!r}")


def _nstring(value: Value) -> None:
    if value is not None:
        _string(value)


def _number(value: Value) -> None:
    if not isinstance(value, int):
        raise NotImap(f"no number: {value!r}")

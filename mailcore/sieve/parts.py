"""The parts of a message one by one: foreverypart, break, extracttext, replace, enclose. RFC 5703."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from secrets import token_hex
from typing import Final

from groupware.mime.compose import format_date, header_line
from groupware.mime.content import text_of_part
from groupware.mime.headers import decode_text, unfold
from mailcore.sieve.actions import Rewrite
from mailcore.sieve.answers import sender_of
from mailcore.sieve.message import Field, fields_of
from mailcore.sieve.run import Break, Command, Run
from mailcore.sieve.script import Call
from mailcore.sieve.variables import modified, name_of

_MOST_LOOPS: Final = 4
_FROM_ORIGINAL: Final = frozenset(b"from to cc date message-id in-reply-to references".split())


def for_every_part(run: Run, call: Call) -> None:
    """The block once for each part, the message itself first; inside a loop for each part in the part. RFC 5703 §3."""
    if len(run.parts) >= _MOST_LOOPS:
        raise run.error(f"Loops over parts are more than {_MOST_LOOPS} deep in one another.")
    visited = list(run.letter.under(run.parts[-1]))[1:] if run.parts else list(run.letter.under(0))
    for index in visited:
        if run.letter.parts[index] is None:
            continue  # something that was put in the place of a part around it has replaced it
        run.spend(1)
        run.parts.append(index)
        try:
            run.block(call.block)
        except Break as leave:
            if leave.name is not None and leave.name != run.text(call, "name"):
                raise
            return
        finally:
            run.parts.pop()


def break_(run: Run, call: Call) -> None:
    """RFC 5703 §3.2."""
    raise Break(run.text(call, "name") if "name" in call.args else None)


def extract_text(run: Run, call: Call) -> None:
    """The text of the part at hand into a variable; of what holds no text, nothing. RFC 5703 §7."""
    if not run.parts:
        raise run.error("'extracttext' has a meaning only inside 'foreverypart'.")
    part = run.letter.parts[run.parts[-1]]
    first = run.number(call, "first") or run.limits.variable_characters
    text = ""
    if part is not None and part.kind == "leaf" and part.media.startswith("text/"):
        most = min(first, run.limits.variable_characters)
        run.spend(1 + (part.body_end - part.body_start) // 4096)
        text = text_of_part(run.letter.octets, part, run.limits.body_characters)[:most]
    run.set(name_of(run, run.text(call, "name")), modified(call, text))


def replace(run: Run, call: Call) -> None:
    """Something else in the place of the part at hand, or of the message itself. RFC 5703 §5."""
    if run.parts and run.parts[-1] != 0:
        run.letter.put(run.parts[-1], _entity(run, call))
        what = "replaced a part"
    else:
        run.letter.renew(_replacement(run, call))
        what = "replaced the message"
    _rewritten(run, call, what)


def enclose(run: Run, call: Call) -> None:
    """A new message around this one, with a text before it. RFC 5703 §6."""
    mark = f"=_{token_hex(12)}"
    subject = run.text(call, "subject")
    fields = [field for field in run.letter.fields if field.name.lower() in _FROM_ORIGINAL]
    before = [_raw(field) for field in fields]
    if subject:
        before.append(header_line("Subject", subject))
    else:
        before += [_raw(field) for field in run.letter.fields if field.name.lower() == b"subject"]
    before += [_raw(field) for field in _given(run, call, {field.name.lower() for field in fields} | {b"subject"})]
    if not any(field.name.lower() == b"date" for field in fields):
        before.append(header_line("Date", format_date(run.env.now)))
    before += [
        b"MIME-Version: 1.0\r\n",
        f'Content-Type: multipart/mixed; boundary="{mark}"\r\n\r\n--{mark}\r\n'.encode(),
        _text_entity(run.text(call, "text")),
        f"\r\n--{mark}\r\nContent-Type: message/rfc822\r\n\r\n".encode(),
    ]
    run.letter.enclose(b"".join(before), f"\r\n--{mark}--\r\n".encode())
    _rewritten(run, call, "enclosed the message")


def _given(run: Run, call: Call, there: set[bytes]) -> Sequence[Field]:
    """The fields that `:headers` holds, beside those that are there already or tell of MIME."""
    text = "\r\n".join(run.texts(call, "headers")).encode("utf-8", "replace") + b"\r\n"
    return [
        field
        for field in fields_of(text)
        if field.name.lower() not in there and not field.name.lower().startswith((b"content-", b"mime-"))
    ]


def _raw(field: Field) -> bytes:
    return field.name + b":" + field.value.rstrip(b"\r\n") + b"\r\n"


def _entity(run: Run, call: Call) -> bytes:
    """The text of a replacement as a part with its header."""
    text = run.text(call, "text")
    return text.encode("utf-8", "replace") if "mime" in call.args else _text_entity(text)


def _text_entity(text: str) -> bytes:
    return b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + text.encode(
        "utf-8", "replace"
    )


def _replacement(run: Run, call: Call) -> bytes:
    """A message whose header is the old one, all that tells of MIME left out, and whose body is the replacement."""
    subject, sender = run.text(call, "subject"), sender_of(run, call)
    lines = []
    for field in run.letter.fields:
        name = field.name.lower()
        if name.startswith(b"content-") or name == b"mime-version":
            continue
        changed = (name == b"subject" and subject) or (name == b"from" and sender)
        lines.append(header_line("Original-" + field.name.decode(), decode_text(unfold(field.value))) if changed
                     else _raw(field))  # fmt: skip
    if subject:
        lines.append(header_line("Subject", subject))
    if sender:
        lines.append(header_line("From", sender))
    return b"".join((*lines, b"MIME-Version: 1.0\r\n", _entity(run, call)))


def _rewritten(run: Run, call: Call, told: str) -> None:
    """Take up the message as it is now; of several rewritings with nothing between them the last is enough."""
    run.spend(len(run.letter.octets) // 4096)
    if len(run.letter.octets) > run.limits.message_octets:
        raise run.error("The message becomes too large.")
    if run.actions and isinstance(run.actions[-1], Rewrite):
        run.actions.pop()
    run.act(Rewrite(run.letter.octets, call.line), told)


COMMANDS: Final[Mapping[str, Command]] = {
    "foreverypart": for_every_part,
    "break": break_,
    "extracttext": extract_text,
    "replace": replace,
    "enclose": enclose,
}

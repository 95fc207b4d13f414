"""Answering while one is away: a Sieve script of the account, which JMAP, ActiveSync and EWS write alike.

The script answers, then includes the one that was active before, so that rules go on working. What was said stands in
its first line; whoever makes another script the active one has ended the answering.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any, Final

from groupware.model.errors import NotFound
from groupware.model.times import moment_of
from groupware.store.api import ReadTx, WriteTx

SCRIPT: Final = "vacation-response"
FACTS: Final = ("fromDate", "toDate", "subject", "textBody", "htmlBody")
"""What is said: texts, or None. The dates are such as `moment_of` takes. RFC 8621 §8."""
LONGEST: Final = 20_000
"""Characters of one text."""
_DEFAULT: Final = "This is an automatic answer: your message has arrived, and will be read later."
_MARK: Final = b"# JMAP "


def kept(tx: ReadTx) -> dict[str, Any]:
    """What the script says of itself; empty when there is none, or somebody else has written it."""
    try:
        first = tx.script(SCRIPT).partition(b"\n")[0].strip()
        found = json.loads(base64.b64decode(first.removeprefix(_MARK))) if first.startswith(_MARK) else {}
    except (NotFound, binascii.Error, ValueError):
        return {}
    return dict(found) if isinstance(found, dict) else {}


def answers(tx: ReadTx) -> bool:
    """Whether it answers."""
    return _active(tx) == SCRIPT


def _active(tx: ReadTx) -> str:
    found = tx.active_script()
    return found[0] if found is not None else ""


def keep(tx: WriteTx, given: Mapping[str, Any], enabled: bool | None = None) -> None:
    """Changes what is said, and with `enabled` whether it answers. `given` has been looked at: see `script_of`."""
    active, before = _active(tx), kept(tx)
    beside = before.get("beside", "") if active == SCRIPT else active
    on = active == SCRIPT if enabled is None else enabled
    facts = {**{name: before.get(name) for name in FACTS}, **given, "beside": beside}
    tx.put_script(SCRIPT, script_of(facts))
    if on and active != SCRIPT:
        tx.activate_script(SCRIPT)
    elif not on and active == SCRIPT:
        _back(tx, beside)


def _back(tx: WriteTx, name: str) -> None:
    """The script that was active before is so again, if it is still there."""
    there = any(each.name == name for each in tx.scripts())
    tx.activate_script(name if there else "")


def script_of(facts: Mapping[str, Any]) -> bytes:
    """The script that does what `facts` say: those of `FACTS`, and `beside`, the script that goes on behind it.

    ValueError for a date that is none; whether the script runs is for `mailcore.sieve.check.compiled` to say.
    """
    mark = _MARK + base64.b64encode(json.dumps(facts).encode())
    tests = [
        f'currentdate :zone "+0000" :value "{relation}" "iso8601" "{_moment(facts[name])}"'
        for name, relation in (("fromDate", "ge"), ("toDate", "lt"))
        if facts.get(name)
    ]
    subject = f" :subject {_quoted(' '.join(facts['subject'].split()))}" if facts.get("subject") else ""
    action = f"vacation{subject}{_text(facts)};"
    lines = [
        'require ["vacation", "date", "relational", "include"];',
        f"if allof({', '.join(tests)}) {{ {action} }}" if tests else action,
        *([f"include :personal :optional {_quoted(str(facts['beside']))};"] if facts.get("beside") else []),
    ]
    return mark + b"\r\n" + "\r\n".join(lines).encode() + b"\r\n"


def _text(facts: Mapping[str, Any]) -> str:
    plain, html = facts.get("textBody"), facts.get("htmlBody")
    if not html:
        return f" {_quoted(plain or _DEFAULT)}"
    answer = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    if plain:
        answer.set_content(plain)
        answer.add_alternative(html, subtype="html")
    else:
        answer.set_content(html, subtype="html")
    return f" :mime {_quoted(bytes(answer).decode('ascii', 'replace'))}"


def _moment(value: str) -> str:
    moment: datetime = moment_of(value).astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}+00:00"


def _quoted(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
    return '"' + lines.replace("\\", "\\\\").replace('"', '\\"') + '"'

"""The script in which Exchange's clients keep rules, and what is done with what comes to a conversation.

What they said stands in the script's first line; the rest does it, and then includes the script that was active before.
What is said of one conversation goes before all rules. MS-OXWSRULES, MS-OXWSCONV §3.1.4.1, MS-ASCMD §2.2.3.114.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from groupware.model.categories import keyword_of
from groupware.model.errors import NotFound, Refused
from groupware.model.folder import Folder
from groupware.store.api import ReadTx, WriteTx
from mailcore.sieve import vacation
from mailcore.sieve.check import compiled
from mailcore.sieve.errors import SieveError

SCRIPT: Final = "inbox-rules"
MOST_CONVERSATIONS: Final = 500
"""Of which something is said; the oldest are forgotten."""
TRASH: Final = 'fileinto :specialuse "\\\\Trash" "Trash";'
_MARK: Final = b"# EWS "
_NEEDED: Final = (
    "fileinto", "mailbox", "mailboxid", "special-use", "copy", "imap4flags", "body", "mime", "date", "relational",
    "editheader", "include",
)  # fmt: skip
_REQUIRE: Final = "require [" + ", ".join(f'"{each}"' for each in _NEEDED) + "];"
Json = dict[str, Any]


def kept(tx: ReadTx) -> Json:
    """What the script says of itself: the rules, the conversations, and the script beside it."""
    try:
        first = tx.script(SCRIPT).partition(b"\n")[0].strip()
        found = json.loads(base64.b64decode(first.removeprefix(_MARK))) if first.startswith(_MARK) else {}
    except (NotFound, binascii.Error, ValueError):
        found = {}
    return found if isinstance(found, dict) and isinstance(found.get("rules"), list) else {"rules": []}


def in_order(rules: Iterable[Json]) -> list[Json]:
    """Rules as they are done."""
    return sorted(rules, key=lambda each: int(each["priority"]))


def keep(tx: WriteTx, facts: Json) -> None:
    """Makes the script anew, and the active one, or what answers while one is away goes on with it. `Refused`."""
    active = tx.active_script()
    now = active[0] if active is not None else ""
    away = now == vacation.SCRIPT
    before = str(vacation.kept(tx).get("beside") or "") if away else now
    beside = str(facts.get("beside") or "") if before == SCRIPT else before
    facts = {**facts, "beside": beside}
    lines = [_REQUIRE, *map(_conversation, facts.get("conversations") or ())]
    lines += [_chained([each for each in in_order(facts["rules"]) if each["sieve"]])]
    lines += [f"include :personal :optional {quoted(beside)};"] if beside else []
    octets = _MARK + base64.b64encode(json.dumps(facts).encode()) + b"\r\n" + "\r\n".join(lines).encode() + b"\r\n"
    try:
        compiled(octets)
    except SieveError as error:
        raise Refused(str(error)) from None
    tx.put_script(SCRIPT, octets)
    if before == SCRIPT:
        return
    if away:
        tx.put_script(vacation.SCRIPT, vacation.script_of({**vacation.kept(tx), "beside": SCRIPT}))
    else:
        tx.activate_script(SCRIPT)


def always(tx: WriteTx, root: str, said: Mapping[str, Any]) -> None:
    """From now on something is done to what comes to the conversation of that first Message-ID.

    `said`: `to` (a `place`), `delete`, `categories`; what is empty is done no more, what is not there stays as it is.
    """
    facts = kept(tx)
    there = list(facts.get("conversations") or ())
    before = next((each for each in there if each["root"] == root), {"root": root})
    now = {name: value for name, value in {**before, **said}.items() if value}
    rest = [each for each in there if each["root"] != root]
    found = [*rest, *([now] if len(now) > 1 else [])][-MOST_CONVERSATIONS:]
    if found != there:
        keep(tx, {**facts, "conversations": found})


def _conversation(each: Mapping[str, Any]) -> str:
    """What does what is said of one conversation. A message of it names the first one, or is that."""
    words = [word for name in each.get("categories") or () if (word := keyword_of(name))]
    actions = [f"addflag {listed(words)};"] if words else []
    if each.get("delete"):
        actions += [TRASH, "stop;"]
    elif each.get("to"):
        actions += [f"fileinto {each['to']};", "stop;"]
    names = listed(("References", "In-Reply-To", "Message-ID"))
    return f"if header :contains {names} {quoted('<' + each['root'] + '>')} {{ {' '.join(actions)} }}"


def _chained(rules: Sequence[Json]) -> str:
    """The rules; what comes behind one that ends them is done where that one is not."""
    if not rules:
        return ""
    first, rest = str(rules[0]["sieve"]), _chained(rules[1:])
    if not rest or not rules[0].get("stop"):
        return f"{first}\r\n{rest}"
    return f"{first} els{rest}" if rules[1].get("stop") else f"{first} else {{ {rest} }}"


# --- Sieve ------------------------------------------------------------------------------------------------------------


def quoted(text: str) -> str:
    """A string; line ends in it are spaces."""
    text = " ".join(text.split("\n")).replace("\r", " ").replace("\0", "")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def listed(texts: Sequence[str]) -> str:
    """A list of strings."""
    return "[" + ", ".join(map(quoted, texts)) + "]"


def place(folder: Folder) -> str:
    """A folder, whatever it will be called."""
    return f":mailboxid {quoted(f'F{folder.id}')} {quoted(folder.path)}"

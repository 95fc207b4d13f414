"""GetInboxRules and UpdateInboxRules: rules are a Sieve script of the account. MS-OXWSRULES.

What a client said stands in the script's first line; the rest does it, and then includes the script that was active
before. A condition or action that Sieve has nothing for is refused, so no rule does less than it says.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from connectors.bounded_xml import Element
from connectors.ews.errors import EwsError, ews_error
from connectors.ews.mail_set import mailboxes_in
from connectors.ews.tree import folder_in
from connectors.ews.turn import Turn, account_of
from connectors.ews.wire import Xml, child, children, local, message, needed, said_error, tag, words
from groupware.model.categories import keyword_of
from groupware.model.errors import GroupwareError, NotFound
from groupware.store.api import ReadTx, WriteTx
from mailcore.sieve import vacation
from mailcore.sieve.check import compiled
from mailcore.sieve.errors import SieveError

SCRIPT: Final = "inbox-rules"
MOST: Final = 200
_MARK: Final = b"# EWS "
_NEEDED: Final = ("fileinto", "mailbox", "copy", "imap4flags", "body", "include")
_REQUIRE: Final = "require [" + ", ".join(f'"{each}"' for each in _NEEDED) + "];"
Json = dict[str, Any]


# --- what is kept -----------------------------------------------------------------------------------------------------


def _kept(tx: ReadTx) -> Json:
    """What the script says of itself: the rules, and the script beside it."""
    try:
        first = tx.script(SCRIPT).partition(b"\n")[0].strip()
        found = json.loads(base64.b64decode(first.removeprefix(_MARK))) if first.startswith(_MARK) else {}
    except (NotFound, binascii.Error, ValueError):
        found = {}
    return found if isinstance(found, dict) and isinstance(found.get("rules"), list) else {"rules": []}


async def get_inbox_rules(turn: Turn, element: Element) -> str:
    """`GetInboxRules`."""

    def look(tx: ReadTx) -> str:
        if account_of(tx, (words(element, "MailboxSmtpAddress") or "").strip()) != tx.who.account:
            raise EwsError("ErrorAccessDenied", "the rules of somebody else are theirs to see")
        return "".join(str(each["xml"]) for each in _sorted(_kept(tx)["rules"]))

    try:
        rules = await turn.read(look)
    except EwsError as error:
        return f'<m:GetInboxRulesResponse ResponseClass="Error">{said_error(error)}</m:GetInboxRulesResponse>'
    inside = message("OutlookRuleBlobExists", "false") + message("InboxRules", rules)
    return (
        '<m:GetInboxRulesResponse ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>'
        f"{inside}</m:GetInboxRulesResponse>"
    )


def _sorted(rules: Sequence[Json]) -> list[Json]:
    return sorted(rules, key=lambda each: int(each["priority"]))


async def update_inbox_rules(turn: Turn, element: Element) -> str:
    """`UpdateInboxRules`: all operations, or none."""
    operations = list(children(needed(element, "Operations")))

    def work(tx: WriteTx) -> None:
        if account_of(tx, (words(element, "MailboxSmtpAddress") or "").strip()) != tx.who.account:
            raise EwsError("ErrorAccessDenied", "the rules of somebody else are theirs to change")
        kept = _kept(tx)
        rules = {str(each["id"]): each for each in kept["rules"]}
        for operation in operations:
            _operated(tx, rules, operation)
        if len(rules) > MOST:
            raise EwsError("ErrorInboxRulesValidationError", f"more than {MOST} rules")
        _store(tx, kept, list(rules.values()))

    try:
        await turn.write(work)
    except (EwsError, GroupwareError) as error:
        said = said_error(error if isinstance(error, EwsError) else ews_error(error))
        return f'<m:UpdateInboxRulesResponse ResponseClass="Error">{said}</m:UpdateInboxRulesResponse>'
    return (
        '<m:UpdateInboxRulesResponse ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>'
        "</m:UpdateInboxRulesResponse>"
    )


def _operated(tx: ReadTx, rules: dict[str, Json], operation: Element) -> None:
    if local(operation) == "DeleteRuleOperation":
        ident = (words(operation, "RuleId") or "").strip()
        if rules.pop(ident, None) is None:
            raise EwsError("ErrorItemNotFound", "there is no such rule")
        return
    given = needed(operation, "Rule")
    ident = (words(given, "RuleId") or "").strip()
    if local(operation) == "CreateRuleOperation":
        ident = base64.b64encode(secrets.token_bytes(9)).decode()
    elif ident not in rules:
        raise EwsError("ErrorItemNotFound", "there is no such rule")
    rules[ident] = _rule(tx, ident, given)


def _rule(tx: ReadTx, ident: str, given: Element) -> Json:
    """A rule as it is kept. `EwsError` for what Sieve has nothing for."""
    name, priority = (words(given, "DisplayName") or "").strip()[:255], (words(given, "Priority") or "1").strip()
    enabled = (words(given, "IsEnabled") or "true").strip().lower() in ("true", "1")
    if not priority.isdecimal() or len(priority) > 6:
        raise _wrong("Priority is a number")
    parts = ""
    for part in ("Conditions", "Exceptions", "Actions"):
        found = child(given, part)
        if found is not None:
            parts += _plain(found)
    head = tag("RuleId", ident) + tag("DisplayName", name) + tag("Priority", priority) + tag("IsEnabled", enabled)
    sieve = _sieve(tx, given) if enabled else ""
    return {"id": ident, "priority": int(priority), "xml": tag("Rule", Xml(head + parts)), "sieve": sieve}


def _plain(element: Element) -> str:
    """An element as it is told again, with our prefix."""
    text = element.text if element.text and element.text.strip() else None
    inside = text if len(element) == 0 else Xml("".join(_plain(each) for each in children(element)))
    attributes = {str(key): str(value) for key, value in element.attrib.items() if not str(key).startswith("{")}
    return tag(local(element), inside or "", **attributes)


def _wrong(text: str) -> EwsError:
    return EwsError("ErrorInboxRulesValidationError", text)


def _store(tx: WriteTx, kept: Json, rules: Sequence[Json]) -> None:
    active = tx.active_script()
    now = active[0] if active is not None else ""
    away = now == vacation.SCRIPT
    before = str(vacation.kept(tx).get("beside") or "") if away else now
    beside = str(kept.get("beside") or "") if before == SCRIPT else before
    facts = {"rules": list(rules), "beside": beside}
    lines = [_REQUIRE, *[str(each["sieve"]) for each in _sorted(rules) if each["sieve"]]]
    lines += [f"include :personal :optional {_quoted(beside)};"] if beside else []
    octets = _MARK + base64.b64encode(json.dumps(facts).encode()) + b"\r\n" + "\r\n".join(lines).encode() + b"\r\n"
    try:
        compiled(octets)
    except SieveError as error:
        raise _wrong(str(error)) from None
    tx.put_script(SCRIPT, octets)
    if before == SCRIPT:
        return
    if away:
        tx.put_script(vacation.SCRIPT, vacation.script_of({**vacation.kept(tx), "beside": SCRIPT}))
    else:
        tx.activate_script(SCRIPT)


# --- Sieve ------------------------------------------------------------------------------------------------------------


def _quoted(text: str) -> str:
    text = " ".join(text.split("\n")).replace("\r", " ").replace("\0", "")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _list(texts: Sequence[str]) -> str:
    return "[" + ", ".join(map(_quoted, texts)) + "]"


def _texts(element: Element) -> list[str]:
    return [each.text or "" for each in children(element) if (each.text or "").strip()]


def _header(*names: str) -> Callable[[ReadTx, Element], str]:
    return lambda tx, at: f"header :contains {_list(names)} {_list(_texts(at))}"


def _people(*names: str) -> Callable[[ReadTx, Element], str]:
    return lambda tx, at: f"address :is {_list(names)} {_list([mail for _, mail in mailboxes_in(at)])}"


def _me(*names: str) -> Callable[[ReadTx, Element], str]:
    return lambda tx, at: f"address :is {_list(names)} {_list(list(tx.addresses(tx.who.account)))}"


def _size(tx: ReadTx, at: Element) -> str:
    tests = []
    for name, how in (("MinimumSize", ":over"), ("MaximumSize", ":under")):
        text = (words(at, name) or "").strip()
        if text.isdecimal() and len(text) < 10:
            tests.append(f"size {how} {text}K")
    return f"allof({', '.join(tests)})" if tests else "true"


def _importance(tx: ReadTx, at: Element) -> str:
    said = (at.text or "").strip()
    if said == "Normal":
        return 'not header :is "Importance" ["high", "low"]'
    return f'header :is "Importance" {_quoted(said.lower())}'


_TESTS: Final[Mapping[str, Callable[[ReadTx, Element], str]]] = {
    "ContainsSubjectStrings": _header("Subject"),
    "ContainsSenderStrings": _header("From", "Sender"),
    "ContainsRecipientStrings": _header("To", "Cc"),
    "ContainsBodyStrings": lambda tx, at: f"body :text :contains {_list(_texts(at))}",
    "ContainsSubjectOrBodyStrings": lambda tx, at: (
        f'anyof(header :contains "Subject" {_list(_texts(at))}, body :text :contains {_list(_texts(at))})'
    ),
    "FromAddresses": _people("From", "Sender"),
    "SentToAddresses": _people("To", "Cc"),
    "SentToMe": _me("To"),
    "SentCcMe": _me("Cc"),
    "SentToOrCcMe": _me("To", "Cc"),
    "NotSentToMe": lambda tx, at: f"not {_me('To')(tx, at)}",
    "SentOnlyToMe": lambda tx, at: f'allof({_me("To")(tx, at)}, not exists "Cc", not header :contains "To" ",")',
    "HasAttachments": lambda tx, at: 'header :contains "Content-Type" "multipart/mixed"',
    "WithinSizeRange": _size,
    "Importance": _importance,
}
_FLAGS: Final = frozenset({"SentToMe", "SentCcMe", "SentToOrCcMe", "NotSentToMe", "SentOnlyToMe", "HasAttachments"})


def _tests(tx: ReadTx, element: Element | None) -> list[str]:
    found = []
    for each in children(element):
        name = local(each)
        if name not in _TESTS:
            raise _wrong(f"{name}: no rule can look at that here")
        if name in _FLAGS and (each.text or "").strip().lower() not in ("true", "1"):
            continue
        found.append(_TESTS[name](tx, each))
    return found


def _folder(tx: ReadTx, at: Element) -> str:
    named = next((each for each in children(at) if local(each) in ("FolderId", "DistinguishedFolderId")), None)
    if named is None:
        raise _wrong(f"{local(at)}: a folder is wanted")
    return _quoted(folder_in(tx, named).path)


def _redirect(tx: ReadTx, at: Element) -> str:
    return " ".join(f"redirect :copy {_quoted(mail)};" for _, mail in mailboxes_in(at))


_ACTIONS: Final[Mapping[str, Callable[[ReadTx, Element], str]]] = {
    "MarkAsRead": lambda tx, at: 'addflag "\\\\Seen";' if (at.text or "").strip().lower() in ("true", "1") else "",
    "AssignCategories": lambda tx, at: (
        f"addflag {_list([keyword_of(each) for each in _texts(at) if keyword_of(each)])};"
    ),
    "ForwardToRecipients": _redirect,
    "RedirectToRecipients": _redirect,
    "CopyToFolder": lambda tx, at: f"fileinto :copy {_folder(tx, at)};",
    "MoveToFolder": lambda tx, at: f"fileinto {_folder(tx, at)};",
    "Delete": lambda tx, at: 'fileinto "Trash";' if (at.text or "").strip().lower() in ("true", "1") else "",
    "PermanentDelete": lambda tx, at: "discard;" if (at.text or "").strip().lower() in ("true", "1") else "",
    "StopProcessingRules": lambda tx, at: "stop;" if (at.text or "").strip().lower() in ("true", "1") else "",
}
"""In the order in which they are done."""


def _sieve(tx: ReadTx, given: Element) -> str:
    """What does the rule."""
    tests = _tests(tx, child(given, "Conditions"))
    tests += [f"not {each}" for each in _tests(tx, child(given, "Exceptions"))]
    asked = {local(each): each for each in children(child(given, "Actions"))}
    unknown = next((name for name in asked if name not in _ACTIONS), None)
    if unknown is not None:
        raise _wrong(f"{unknown}: no rule can do that here")
    actions = [said for name, make in _ACTIONS.items() if name in asked and (said := make(tx, asked[name]))]
    if not actions:
        raise _wrong("a rule does something")
    test = f"allof({', '.join(tests)})" if len(tests) > 1 else tests[0] if tests else "true"
    return f"if {test} {{ {' '.join(actions)} }}"

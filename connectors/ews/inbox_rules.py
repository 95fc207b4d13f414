"""GetInboxRules and UpdateInboxRules: rules are a Sieve script (`connectors.exchange.rules`). MS-OXWSRULES.

A condition or action that Sieve has nothing for is refused, so no rule does less than it says.
"""

from __future__ import annotations

import base64
import secrets
from typing import Any, Final

from connectors.bounded_xml import Element
from connectors.ews.errors import EwsError, ews_error
from connectors.ews.rule_words import done, tests, wrong
from connectors.ews.turn import Turn, account_of
from connectors.ews.wire import Xml, child, children, flag, local, message, needed, said_error, tag, words
from connectors.exchange.rules import in_order, keep, kept
from groupware.model.errors import GroupwareError, Refused
from groupware.store.api import ReadTx, WriteTx

MOST: Final = 200
Json = dict[str, Any]


async def get_inbox_rules(turn: Turn, element: Element) -> str:
    """`GetInboxRules`."""

    def look(tx: ReadTx) -> str:
        if account_of(tx, (words(element, "MailboxSmtpAddress") or "").strip()) != tx.who.account:
            raise EwsError("ErrorAccessDenied", "the rules of somebody else are theirs to see")
        return "".join(str(each["xml"]) for each in in_order(kept(tx)["rules"]))

    try:
        rules = await turn.read(look)
    except EwsError as error:
        return f'<m:GetInboxRulesResponse ResponseClass="Error">{said_error(error)}</m:GetInboxRulesResponse>'
    inside = message("OutlookRuleBlobExists", "false") + message("InboxRules", rules)
    return (
        '<m:GetInboxRulesResponse ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>'
        f"{inside}</m:GetInboxRulesResponse>"
    )


async def update_inbox_rules(turn: Turn, element: Element) -> str:
    """`UpdateInboxRules`: all operations, or none."""
    operations = list(children(needed(element, "Operations")))

    def work(tx: WriteTx) -> None:
        if account_of(tx, (words(element, "MailboxSmtpAddress") or "").strip()) != tx.who.account:
            raise EwsError("ErrorAccessDenied", "the rules of somebody else are theirs to change")
        facts = kept(tx)
        rules = {str(each["id"]): each for each in facts["rules"]}
        for operation in operations:
            _operated(tx, rules, operation)
        if len(rules) > MOST:
            raise EwsError("ErrorInboxRulesValidationError", f"more than {MOST} rules")
        try:
            keep(tx, {**facts, "rules": list(rules.values())})
        except Refused as error:
            raise wrong(str(error)) from None

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
        raise wrong("Priority is a number")
    parts = ""
    for part in ("Conditions", "Exceptions", "Actions"):
        found = child(given, part)
        if found is not None:
            parts += _plain(found)
    head = tag("RuleId", ident) + tag("DisplayName", name) + tag("Priority", priority) + tag("IsEnabled", enabled)
    sieve = _sieve(tx, given) if enabled else ""
    stop = flag(child(given, "Actions"), "StopProcessingRules") or False
    xml = tag("Rule", Xml(head + parts))
    return {"id": ident, "priority": int(priority), "xml": xml, "sieve": sieve, "stop": stop}


def _plain(element: Element) -> str:
    """An element as it is told again, with our prefix."""
    text = element.text if element.text and element.text.strip() else None
    inside = text if len(element) == 0 else Xml("".join(_plain(each) for each in children(element)))
    attributes = {str(key): str(value) for key, value in element.attrib.items() if not str(key).startswith("{")}
    return tag(local(element), inside or "", **attributes)


def _sieve(tx: ReadTx, given: Element) -> str:
    """What does the rule."""
    wanted = tests(tx, child(given, "Conditions"))
    wanted += [f"not {each}" for each in tests(tx, child(given, "Exceptions"))]
    test = f"allof({', '.join(wanted)})" if len(wanted) > 1 else wanted[0] if wanted else "true"
    return f"if {test} {{ {' '.join(done(tx, child(given, 'Actions')))} }}"

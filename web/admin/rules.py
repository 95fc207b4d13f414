"""The rules of SMTP, of the server or of a domain: kept in their order, checked as they are written, and tried."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from groupware.model.errors import NotFound, Refused
from groupware.model.ids import BlobId, Uid
from groupware.store.api import ReadTx, WriteTx
from mailcore.cli.folders import folder_at
from mailcore.server.rules import address as ip_address
from mailcore.smtp.policy.actions import VERBS
from mailcore.smtp.policy.conditions import OPERATORS
from mailcore.smtp.policy.rules import Rule, for_domain, parse, read, stored, table
from mailcore.smtp.policy.trial import Situation, trial
from mailcore.smtp.policy.trying import assumed, known_rules, looking_up, recipient, told
from mailcore.smtp.policy.variables import EVENTS, VARIABLES
from web.admin.table import (
    FLAG,
    NUMBER_MAX,
    TEXT,
    Field,
    Given,
    Here,
    Operation,
    in_path,
    of,
    some,
)

_TEXTS: Final = some(TEXT)
_SHOWN: Final = of("name", "at", "note", enabled=FLAG, all=_TEXTS, any=_TEXTS, then=_TEXTS)
_RULE: Final = in_path("rule", "Name of the rule.")
_OF: Final = Field("domain", "The rules of this domain, instead of the server's.", where="query")
_LINE: Final = 2000
"""Characters of a condition or an action."""
_MESSAGE: Final = 48_000
"""Characters of a message that comes with the request; what is larger is tried where it is stored."""


async def listed(here: Here, given: Given) -> object:
    """In the order in which they are asked."""
    found = await here.read(lambda tx: tx.policy(given.get("domain", "")))
    return {"rules": [_shown(read(each)) for each in found]}


async def put(here: Here, given: Given) -> object:
    """Makes a rule, or another one of it."""
    domain, name = given.get("domain", ""), given["rule"]
    fields = {key: given[key] for key in ("at", "enabled", "note", "all", "any", "then") if key in given}
    rule = parse({"name": name, **fields})
    if domain:
        rule = for_domain(rule)

    def work(tx: WriteTx) -> None:
        rules = [read(each) for each in tx.policy(domain)]
        old = next((each for each in rules if each.name.lower() == name.lower()), None)
        at = len(rules) if old is None else rules.index(old)
        if old is not None:
            rules.remove(old)
        if given.get("place") is not None:
            at = 0 if given["place"] == "first" else len(rules)
        if "before" in given:
            at = rules.index(_named(rules, given["before"]))
        rules.insert(at, rule)
        tx.put_policy([stored(each) for each in rules], domain)

    await here.write(work)
    return _shown(rule)


async def delete(here: Here, given: Given) -> object:
    """Takes one away."""
    domain = given.get("domain", "")

    def work(tx: WriteTx) -> None:
        rules = [read(each) for each in tx.policy(domain)]
        rules.remove(_named(rules, given["rule"]))
        tx.put_policy([stored(each) for each in rules], domain)

    await here.write(work)
    return None


async def try_(here: Here, given: Given) -> object:
    """What the rules would do with a message; nothing is changed, and nothing is sent."""
    domain, ip, user = given.get("domain", ""), given.get("ip", "192.0.2.1"), given.get("user", "")
    try:
        ip_address(ip)
    except ValueError:
        raise Refused(f"{ip[:60]!r} is no IP address") from None
    also = dict(assumed(each, "`set`") for each in given.get("set", ()))

    def work(tx: ReadTx) -> tuple[Any, tuple[tuple[str, bool, bool], ...], BlobId | None]:
        tx.policy(domain)  # who may see the rules may try them
        to = tuple(recipient(tx, each) for each in given.get("to", ()))
        return known_rules(tx, domain=domain), to, _message(tx, given)

    rules, to, blob = await here.read(work)
    octets = await here.parts.blobs.read(blob) if blob is not None else given.get("message", "").encode()
    given_now = Situation(
        ip=ip,
        helo=given.get("helo", "client.invalid"),
        user=user,
        secure=given.get("tls", False),
        role="submission" if user else "mx",
        listener="submission" if user else "smtp",
        port=587 if user else 25,
        sender=given.get("from", ""),
        recipients=to,
        octets=octets if blob is not None else octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"),
        also=also,
    )
    found = await trial(rules, given_now, looking_up(here.config, here.parts.dns, ip, here.parts.log("WEBADMIN")))
    return {"steps": list(map(told, found))}


async def words(here: Here, given: Given) -> object:
    """What rules are written with."""
    return {
        "events": list(EVENTS),
        "variables": [
            {"name": each.name + ("NAME" if each.family else ""), "kind": each.kind, "meaning": each.doc}
            for each in VARIABLES.values()
        ],
        "operators": [{"name": name, "meaning": doc} for name, doc in OPERATORS.items()],
        "actions": [{"name": each.name, "usage": each.usage, "meaning": each.doc} for each in VERBS.values()],
    }


def _message(tx: ReadTx, given: Given) -> BlobId | None:
    """The stored message that is meant; None: none is."""
    said = [each in given for each in ("owner", "folder", "uid")]
    if not any(said):
        return None
    if not all(said):
        raise Refused("a stored message is named by `owner`, `folder` and `uid`")
    at = folder_at(tx, given["owner"], given["folder"]).id
    found = tx.items(at, ((Uid(given["uid"]), Uid(given["uid"])),))
    if not found:
        raise NotFound(f"There is no message {given['uid']} in {given['folder'][:80]}.")
    return found[0].blob


def _named(rules: list[Rule], name: str) -> Rule:
    found = next((each for each in rules if each.name.lower() == name.lower()), None)
    if found is None:
        raise NotFound(f"There is no rule {name[:64]!r}.")
    return found


def _shown(rule: Rule) -> Mapping[str, object]:
    made = table(rule)
    lines = {key: made.get(key, []) for key in ("all", "any", "then")}
    return {"name": rule.name, "at": rule.at, "note": rule.note, "enabled": rule.enabled, **lines}


def _lines(name: str, doc: str) -> Field:
    return Field(name, doc, "texts", longest=_LINE)


OPERATIONS: Final = (
    Operation(
        "GET", "/rules", "listRules", "The rules in the order in which they are asked.", listed, (_OF,),
        of(rules=some(_SHOWN)),
    ),
    Operation(
        "GET", "/rules/words", "ruleWords", "What rules are written with: events, variables, operators, actions.",
        words, (),
        of(
            events=_TEXTS, variables=some(of("name", "kind", "meaning")), operators=some(of("name", "meaning")),
            actions=some(of("name", "usage", "meaning")),
        ),
    ),
    Operation(
        "POST", "/rules/try", "tryRules", "What the rules would do with a message; nothing is changed or sent.", try_,
        (
            _OF,
            Field("ip", "Address of the client."), Field("helo", "What it calls itself."),
            Field("from", "The envelope's sender; empty: <>.", empty=True), Field("to", "The recipients.", "texts"),
            Field("user", "Who has signed in; empty: nobody.", empty=True),
            Field("tls", "Whether the connection is encrypted.", "flag"),
            _lines("set", "What else is so, as SPFResult=fail."),
            Field("message", "The message.", longest=_MESSAGE, empty=True),
            Field("owner", "Instead: whose folder a stored one is in, an address or a domain."),
            Field("folder", "The path of that folder."),
            Field("uid", "The UID of the message there.", "number", longest=NUMBER_MAX),
        ),
        of(steps=some(of("event", "about", rules=_TEXTS, does=_TEXTS))),
    ),
    Operation(
        "PUT", "/rules/{rule}", "putRule", "Make a rule, or another one of it; it stays where it is, or comes last.",
        put,
        (
            _RULE, _OF, Field("at", "When it is asked.", required=True, choices=tuple(EVENTS)),
            Field("enabled", "Whether it holds.", "flag"), Field("note", "What it is for.", longest=1000, empty=True),
            _lines("all", "Conditions that all have to hold."), _lines("any", "Conditions of which one has to hold."),
            _lines("then", "What is done, in this order."),
            Field("before", "In front of this rule."), Field("place", "Or here.", choices=("first", "last")),
        ),
        _SHOWN,
    ),
    Operation("DELETE", "/rules/{rule}", "deleteRule", "Take a rule away.", delete, (_RULE, _OF)),
)  # fmt: skip

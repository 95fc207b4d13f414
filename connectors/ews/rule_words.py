"""What the conditions and actions of an inbox rule are in Sieve. MS-OXWSRULES §2.2.4 (RulePredicates, RuleActions)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC
from typing import Final

from connectors.bounded_xml import Element
from connectors.ews.errors import EwsError
from connectors.ews.mail_set import SENSITIVITY
from connectors.ews.tree import folder_in
from connectors.ews.wire import children, local, moment, words
from connectors.exchange.rules import TRASH, listed, place, quoted
from groupware.model.categories import keyword_of
from groupware.store.api import ReadTx

Make = Callable[[ReadTx, Element], str]
"""What an element is in Sieve."""
_LINE: Final = re.compile(r"\s*([!-9;-~]{1,100}):\s*(.*)\Z", re.DOTALL)
_ASKED: Final = {
    "Call": "call",
    "DoNotForward": "do not forward",
    "FollowUp": "follow up",
    "FYI": "for your information",
    "Forward": "forward",
    "NoResponseNecessary": "no response necessary",
    "Read": "read",
    "Reply": "reply",
    "ReplyToAll": "reply to all",
    "Review": "review",
}
"""What X-Message-Flag says."""


def wrong(text: str) -> EwsError:
    """A rule that cannot be."""
    return EwsError("ErrorInboxRulesValidationError", text)


def tests(tx: ReadTx, element: Element | None) -> list[str]:
    """What has to hold, each a test. `EwsError`."""
    found = []
    for each in children(element):
        name = local(each)
        if name in _SO and not _yes(each):
            continue
        if name not in _TESTS and name not in _SO:
            raise wrong(f"{name}: no rule can look at that here")
        found.append((_SO.get(name) or _TESTS[name])(tx, each))
    return found


def done(tx: ReadTx, element: Element | None) -> list[str]:
    """What is done, each a command; StopProcessingRules is none. `EwsError`."""
    asked = {local(each): each for each in children(element)}
    unknown = next((name for name in asked if name not in _ACTIONS and name != "StopProcessingRules"), None)
    if unknown is not None:
        raise wrong(f"{unknown}: no rule can do that here")
    found = [said for name, make in _ACTIONS.items() if name in asked and (said := make(tx, asked[name]))]
    if not found and "StopProcessingRules" not in asked:
        raise wrong("a rule does something")
    return found


def _yes(element: Element) -> bool:
    return (element.text or "").strip().lower() in ("true", "1")


def _texts(element: Element) -> list[str]:
    return [each.text or "" for each in children(element) if (each.text or "").strip()]


# --- conditions -------------------------------------------------------------------------------------------------------


def _header(*names: str) -> Make:
    return lambda tx, at: f"header :contains {listed(names)} {listed(_texts(at))}"


def _lines(tx: ReadTx, at: Element) -> str:
    """Texts in header lines: those that begin with the name of a field."""
    found = []
    for text in _texts(at):
        said = _LINE.match(text)
        if said is None:
            raise wrong(f"ContainsHeaderStrings: {text[:60]!r} names no field; X-Name: words does")
        name, words_ = said[1], said[2].strip()
        found.append(f"header :contains {quoted(name)} {quoted(words_)}" if words_ else f"exists {quoted(name)}")
    return f"anyof({', '.join(found)})" if found else "true"


def _addresses(at: Element) -> list[str]:
    """Those of each Address. `EwsError`: there is none."""
    found = [(words(each, "EmailAddress") or "").strip() for each in children(at)]
    if not any(found):
        raise wrong(f"{local(at)}: an EmailAddress is wanted")
    return [each for each in found if each]


def _people(*names: str) -> Make:
    return lambda tx, at: f"address :is {listed(names)} {listed(_addresses(at))}"


def _me(*names: str) -> Make:
    return lambda tx, at: f"address :is {listed(names)} {listed(list(tx.addresses(tx.who.account)))}"


def _part(parameter: str, value: str) -> Make:
    """Whether some part has this parameter."""
    return lambda tx, at: f'header :mime :anychild :param {quoted(parameter)} :is "Content-Type" {quoted(value)}'


def _always(test: str) -> Make:
    return lambda tx, at: test


def _size(tx: ReadTx, at: Element) -> str:
    found = []
    for name, how in (("MinimumSize", ":over"), ("MaximumSize", ":under")):
        text = (words(at, name) or "").strip()
        if text.isdecimal() and len(text) < 10:
            found.append(f"size {how} {text}K")
    return f"allof({', '.join(found)})" if found else "true"


def _dates(tx: ReadTx, at: Element) -> str:
    found = []
    for name, how in (("StartDateTime", "ge"), ("EndDateTime", "le")):
        text = (words(at, name) or "").strip()
        if text:
            said = moment(text, name)
            when = (said if said.tzinfo is not None else said.replace(tzinfo=UTC)).astimezone(UTC)
            found.append(f'currentdate :zone "+0000" :value "{how}" "iso8601" "{when:%Y-%m-%dT%H:%M:%S}+00:00"')
    return f"allof({', '.join(found)})" if found else "true"


def _importance(tx: ReadTx, at: Element) -> str:
    said = (at.text or "").strip()
    if said == "Normal":
        return 'not header :is "Importance" ["high", "low"]'
    return f'header :is "Importance" {quoted(said.lower())}'


def _sensitivity(tx: ReadTx, at: Element) -> str:
    said = (at.text or "").strip()
    if said == "Normal":
        return f'not header :is "Sensitivity" {listed(list(SENSITIVITY.values()))}'
    if said not in SENSITIVITY:
        raise wrong(f"Sensitivity: {said[:40]!r} is none")
    return f'header :is "Sensitivity" {quoted(SENSITIVITY[said])}'


def _flagged(tx: ReadTx, at: Element) -> str:
    said = (at.text or "").strip()
    if said == "Any":
        return 'exists "X-Message-Flag"'
    if said not in _ASKED:
        raise wrong(f"FlaggedForAction: {said[:40]!r} is none")
    return f'header :is "X-Message-Flag" {quoted(_ASKED[said])}'


def _categories(tx: ReadTx, at: Element) -> str:
    """Those that rules before it have given, and those that the sender has."""
    names = _texts(at)
    keywords = [word for each in names if (word := keyword_of(each))]
    return f'anyof(hasflag :is {listed(keywords)}, header :contains "Keywords" {listed(names)})'


_TESTS: Final[Mapping[str, Make]] = {
    "Categories": _categories,
    "ContainsBodyStrings": lambda tx, at: f"body :text :contains {listed(_texts(at))}",
    "ContainsHeaderStrings": _lines,
    "ContainsRecipientStrings": _header("To", "Cc"),
    "ContainsSenderStrings": _header("From", "Sender"),
    "ContainsSubjectOrBodyStrings": lambda tx, at: (
        f'anyof(header :contains "Subject" {listed(_texts(at))}, body :text :contains {listed(_texts(at))})'
    ),
    "ContainsSubjectStrings": _header("Subject"),
    "FlaggedForAction": _flagged,
    "FromAddresses": _people("From", "Sender"),
    "Importance": _importance,
    "Sensitivity": _sensitivity,
    "SentToAddresses": _people("To", "Cc"),
    "WithinDateRange": _dates,
    "WithinSizeRange": _size,
}
_SMIME: Final = '["application/pkcs7-mime", "application/x-pkcs7-mime"]'
_SO: Final[Mapping[str, Make]] = {
    "HasAttachments": _always('header :mime :anychild :contains "Content-Disposition" "attachment"'),
    "IsAutomaticReply": _always('anyof(header :contains "Auto-Submitted" "auto-replied", exists "X-Autoreply")'),
    "IsEncrypted": _always(
        'anyof(header :mime :contenttype "Content-Type" "multipart/encrypted", '
        f'allof(header :mime :contenttype "Content-Type" {_SMIME}, '
        'not header :mime :param "smime-type" "Content-Type" "signed-data"))'
    ),
    "IsMeetingRequest": _part("method", "request"),
    "IsMeetingResponse": lambda tx, at: (
        f"anyof({_part('method', 'reply')(tx, at)}, {_part('method', 'counter')(tx, at)})"
    ),
    "IsNDR": _part("report-type", "delivery-status"),
    "IsReadReceipt": _part("report-type", "disposition-notification"),
    "IsSigned": _always(
        'anyof(header :mime :contenttype "Content-Type" "multipart/signed", '
        'header :mime :param "smime-type" "Content-Type" "signed-data")'
    ),
    "NotSentToMe": lambda tx, at: f"not {_me('To')(tx, at)}",
    "SentCcMe": _me("Cc"),
    "SentOnlyToMe": lambda tx, at: f'allof({_me("To")(tx, at)}, address :count "eq" ["To", "Cc"] "1")',
    "SentToMe": _me("To"),
    "SentToOrCcMe": _me("To", "Cc"),
}
"""What is looked at where it says true."""


# --- actions ----------------------------------------------------------------------------------------------------------


def _folder(tx: ReadTx, at: Element) -> str:
    named = next((each for each in children(at) if local(each) in ("FolderId", "DistinguishedFolderId")), None)
    if named is None:
        raise wrong(f"{local(at)}: a folder is wanted")
    return place(folder_in(tx, named))


def _redirect(tx: ReadTx, at: Element) -> str:
    return " ".join(f"redirect :copy {quoted(mail)};" for mail in _addresses(at))


def _if_so(command: str) -> Make:
    return lambda tx, at: command if _yes(at) else ""


def _mark(tx: ReadTx, at: Element) -> str:
    """MarkImportance: the field is another one."""
    said = (at.text or "").strip()
    if said not in ("High", "Normal", "Low"):
        raise wrong(f"MarkImportance: {said[:40]!r} is none")
    new = f'addheader "Importance" {quoted(said.lower())};' if said != "Normal" else ""
    return f'deleteheader "Importance"; deleteheader "X-Priority"; {new}'.rstrip()


_ACTIONS: Final[Mapping[str, Make]] = {
    "MarkAsRead": _if_so('addflag "\\\\Seen";'),
    "MarkImportance": _mark,
    "AssignCategories": lambda tx, at: (
        f"addflag {listed([keyword_of(each) for each in _texts(at) if keyword_of(each)])};"
    ),
    "ForwardToRecipients": _redirect,
    "RedirectToRecipients": _redirect,
    "CopyToFolder": lambda tx, at: f"fileinto :copy {_folder(tx, at)};",
    "MoveToFolder": lambda tx, at: f"fileinto {_folder(tx, at)};",
    "Delete": _if_so(TRASH),
    "PermanentDelete": _if_so("discard;"),
}
"""In the order in which they are done."""

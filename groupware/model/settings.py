"""Every setting that the database holds, declared once. `docs/settings.md` is made from here.

1. A value is explicit where it is set, and inherited everywhere below: account > class > domain > server > default.
2. A switch (`Declared.every`) is on only while the account (or its class), its domain and the server all leave it on.
3. What is `personal` is its owner's to set on the account itself; everything else takes an administrator.
4. Times are days or seconds and sizes are KB, as `unit` says; 0 means no limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final

from .errors import NotFound, Refused
from .setting import FROM_DOMAIN, ON_LISTS, Declared, Value, checked, line

KB_MOST: Final = 4 * 1024 * 1024 * 1024 - 1
"""4096 GB less 1 KB."""

LISTED: Final = 60_000
"""Characters of a list of senders."""

RESTRICTIONS: Final = ("anyDomain", "localDomain", "localDomainAndSubdomains", "noDomain")
"""Whose mail, or to whom: anybody, the account's own domain, that and what is below it, nobody."""

_DECLARED: Final = (
    Declared("smtpIncoming", True, "Mail from outside and from other accounts is taken for it.", every=True),
    Declared("smtpOutgoing", True, "It may submit mail.", every=True),
    Declared("pop3", True, "It may sign in by POP3.", every=True),
    Declared("imap", True, "It may sign in by IMAP.", every=True),
    Declared("dav", True, "It may sign in by CalDAV and CardDAV.", every=True),
    Declared("jmap", True, "It may sign in by JMAP.", every=True),
    Declared("activesync", True, "It may sign in by Exchange ActiveSync.", every=True),
    Declared(
        "newDevices",
        "allowed",
        "Whether a device (Exchange ActiveSync) that nobody has blocked or allowed may have anything.",
        choices=("allowed", "blocked"),
    ),
    Declared("devicePassword", False, "A device (Exchange ActiveSync) has to be locked by a password."),
    Declared("devicePasswordLength", 0, "How long the password of a device is at least.", most=16),
    Declared("deviceLockAfter", 0, "How long nobody uses a device until it locks itself.", "seconds", most=9998),
    Declared("deviceFailuresMost", 0, "After so many wrong passwords a device forgets everything.", most=16),
    Declared("deviceEncryption", False, "A device has to encrypt what it stores."),
    Declared("ews", True, "It may sign in by Exchange Web Services.", every=True),
    Declared("sieve", True, "It may sign in to edit its Sieve scripts.", every=True),
    Declared("webmail", True, "It may sign in to the webmail.", every=True),
    Declared("rpop", True, "It may have mail fetched from mailboxes of other servers.", every=True),
    Declared("rpopConnectionCount", 10, "How many mailboxes of other servers it may have fetched; 0: none.", most=1000),
    Declared(
        "rpopRetrievalInterval",
        10,
        "How long it is at least until mail is fetched again from a mailbox of another server.",
        "minutes",
        least=1,
        most=7 * 24 * 60,
    ),
    Declared("subscribedCalendars", True, "It may subscribe to calendars that are fetched from elsewhere.", every=True),
    Declared("subscribedCalendarCount", 20, "How many calendars it may subscribe to; 0: none.", most=1000),
    Declared(
        "subscribedCalendarInterval",
        30,
        "How long it is at least until a calendar is fetched again from elsewhere.",
        "minutes",
        least=1,
        most=7 * 24 * 60,
    ),
    Declared("blockedLogin", False, "Nobody signs in to it, by whatever service; mail still arrives."),
    Declared("allowAliasLogins", True, "An alias will do as the name to sign in with."),
    Declared("mailboxSize", 0, "All that its folders may hold together.", "KB", most=KB_MOST),
    Declared("mailboxMessageCount", 0, "How many items its folders may hold together.", most=2**31 - 1),
    Declared("mailboxFolderCount", 0, "How many folders it may have.", most=2**31 - 1),
    Declared("quotaLimitThreshold", 90, "From this share of a quota on, it is told so.", "%", least=1, most=100),
    Declared("removedItemsRetention", 30, "How long the content of removed items is kept.", "days", most=3650),
    Declared(
        "forwardTo",
        "",
        "Where mail that comes for it goes on to: addresses, apart by spaces.",
        scopes=("account",),
        addresses=10,
        longest=4000,
    ),
    Declared("forwardKeepCopy", True, "What is forwarded (forwardTo) is kept as well."),
    Declared(
        "footerText",
        "",
        "What stands below the mail that it sends; $name, $address, $domain and $date are filled in.",
        longest=20_000,
    ),
    Declared("footerHtml", "", "The same for mail in HTML; empty: made of footerText.", longest=40_000),
    Declared(
        "footerTo",
        "outside",
        "Who gets that: people elsewhere, everybody, nobody.",
        choices=("outside", "everybody", "nobody"),
    ),
    Declared(
        "quarantineAccess",
        "administrator",
        "Where mail lies that is held back for it: where administrators see it, or in a folder of its own.",
        choices=("administrator", "recipient"),
    ),
    Declared("quarantineRetention", 30, "How long mail that is held back is kept.", "days", most=3650),
    Declared("language", "", "Language of what the server writes to it, as de or pt-BR; empty: English."),
    Declared("traceRetention", 30, "How long the trace of messages is kept.", "days", scopes=("server",), most=3650),
    Declared(
        "timelineRetention",
        1095,
        "How long it is kept what became of invitations.",
        "days",
        scopes=("server",),
        most=36500,
    ),
    Declared(
        "scriptOnChange",
        "",
        "The Sieve script that runs when messages are put into its folders, copied there or flagged, but for folders"
        " that name one of their own; empty: none.",
    ),
    Declared("sieveScripts", 30, "How many Sieve scripts it may keep.", least=1, most=1000),
    Declared("sieveScriptSize", 256, "The longest Sieve script that it may keep.", "KB", least=1, most=256),
    Declared(
        "attachmentSize",
        20_480,
        "The largest file that it may attach to an event or a task.",
        "KB",
        least=1,
        most=102_400,
    ),
    Declared("attachmentCount", 100, "How many files an event or a task that it stores may have.", least=1, most=1000),
    Declared(
        "birthdayCalendar",
        True,
        "Among its calendars is one of the birthdays and anniversaries that its contacts name.",
    ),
    Declared("domainAddressBook", True, "Among its address books is one of everybody in its domain."),
    Declared("publishContactInfo", True, "Others of its domain find it: in the domain's address book, and by search."),
    Declared(
        "calendarInvitations",
        "automatic",
        "What becomes of an invitation that comes by mail: it goes into the calendar, or stays in its mail alone.",
        choices=("automatic", "off"),
    ),
    Declared(
        "resourceBooking",
        "automatic",
        "Of a room or equipment: it accepts what is free, asks its approver, or declines everything.",
        choices=("automatic", "approval", "closed"),
    ),
    Declared("resourceApprover", "", "Of a room or equipment: the address of who approves bookings."),
    Declared(
        "resourceBookers", "", "Who may book it: addresses, `group:...`, `domain:...`, between spaces; empty: all."
    ),
    Declared("resourceCapacity", 0, "How many people may be invited to a meeting there.", "people", most=100_000),
    Declared("resourceHorizon", 0, "How far ahead it may be booked.", "days", most=3650),
    Declared("resourceBufferBefore", 0, "Time that has to be free before a booking.", "minutes", most=1440),
    Declared("resourceBufferAfter", 0, "Time that has to be free after a booking.", "minutes", most=1440),
    Declared("resourceConflicts", False, "It may be booked while it is booked already."),
    Declared("resourceRecurring", True, "It may be booked for meetings that recur."),
    Declared("temporaryAliasCount", 10, "How many temporary aliases it may have at a time.", most=1000),
    Declared("temporaryAliasLifetime", 30, "How long a temporary alias may last.", "days", least=1, most=3650),
    Declared("learnFromJunk", True, "What its owner moves into Junk and out of it teaches the scanners for spam."),
    Declared("sendQuotaMessages", 0, "How many messages it may send in one interval.", most=2**31 - 1),
    Declared("sendQuotaRecipients", 0, "To how many recipients together.", most=2**31 - 1),
    Declared("sendQuotaSize", 0, "How much it may send in one interval, counted once a message.", "KB", most=KB_MOST),
    Declared("sendQuotaInterval", 3600, "How long that interval is.", "seconds", least=60, most=31 * 86400),
    Declared(
        "sendQuotaExceptions", "", "Recipients that do not count: patterns such as *@partner.org, apart by spaces."
    ),
    Declared(
        "sendRestriction",
        "anyDomain",
        "To whom it may send; who is in sendExceptions is the exception.",
        choices=RESTRICTIONS,
    ),
    Declared("sendExceptions", "", "Patterns such as *@partner.org, apart by spaces: the contrary of sendRestriction."),
    Declared(
        "receiveRestriction",
        "anyDomain",
        "From whom it takes mail; who is in receiveExceptions is the exception.",
        choices=RESTRICTIONS,
    ),
    Declared("receiveExceptions", "", "Patterns apart by spaces: the contrary of receiveRestriction."),
    Declared(
        "whitelist",
        "",
        "Whose mail is no spam: addresses or patterns such as *@partner.org, apart by spaces.",
        scopes=("account", "class"),
        longest=LISTED,
        personal=True,
    ),
    Declared(
        "blacklist",
        "",
        "Whose mail is unwanted: addresses or patterns such as *@ads.example, apart by spaces.",
        scopes=("account", "class"),
        longest=LISTED,
        personal=True,
    ),
    Declared("whitelistContacts", True, "Who is in its address book is on its whitelist.", personal=True),
    Declared(
        "blacklistAction",
        "junk",
        "What becomes of mail from who is on a blacklist.",
        choices=("junk", "discard", "reject"),
        personal=True,
    ),
    Declared(
        "filteringOption",
        "pass",
        "What becomes of mail from who is on no list and in no address book: it passes, is dropped or returned, goes"
        " into the folder Filtered Email, or waits there until its sender answers a question (Identity Confirmation).",
        choices=("pass", "discard", "sendNDR", "moveToFilteredEmail", "moveToFilteredEmailWithIC"),
        personal=True,
    ),
    Declared("serverWhitelist", "", "Whose mail is no spam, for all accounts.", scopes=FROM_DOMAIN, longest=LISTED),
    Declared("serverBlacklist", "", "Whose mail is unwanted, for all accounts.", scopes=FROM_DOMAIN, longest=LISTED),
    Declared(
        "distributeEmailTo",
        "members",
        "To whom mail to a group goes: its members, every account of its domain or of the server, nobody.",
        scopes=ON_LISTS,
        choices=("members", "domain", "server", "nobody"),
    ),
    Declared(
        "receiveEmailFrom",
        "anybody",
        "From whom a group takes mail; but for anybody, it has to be somebody here who has signed in to send it.",
        scopes=ON_LISTS,
        choices=("anybody", "server", "domain", "members", "directMembers", "nobody"),
    ),
    Declared(
        "listSenderAllow",
        "all",
        "Who may write to a mail list: anybody, who is on it, who runs it.",
        scopes=ON_LISTS,
        choices=("all", "members", "admin"),
    ),
    Declared(
        "listModerate",
        "nonMembers",
        "Whose messages to a mail list wait for a moderator.",
        scopes=ON_LISTS,
        choices=("none", "nonMembers", "all"),
    ),
    Declared(
        "listContentAllow",
        "any",
        "What a message to a mail list may be made of: anything, or text alone.",
        scopes=ON_LISTS,
        choices=("any", "text"),
    ),
    Declared(
        "listSubscribe",
        "confirm",
        "Who gets on a mail list by mail: whoever asks (open), whoever answers a question to that address (confirm), "
        "and is let in by who runs the list (adminConfirm); nobody.",
        scopes=ON_LISTS,
        choices=("open", "confirm", "adminConfirm", "closed"),
    ),
    Declared("listOwners", "", "Addresses of who runs a mail list; empty: its domain's postmaster.", scopes=ON_LISTS),
    Declared("listMaxSize", 0, "The largest message that a mail list takes.", "KB", ON_LISTS, most=KB_MOST),
    Declared("listSubjectTag", "", "What a mail list writes before subjects, in brackets.", scopes=ON_LISTS),
    Declared("listHead", "", "Text that a mail list puts before a message; `\\n` ends a line.", scopes=ON_LISTS),
    Declared("listFoot", "", "Text that a mail list puts behind a message.", scopes=ON_LISTS),
    Declared(
        "listAddHeaders", "", "Header fields that a mail list adds, `Name: value`, with `\\n` between.", scopes=ON_LISTS
    ),
    Declared("listRemoveHeaders", "", "Names of header fields that a mail list takes away.", scopes=ON_LISTS),
    Declared(
        "listReplyTo",
        "author",
        "Where answers to a message of a mail list go.",
        scopes=ON_LISTS,
        choices=("author", "list"),
    ),
    Declared(
        "listRewriteFrom",
        "dmarc",
        "When a mail list sends in its own name: never, where the author's domain asks others to refuse or doubt mail "
        "that it did not send itself, always.",
        scopes=ON_LISTS,
        choices=("never", "dmarc", "always"),
    ),
    Declared("listArchive", True, "What a mail list has sent stays in its folder Archive.", scopes=ON_LISTS),
    Declared("listPersonalSender", True, "A mail list knows from whom a report comes back (VERP).", scopes=ON_LISTS),
    Declared(
        "listOneClickUrl",
        "",
        "Where others reach this server's HTTP service, as https://mail.example.org: one may leave a mail list by a "
        "button of the mail program then (RFC 8058).",
        scopes=ON_LISTS,
    ),
    Declared("listWelcome", True, "Who gets on a mail list or off it is told so.", scopes=ON_LISTS),
    Declared(
        "listMaxBounces", 5, "Days with returned mail after which a subscriber gets none.", "days", ON_LISTS, most=365
    ),
    Declared("listDigest", False, "A mail list has a digest, for those who want that.", scopes=ON_LISTS),
    Declared("listDigestHours", 24, "How long a digest waits.", "hours", ON_LISTS, least=1, most=8760),
    Declared("listDigestMessages", 30, "With so many messages a digest waits no longer.", "", ON_LISTS, 1, 1000),
    Declared("catchAll", "", "Where mail goes that no address of the domain takes.", scopes=FROM_DOMAIN),
    Declared("passwordMinLength", 8, "Fewest characters of a new password.", "characters", least=1, most=1024),
    Declared("passwordMaxLength", 1024, "Most characters of a new password.", "characters", least=1, most=1024),
    Declared(
        "passwordRequire",
        "any",
        "What a new password has to be made of.",
        choices=("any", "lettersAndNumbers", "lettersAndNumbersAndSpecial"),
    ),
    Declared(
        "imapShowAllFolders",
        False,
        "IMAP lists calendars, contacts, tasks, notes and journals too, not only mail folders.",
    ),
    Declared(
        "subscribeByDefault",
        "all",
        "Which folders IMAP calls subscribed while their reader has not said so: those shared with somebody as well.",
        choices=("all", "own", "none"),
    ),
)

SETTINGS: Final[Mapping[str, Declared]] = {each.name: each for each in _DECLARED}
_LOWER: Final[Mapping[str, Declared]] = {each.name.lower(): each for each in _DECLARED}

SWITCHES: Final[Mapping[str, str]] = {
    "smtp": "smtpOutgoing",
    "smtpOutgoing": "smtpOutgoing",
    "pop3": "pop3",
    "imap": "imap",
    "dav": "dav",
    "activesync": "activesync",
    "ews": "ews",
    "jmap": "jmap",
    "sieve": "sieve",
    "webmail": "webmail",
}
"""The switch that has to be on to sign in to a service; one that is not named here has none."""


def declared(name: str) -> Declared:
    """The setting of that name, letter case aside. `NotFound` names those that look like it."""
    found = _LOWER.get(name.lower())
    if found is None:
        near = [_LOWER[each].name for each in get_close_matches(name[:64].lower(), _LOWER, cutoff=0.5)]
        meant = f"; is {' or '.join(near)} meant" if near else ""
        raise NotFound(f"there is no setting {name[:64]!r}{meant}; `setting list` shows all")
    return found


def parse(name: str, text: str) -> Value:
    """A value as a person types it: `yes`, `12`, or the text itself. `NotFound`, `Refused`."""
    setting = declared(name)
    word = text.strip()
    if isinstance(setting.default, bool):
        known = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}
        if word.lower() not in known:
            raise Refused(f"{setting.name}: {word[:64]!r} is neither yes nor no")
        return known[word.lower()]
    if isinstance(setting.default, int):
        if not word.isascii() or not word.lstrip("-").isdigit() or len(word) > 20:
            raise Refused(f"{setting.name}: {word[:64]!r} is no whole number")
        return checked(setting, int(word))
    return checked(setting, word)


def manual() -> str:
    """The page about settings, in Markdown."""
    lines = [
        "# Settings",
        "",
        "Made from `groupware/model/settings.py`; `python -m groupware.model.settings > docs/settings.md` renews it.",
        "",
        "A value is set explicitly on an account, a class, a domain or the server, and inherited by all below that do",
        "not set it themselves: account, class, domain, server, default. A *switch* is on only while the account (or",
        "its class), its domain and the server all leave it on. 0 means no limit.",
        "",
        "| name | kind | default | unit | may be set on | meaning |",
        "|---|---|---|---|---|---|",
    ]
    lines += [line(each) for each in _DECLARED]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    import sys

    sys.stdout.write(manual())

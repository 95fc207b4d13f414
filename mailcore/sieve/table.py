"""Every command and every test: what it takes, and which extension it belongs to. `check` reads this, and nothing else.

A family's file does what is written here; `machine` finds it by the name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Shape = Literal["text", "texts", "number"]
Rule = Literal[
    "", "address", "header", "field", "comparator", "relation", "zone", "part", "method", "variable", "importance",
    "flags", "days", "capability", "envelope", "label", "position", "first", "scripts",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Arg:
    """An argument by position. `rule` is what `constants` looks at; of too few the `optional` ones are left out."""

    name: str
    shape: Shape
    rule: Rule = ""
    optional: str = ""
    """The extension that lets it be written; it may always be missing."""


@dataclass(frozen=True, slots=True)
class Tag:
    """An argument by name. Of one `group` one may be written; `with_` names another that must be there too."""

    name: str
    shape: Shape | None = None
    needs: str = ""
    group: str = ""
    rule: Rule = ""
    with_: str = ""
    must: bool = False


@dataclass(frozen=True, slots=True)
class Spec:
    """A command or a test. Any one of `needs` must be required; `holds` says what tests it takes."""

    needs: tuple[str, ...] = ()
    args: tuple[Arg, ...] = ()
    tags: tuple[Tag, ...] = ()
    holds: Literal["", "one", "many"] = ""
    block: bool = False


EXTENSIONS: Final = frozenset(
    [
        "body",
        "comparator-i;ascii-casemap",
        "comparator-i;ascii-numeric",
        "comparator-i;octet",
        "comparator-i;unicode-casemap",
        "copy",
        "date",
        "duplicate",
        "editheader",
        "enclose",
        "encoded-character",
        "enotify",
        "envelope",
        "environment",
        "ereject",
        "extlists",
        "extracttext",
        "fcc",
        "fileinto",
        "foreverypart",
        "ihave",
        "imap4flags",
        "imapsieve",
        "include",
        "index",
        "mailbox",
        "mailboxid",
        "mime",
        "regex",
        "reject",
        "relational",
        "replace",
        "spamtest",
        "spamtestplus",
        "special-use",
        "subaddress",
        "vacation",
        "vacation-seconds",
        "variables",
        "virustest",
    ]
)
"""What `require` may name."""

ALWAYS: Final = frozenset({"comparator-i;octet", "comparator-i;ascii-casemap"})
"""Comparators that need no `require`. RFC 5228 §2.7.3."""
IMPLIES: Final[Mapping[str, frozenset[str]]] = {
    "vacation-seconds": frozenset({"vacation"}),
    "spamtestplus": frozenset({"spamtest"}),
}
"""RFC 6131 §2, RFC 5235 §2.2."""

_MATCH: Final = (
    Tag("is", group="match"), Tag("contains", group="match"), Tag("matches", group="match"),
    Tag("regex", None, "regex", "match"), Tag("list", None, "extlists", "match"),
    Tag("count", "text", "relational", "match", "relation"), Tag("value", "text", "relational", "match", "relation"),
    Tag("comparator", "text", rule="comparator"),
)  # fmt: skip
_PART: Final = (
    Tag("all", group="part"), Tag("localpart", group="part"), Tag("domain", group="part"),
    Tag("user", None, "subaddress", "part"), Tag("detail", None, "subaddress", "part"),
)  # fmt: skip
_INDEX: Final = (Tag("index", "number", "index", rule="position"), Tag("last", None, "index", with_="index"))
_MIME: Final = (Tag("mime", None, "mime"), Tag("anychild", None, "mime", with_="mime"))
_MIME_PART: Final = (
    Tag("type", None, "mime", "mimepart", with_="mime"), Tag("subtype", None, "mime", "mimepart", with_="mime"),
    Tag("contenttype", None, "mime", "mimepart", with_="mime"), Tag("param", "texts", "mime", "mimepart", with_="mime"),
)  # fmt: skip
_MODIFIERS: Final = (
    Tag("lower", None, "variables", "case"), Tag("upper", None, "variables", "case"),
    Tag("lowerfirst", None, "variables", "first"), Tag("upperfirst", None, "variables", "first"),
    Tag("quotewildcard", None, "variables", "quote"), Tag("quoteregex", None, "regex", "quote"),
    Tag("encodeurl", None, "enotify", "encode"), Tag("length", None, "variables", "length"),
)  # fmt: skip
_FOLDER: Final = (
    Tag("create", None, "mailbox"), Tag("specialuse", "text", "special-use"), Tag("mailboxid", "text", "mailboxid"),
)  # fmt: skip
_FLAGS: Final = (Tag("flags", "texts", "imap4flags", rule="flags"),)
_FCC: Final = (
    Tag("fcc", "text", "fcc"), Tag("create", None, "mailbox", with_="fcc"),
    Tag("specialuse", "text", "special-use", with_="fcc"), Tag("mailboxid", "text", "mailboxid", with_="fcc"),
    Tag("flags", "texts", "imap4flags", rule="flags", with_="fcc"),
)  # fmt: skip
_FLAG_LIST: Final = (Arg("variable", "text", "variable", "variables"), Arg("flags", "texts", "flags"))
_HEADERS, _KEYS = Arg("headers", "texts", "header"), Arg("keys", "texts")

COMMANDS: Final[Mapping[str, Spec]] = {
    "require": Spec(args=(Arg("names", "texts", "capability"),)),
    "if": Spec(holds="one", block=True),
    "elsif": Spec(holds="one", block=True),
    "else": Spec(block=True),
    "stop": Spec(),
    "keep": Spec(tags=_FLAGS),
    "discard": Spec(),
    "redirect": Spec(args=(Arg("address", "text", "address"),),
                     tags=(Tag("copy", None, "copy"), Tag("list", None, "extlists"))),
    "fileinto": Spec(("fileinto",), (Arg("folder", "text"),), (Tag("copy", None, "copy"), *_FLAGS, *_FOLDER)),
    "reject": Spec(("reject",), (Arg("text", "text"),)),
    "ereject": Spec(("ereject",), (Arg("text", "text"),)),
    "vacation": Spec(("vacation",), (Arg("text", "text"),), (
        Tag("days", "number", group="period", rule="days"), Tag("seconds", "number", "vacation-seconds", "period"),
        Tag("subject", "text"), Tag("from", "text", rule="address"), Tag("addresses", "texts"), Tag("mime"),
        Tag("handle", "text"), *_FCC)),
    "set": Spec(("variables",), (Arg("name", "text", "variable"), Arg("value", "text")), _MODIFIERS),
    "setflag": Spec(("imap4flags",), _FLAG_LIST),
    "addflag": Spec(("imap4flags",), _FLAG_LIST),
    "removeflag": Spec(("imap4flags",), _FLAG_LIST),
    "addheader": Spec(("editheader",), (Arg("field", "text", "field"), Arg("value", "text")), (Tag("last"),)),
    "deleteheader": Spec(("editheader",), (Arg("field", "text", "field"), Arg("keys", "texts", "", "editheader")),
                         (Tag("index", "number", rule="position"), Tag("last", with_="index"), *_MATCH)),
    "notify": Spec(("enotify",), (Arg("method", "text", "method"),), (
        Tag("from", "text", rule="address"), Tag("importance", "text", rule="importance"), Tag("options", "texts"),
        Tag("message", "text"), *_FCC)),
    "include": Spec(("include",), (Arg("script", "text", "scripts"),), (
        Tag("personal", group="place"), Tag("global", group="place"), Tag("once"), Tag("optional"))),
    "return": Spec(("include",)),
    "global": Spec(("include",), (Arg("names", "texts", "variable"),)),
    "error": Spec(("ihave",), (Arg("text", "text"),)),
    "foreverypart": Spec(("foreverypart",), (), (Tag("name", "text", rule="label"),), block=True),
    "break": Spec(("foreverypart",), (), (Tag("name", "text", rule="label"),)),
    "extracttext": Spec(("extracttext",), (Arg("name", "text", "variable"),),
                        (*_MODIFIERS, Tag("first", "number", rule="first"))),
    "replace": Spec(("replace",), (Arg("text", "text"),), (Tag("mime"), Tag("subject", "text"),
                                                           Tag("from", "text", rule="address"))),
    "enclose": Spec(("enclose",), (Arg("text", "text"),), (Tag("subject", "text"), Tag("headers", "texts"))),
}  # fmt: skip

TESTS: Final[Mapping[str, Spec]] = {
    "true": Spec(),
    "false": Spec(),
    "not": Spec(holds="one"),
    "anyof": Spec(holds="many"),
    "allof": Spec(holds="many"),
    "size": Spec(args=(Arg("limit", "number"),),
                 tags=(Tag("over", group="side", must=True), Tag("under", group="side"))),
    "exists": Spec(args=(_HEADERS,), tags=_MIME),
    "header": Spec(args=(_HEADERS, _KEYS), tags=(*_MATCH, *_INDEX, *_MIME, *_MIME_PART)),
    "address": Spec(args=(Arg("headers", "texts", "address"), _KEYS), tags=(*_MATCH, *_PART, *_INDEX, *_MIME)),
    "envelope": Spec(("envelope",), (Arg("parts", "texts", "envelope"), _KEYS), (*_MATCH, *_PART)),
    "body": Spec(("body",), (_KEYS,), (*_MATCH, Tag("raw", group="view"), Tag("text", group="view"),
                                       Tag("content", "texts", group="view"))),
    "string": Spec(("variables",), (Arg("source", "texts"), _KEYS), _MATCH),
    "hasflag": Spec(("imap4flags",), (Arg("variables", "texts", "variable", "variables"), _KEYS), _MATCH),
    "date": Spec(("date",), (Arg("header", "text", "header"), Arg("part", "text", "part"), _KEYS),
                 (*_MATCH, *_INDEX, Tag("zone", "text", group="zone", rule="zone"), Tag("originalzone", group="zone"))),
    "currentdate": Spec(("date",), (Arg("part", "text", "part"), _KEYS), (*_MATCH, Tag("zone", "text", rule="zone"))),
    "mailboxexists": Spec(("mailbox",), (Arg("folders", "texts"),)),
    "mailboxidexists": Spec(("mailboxid",), (Arg("ids", "texts"),)),
    "specialuse_exists": Spec(("special-use",), (Arg("folder", "text", "", "special-use"), Arg("uses", "texts"))),
    "duplicate": Spec(("duplicate",), (), (
        Tag("handle", "text"), Tag("header", "text", group="what", rule="header"),
        Tag("uniqueid", "text", group="what"),
        Tag("seconds", "number"), Tag("last"))),
    "environment": Spec(("environment",), (Arg("item", "text"), _KEYS), _MATCH),
    "ihave": Spec(("ihave",), (Arg("names", "texts"),)),
    "spamtest": Spec(("spamtest", "spamtestplus"), (Arg("limit", "text"),),
                     (*_MATCH, Tag("percent", None, "spamtestplus"))),
    "virustest": Spec(("virustest",), (Arg("limit", "text"),), _MATCH),
    "valid_notify_method": Spec(("enotify",), (Arg("methods", "texts"),)),
    "notify_method_capability": Spec(("enotify",), (Arg("method", "text"), Arg("capability", "text"), _KEYS), _MATCH),
    "valid_ext_list": Spec(("extlists",), (Arg("lists", "texts"),)),
}  # fmt: skip

"""Reading the configuration file: TOML in, checked sections out; every error with file, line, key and what to do."""

import copy
import difflib
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import UnionType
from typing import Any, Union, cast, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from mailcore.server.declare import Many, Section, key, tables
from mailcore.server.sections import ListenerSection, ServerSection, ServiceSection, TlsSection
from mailcore.server.sections_counters import CountersSection
from mailcore.server.sections_mail import (
    DnrSection,
    FtpBackupSection,
    GuessingSection,
    ImapSection,
    LogSection,
    ManageSieveSection,
    Pop3Section,
    QueueSection,
    SmtpSection,
)
from mailcore.server.sections_openid import OpenIdSection
from mailcore.server.sections_push import PushSection
from mailcore.server.sections_rpop import RpopSection
from mailcore.server.sections_scanning import ScannerSection
from mailcore.server.sections_subscriptions import SubscriptionsSection
from mailcore.server.sections_web import AutodiscoverSection, OAuthSection, WebmailSection
from mailcore.server.toml_lines import KeyPath, key_lines

Raw = dict[str, Any]


class ConfigFile(Section):
    """The whole file."""

    server: ServerSection = ServerSection()
    tls: TlsSection = TlsSection()
    service: dict[str, ServiceSection] = key("Services by name", {})
    listener: Many[ListenerSection] = tables("Listeners")
    log: LogSection = LogSection()
    dnr: DnrSection = DnrSection()
    guessing: GuessingSection = GuessingSection()
    queue: QueueSection = QueueSection()
    smtp: SmtpSection = SmtpSection()
    imap: ImapSection = ImapSection()
    pop3: Pop3Section = Pop3Section()
    managesieve: ManageSieveSection = ManageSieveSection()
    ftp_backup: FtpBackupSection = FtpBackupSection()
    rpop: RpopSection = RpopSection()
    subscriptions: SubscriptionsSection = SubscriptionsSection()
    openid: OpenIdSection = OpenIdSection()
    push: PushSection = PushSection()
    webmail: WebmailSection = WebmailSection()
    counters: CountersSection = CountersSection()
    oauth: OAuthSection = OAuthSection()
    autodiscover: AutodiscoverSection = AutodiscoverSection()
    scanner: Many[ScannerSection] = tables("Scanners for spam and viruses")


class ConfigError(Exception):
    """The configuration cannot be used; one line for every thing that is wrong."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class Source:
    """The file that is being read: where its keys stand, and what is wrong so far."""

    __slots__ = ("_lines", "_name", "_wrong", "folder", "raw")

    def __init__(self, path: Path | None) -> None:
        """ConfigError when there is no such file, or it is not TOML."""
        self.folder = path.parent if path is not None else Path()
        self.raw: Raw = {}
        self._wrong: list[tuple[int, str]] = []
        self._lines: dict[KeyPath, int] = {}
        self._name = path.name if path is not None else "defaults"
        if path is not None:
            text = _text(path)
            try:
                self.raw = tomllib.loads(text)
            except tomllib.TOMLDecodeError as error:
                raise ConfigError([_not_toml(self._name, text, error)]) from None
            self._lines = key_lines(text)

    def wrong(self, at: KeyPath, what: str) -> None:
        """Note that something is wrong at a key, or as near to it as the file goes."""
        near = at
        while near and near not in self._lines:
            near = near[:-1]
        line = f":{self._lines[near]}" if near else ""
        self._wrong.append((self._lines[near] if near else 0, f"{self._name}{line}: {dotted(at)}: {what}"))

    @property
    def problems(self) -> list[str]:
        """All that is wrong, in the order of its lines."""
        return [said for _, said in sorted(self._wrong, key=lambda each: each[0])]


def dotted(at: KeyPath) -> str:
    """A key's path as people write it; elements are counted from 1."""
    return ".".join(str(part + 1) if isinstance(part, int) else part for part in at)


def parse(source: Source) -> ConfigFile:
    """The sections that the source's values make, without those that are wrong, which the source then knows.

    ConfigError with all of them where nothing can be made of the rest: a table lacks what it has to have.
    """
    raw = copy.deepcopy(source.raw)
    for at, what in list(_unknown(ConfigFile, raw, ())):
        source.wrong(at, what)
        _take_out(raw, at)
    try:
        return ConfigFile.model_validate(raw)
    except ValidationError as error:
        found = error.errors(include_url=False)
    for each in found:
        source.wrong(each["loc"], _said(each["loc"], each))
        _take_out(raw, each["loc"])
    try:
        return ConfigFile.model_validate(raw)
    except ValidationError:
        raise ConfigError(source.problems) from None


def _take_out(raw: Any, at: KeyPath) -> None:
    """Take the nearest key with a name out that a path leads to; elements stay where they are, with their numbers."""
    holder: Any = None
    name: object = None
    for part in at:
        if not (isinstance(raw, dict) and part in raw) and not (isinstance(raw, list) and isinstance(part, int)):
            break
        if isinstance(raw, dict):
            holder, name = raw, part
        raw = cast(Any, raw)[part]
    if holder is not None:
        del holder[name]


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise ConfigError([f"{path}: {error.strerror}"]) from None
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path}: not UTF-8 at octet {error.start}"]) from None


def _not_toml(name: str, text: str, error: tomllib.TOMLDecodeError) -> str:
    """The error in this file's form; `tomllib` puts the place at its end."""
    what, _, place = str(error).rpartition(" (at ")
    found = place.removeprefix("line ").split(",")[0]
    line = int(found) if found.isdigit() else text.rstrip().count("\n") + 1
    return f"{name}:{line}: not TOML: {what[:1].lower()}{what[1:]}"


def _unknown(model: type[BaseModel], raw: Mapping[str, object], at: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    for name, value in raw.items():
        field = model.model_fields.get(name)
        if field is None:
            yield (*at, name), "unknown key" + _suggestion(name, list(model.model_fields))
            continue
        inner = section_of(field)
        if inner is not None:
            for path, each in _tables(field, value, (*at, name)):
                yield from _unknown(inner, each, path)


def _tables(field: FieldInfo, value: object, at: KeyPath) -> Iterator[tuple[KeyPath, Mapping[str, object]]]:
    """The tables in the value of a field that holds sections: one, an array, or several by name."""
    found: list[tuple[KeyPath, object]] = [(at, value)]
    if isinstance(value, list):
        found = [((*at, number), each) for number, each in enumerate(value)]
    elif get_origin(field.annotation) is dict and isinstance(value, Mapping):
        found = [((*at, name), each) for name, each in value.items()]
    for path, each in found:
        if isinstance(each, Mapping):
            yield path, each


def section_of(field: FieldInfo) -> type[Section] | None:
    """The section that a field holds, one or many; None when it holds plain values."""
    return _section(field.annotation)


def _section(annotation: object) -> type[Section] | None:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    if get_origin(annotation) in (tuple, dict, Union, UnionType):
        return next((found for part in get_args(annotation) if (found := _section(part)) is not None), None)
    return None


def _suggestion(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, 1)
    return f"; did you mean {close[0]}?" if close else f"; known here: {', '.join(known)}"


_KINDS = {
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "string_type": "a text in quotes",
    "tuple_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "is_instance_of": "a text in quotes",
}


def _said(at: KeyPath, error: Mapping[str, Any]) -> str:
    kind, given = str(error["type"]), error["input"]
    if kind == "missing":
        return "is missing"
    if kind in _KINDS:
        shown = f", not {given!r}" if _field(at).repr else ""  # a secret is not repeated
        return f"must be {_KINDS[kind]}{shown}"
    if kind == "literal_error":
        return f"must be one of {error['ctx']['expected'].replace(' or ', ', ')}, not {given!r}"
    if kind in ("greater_than_equal", "less_than_equal"):
        return f"{given!r} is out of range: {bounds(at)}"
    if kind == "string_too_long":
        return f"must have at most {error['ctx']['max_length']} characters, has {len(given)}"
    said = str(error["msg"]).removeprefix("Value error, ")
    return said[:1].lower() + said[1:]


def bounds(at: KeyPath) -> str:
    """The range of the number at a path, in words."""
    field = _field(at)
    limits = {name: getattr(each, name) for each in field.metadata for name in ("ge", "le") if hasattr(each, name)}
    return f"{limits.get('ge')} to {limits.get('le')}"


def _field(at: KeyPath) -> FieldInfo:
    model: type[Section] = ConfigFile
    field = model.model_fields[str(at[0])]
    for part in at[1:]:
        inner = section_of(field)
        if isinstance(part, str) and inner is not None:
            if get_origin(field.annotation) is dict and part not in inner.model_fields:
                continue  # the name of a service
            field = inner.model_fields[part]
    return field

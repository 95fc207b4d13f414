"""How every part of the server speaks to the log.

    log = log.get("IMAP")
    with log.session(), log.message(): ...
    log.info("delivered", queue=12, to="anna@example.org")

A line carries the session and the message that the surrounding code is in, through awaits and into threads started
with `asyncio.to_thread`. Where it goes is the service's setting: this server's collector, the system's log, another
server. Keys such as `password` or `token`, AUTH commands and Authorization headers never reach a line; the base64 line
that answers a SASL challenge looks like nothing special, so a service must not log it.
"""

from __future__ import annotations

import contextvars
import itertools
import logging
import secrets
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from mailcore.server.log_line import DEFAULT_MASK, Level, Line, clean, facts, traceback_fact
from mailcore.server.log_pipe import ConsoleOutlet, Outlet, Pipe, syslog_outlet, udp_outlet

MODULES: Final = (
    *("DNR", "USERDB", "LOG", "REPORTING", "PROCESSING", "SMTP-IN", "SMTP-OUT", "CLI", "POP3", "IMAP", "WEBMAIL"),
    *("WEBADMIN", "FTP-BACKUP", "RPOP", "PROXY_SMTP", "PROXY_POP3", "PROXY_IMAP", "PROXY_WEBMAIL", "FILTERS"),
    *("CALLOG", "SECURITY", "SUBSCRIPTIONS", "JOBLOG", "SERVER", "MAILBOXAPI", "MANAGESIEVE", "LISTS", "QUARANTINE"),
    *("HTTP", "DAV", "EAS", "EWS", "JMAP", "PUSH"),
)
MODULE_OF: Final[Mapping[str, str]] = {
    "smtp_incoming": "SMTP-IN",
    "smtp_outgoing": "SMTP-OUT",
    "ftp_backup": "FTP-BACKUP",
    "smtp_proxy": "PROXY_SMTP",
    "imap_proxy": "PROXY_IMAP",
    "pop3_proxy": "PROXY_POP3",
    "webmail_proxy": "PROXY_WEBMAIL",
}
"""The module under which a service writes, where it is not its name in capitals."""
_ROOT: Final = "postroom"
_SILENT: Final = logging.CRITICAL + 1
_TO_STDLIB: Final = {
    Level.CRITICAL: logging.CRITICAL,
    Level.ERROR: logging.ERROR,
    Level.WARNING: logging.WARNING,
    Level.INFO: logging.INFO,
    Level.PROTOCOL: logging.DEBUG,
}
_SESSION: contextvars.ContextVar[tuple[str, str]] = contextvars.ContextVar("session", default=("", ""))
_MESSAGE: contextvars.ContextVar[str] = contextvars.ContextVar("message", default="")
_SESSION_NUMBERS = itertools.count(secrets.randbits(32))


@dataclass(frozen=True, slots=True)
class Sending:
    """What one service writes, and where to: its logType, logLevel and logHost."""

    type: Literal["internal", "system", "remote"] = "internal"
    level: int = DEFAULT_MASK
    host: str = "127.0.0.1:2000"

    def __post_init__(self) -> None:
        if not 0 <= self.level <= 31:
            raise ValueError(f"The log level {self.level} is no mask; use the sum of 1, 2, 4, 8 and 16 that you want.")
        if self.type == "remote":
            _host_and_port(self.host)


@dataclass(frozen=True, slots=True)
class Settings:
    """The producing side of the log. `services`: module name to what it writes; the others take `default`."""

    host: str = field(default_factory=lambda: socket.gethostname().partition(".")[0])
    services: Mapping[str, Sending] = field(default_factory=dict)
    default: Sending = field(default_factory=Sending)
    console: int = 0
    queue: int = 20_000
    syslog: str = "/dev/log"


class Logger:
    """Says events with their facts, under one module's name; `bind` gives one that repeats some facts."""

    __slots__ = ("_context", "_logger")

    def __init__(self, logger: logging.Logger, context: Mapping[str, object]) -> None:
        self._logger, self._context = logger, context

    def bind(self, **about: object) -> Logger:
        """A logger that says these facts with each event."""
        return Logger(self._logger, {**self._context, **about})

    def critical(self, event: str, **about: object) -> None:
        """Something must be done now."""
        self._say(logging.CRITICAL, event, about)

    def error(self, event: str, **about: object) -> None:
        """Something failed that should not have."""
        self._say(logging.ERROR, event, about)

    def exception(self, event: str, **about: object) -> None:
        """An error, with the traceback of the exception that is being handled."""
        self._say(logging.ERROR, event, about, sys.exc_info())

    def warning(self, event: str, **about: object) -> None:
        """Something an administrator may want to look at."""
        self._say(logging.WARNING, event, about)

    def info(self, event: str, **about: object) -> None:
        """What the server did."""
        self._say(logging.INFO, event, about)

    def protocol(self, event: str, **about: object) -> None:
        """What went over the wire."""
        self._say(logging.DEBUG, event, about)

    def wants(self, level: Level) -> bool:
        """Whether such a line would be written: ask before costly facts are gathered."""
        return self._logger.isEnabledFor(_TO_STDLIB[level])

    def _say(self, level: int, event: str, about: Mapping[str, object], error: Any = None) -> None:
        """Make the record here: by the usual way the calling line is looked up, which nobody reads."""
        logger = self._logger
        if logger.isEnabledFor(level):
            logger.handle(_Record(logger.name, level, event, {**self._context, **about}, error))


class _Record(logging.LogRecord):
    """A record without what nobody reads: file, line, thread, process. To find these out costs more than the line."""

    def __init__(self, name: str, level: int, event: str, facts: Mapping[str, object], error: Any) -> None:
        now = time.time()
        self.__dict__.update(_EMPTY)
        self.name, self.levelno, self.levelname, self.msg = name, level, _NAMES[level], event
        self.created, self.msecs, self.exc_info, self.facts = now, now % 1 * 1000, error, facts


_EMPTY: Final = logging.LogRecord("", 0, "", 0, "", None, None).__dict__
_NAMES: Final = {level: logging.getLevelName(level) for level in _TO_STDLIB.values()}


def get(module: str) -> Logger:
    """The logger of a module: one of MODULES, or a name of an added service's own."""
    return Logger(logging.getLogger(f"{_ROOT}.{module.upper()}"), {})


def module_of(service: str) -> str:
    """The module under which a service writes."""
    return MODULE_OF.get(service, service.upper())


def login(service: str, name: str, peer: str, *, ok: bool, reason: str = "", mechanism: str = "") -> None:
    """One line of the security log: who logged in, or tried to, where and from which address."""
    about = {"service": service, "user": name, "peer": peer}
    about.update({key: value for key, value in (("mechanism", mechanism), ("reason", reason)) if value})
    if ok:
        _SECURITY.info("login_succeeded", **about)
    else:
        _SECURITY.warning("login_failed", **about)


_SECURITY: Final = get("SECURITY")


# --- Session and message --------------------------------------------------------------------------------------------


@contextmanager
def session(name: str = "", peer: str = "") -> Iterator[str]:
    """Every line said inside belongs to this session; gives its id, a new one when none is given."""
    name = name or f"{next(_SESSION_NUMBERS) & 0xFFFFFFFF:08X}"
    token = _SESSION.set((name, peer))
    try:
        yield name
    finally:
        _SESSION.reset(token)


def seen_from(peer: str) -> None:
    """From here on the lines of this session name another peer: who is in front has said whom it speaks for."""
    _SESSION.set((_SESSION.get()[0], peer))


_numbers = itertools.count(secrets.randbits(24))  # of messages in one process


@contextmanager
def message(name: str = "") -> Iterator[str]:
    """Every line said inside is about this message; gives its id, a new one when none is given."""
    name = name or f"{time.time_ns() // 1_000_000:011X}{next(_numbers) & 0xFFFFFF:06X}"
    token = _MESSAGE.set(name)
    try:
        yield name
    finally:
        _MESSAGE.reset(token)


def renumber() -> None:
    """Begin the ids of sessions and messages anew, in a process that was forked from another."""
    global _SESSION_NUMBERS, _numbers
    _SESSION_NUMBERS, _numbers = itertools.count(secrets.randbits(32)), itertools.count(secrets.randbits(24))


def current_session() -> str:
    """The id of the session that the calling code is in, or ""."""
    return _SESSION.get()[0]


def current_message() -> str:
    """The id of the message that the calling code is about, or ""."""
    return _MESSAGE.get()


# --- From records to lines ------------------------------------------------------------------------------------------


class Log(logging.Handler):
    """The running producer: takes every record of the process and sends its line where the service's settings say."""

    def __init__(self, settings: Settings, collector: Outlet, *, relayed: bool = False) -> None:
        """`relayed`: another process sends the lines on, so all of them go to `collector`."""
        super().__init__()
        self._relayed = relayed
        self._collector = collector
        self.pipe = Pipe(collector, settings.host, settings.queue)
        self._console = ConsoleOutlet()
        self._outlets: dict[str, Outlet] = {}
        self.configure(settings)

    def configure(self, settings: Settings) -> None:
        """Take other settings from now on; nothing that is queued is lost."""
        self._settings = settings
        for module in {*MODULES, *settings.services, *_known_modules()}:
            logging.getLogger(f"{_ROOT}.{module}").setLevel(_threshold(self._sending(module).level | settings.console))
        logging.getLogger(_ROOT).setLevel(_threshold(settings.default.level | settings.console))

    def emit(self, record: logging.LogRecord) -> None:
        """Queue the record's line, unless its service does not write that level."""
        try:
            line = self._line(record)
        except Exception:  # a fact that cannot be shown must not fail what was being done: say it on standard error
            self.handleError(record)
            return
        self.take(line)

    def take(self, line: Line) -> None:
        """Queue a line, unless its service does not write that level."""
        sending = self._sending(line.module)
        if self._relayed:
            if line.level & (sending.level | self._settings.console):
                self.pipe.put(line, self._collector)
            return
        if line.level & sending.level:
            self.pipe.put(line, self._outlet(sending))
        if line.level & self._settings.console:
            self.pipe.put(line, self._console)

    def stop(self, timeout: float = 5) -> None:
        """Write what is queued, then leave the process's loggers as they were."""
        logging.getLogger().removeHandler(self)
        self.pipe.close(timeout)
        for outlet in (*self._outlets.values(), self._collector):
            outlet.close()

    def _sending(self, module: str) -> Sending:
        return self._settings.services.get(module, self._settings.default)

    def _outlet(self, sending: Sending) -> Outlet:
        if sending.type == "internal":
            return self._collector
        key = self._settings.syslog if sending.type == "system" else sending.host
        outlet = self._outlets.get(key)
        if outlet is None:
            outlet = syslog_outlet(key) if sending.type == "system" else udp_outlet(*_host_and_port(key))
            self._outlets[key] = outlet
        return outlet

    def _line(self, record: logging.LogRecord) -> Line:
        root, _, module = record.name.partition(".")
        about: dict[str, object] = dict(getattr(record, "facts", ()))
        if root != _ROOT or not module:
            module = "SERVER"
            about["logger"] = record.name
        name, peer = _SESSION.get()
        if peer:
            about.setdefault("peer", peer)
        said = facts(about)
        if record.exc_info and record.exc_info[0] is not None:
            trace = logging.Formatter().formatException(record.exc_info)
            said += (("traceback", traceback_fact(trace)),)
        return Line(
            record.created, _level(record.levelno), self._settings.host, module, name, _MESSAGE.get(),
            clean(record.getMessage()), said,
        )  # fmt: skip


def start(settings: Settings, collector: Outlet, *, relayed: bool = False) -> Log:
    """Begin to write: every logger of the process speaks to this log until `stop`. Other libraries' warnings too."""
    log = Log(settings, collector, relayed=relayed)
    logging.getLogger().addHandler(log)
    return log


def _known_modules() -> tuple[str, ...]:
    prefix = f"{_ROOT}."
    return tuple(name.removeprefix(prefix) for name in list(logging.root.manager.loggerDict) if name.startswith(prefix))


def _threshold(mask: int) -> int:
    """The lowest level of the standard library that such a mask lets through."""
    return min((number for level, number in _TO_STDLIB.items() if level & mask), default=_SILENT)


def _level(number: int) -> Level:
    return next((level for level, least in _TO_STDLIB.items() if number >= least), Level.PROTOCOL)


def _host_and_port(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(f"The log host {text!r} must be written host:port, as 192.0.2.1:2000.")
    return host.strip("[]"), int(port)

"""The configuration as the server uses it: checked sections, and listeners with their rules and limits worked out.

A listener's keys come from, in this order: its table in the file; the default listener of the same name; the defaults
of its service; the declaration. With a port base every listener moves to loopback at base + port, the default
listeners are all there, and passwords may come without TLS.
"""

import functools
import os
import socket
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final

from mailcore.server.config_checks import check, check_addresses
from mailcore.server.config_file import ConfigError, ConfigFile, Raw, Source, parse
from mailcore.server.defaults import BY_SERVICE, LISTENERS, LOOPBACK, ON_PORT_BASE, SERVICES, Standard
from mailcore.server.gate import Policy
from mailcore.server.guesses import GuessLimits
from mailcore.server.listener import Listener
from mailcore.server.proxy import ProxyPolicy
from mailcore.server.rules import Limits, Rule, Rules, ip_set
from mailcore.server.rules import address as ip_address
from mailcore.server.sections import (
    AllowSection,
    FlowSection,
    ListenerSection,
    RuleSection,
    ServerSection,
    ServiceSection,
    TlsSection,
)
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
from mailcore.server.sections_openid import OpenIdSection, incomplete, placed
from mailcore.server.sections_push import PushSection
from mailcore.server.sections_rpop import RpopSection
from mailcore.server.sections_scanning import ScannerSection
from mailcore.server.sections_subscriptions import SubscriptionsSection
from mailcore.server.sections_web import AutodiscoverSection, OAuthSection, WebmailSection
from mailcore.server.toml_lines import KeyPath

SERVICE_GROUP: Final = "postroom.services"  # entry points: name > factory

__all__ = ["Config", "ConfigError", "installed_services", "load"]


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that needs a restart or a reload to change."""

    path: Path | None
    data: Path
    port_base: int | None
    database_url: str = field(repr=False)  # "": SQLite in `data`
    server: ServerSection
    tls: TlsSection
    services: Mapping[str, ServiceSection]
    listeners: tuple[Listener, ...]  # those that are enabled
    listener_tls: Mapping[str, TlsSection]  # by name, where it is not the server's
    log: LogSection
    dnr: DnrSection
    guessing: GuessingSection
    queue: QueueSection
    smtp: SmtpSection
    imap: ImapSection
    pop3: Pop3Section
    managesieve: ManageSieveSection
    ftp_backup: FtpBackupSection
    rpop: RpopSection
    subscriptions: SubscriptionsSection
    openid: OpenIdSection
    push: PushSection
    webmail: WebmailSection
    counters: CountersSection
    oauth: OAuthSection
    autodiscover: AutodiscoverSection
    scanners: tuple[ScannerSection, ...]

    @property
    def host(self) -> str:
        """The name of this server in greetings, headers and certificates."""
        return self.server.server_name or _this_host()

    @property
    def web_url(self) -> str:
        """Where people reach HTTP, without a slash behind it: for addresses that are shown to them."""
        if self.server.web_url:
            return self.server.web_url
        found = [each for each in self.listeners if each.service == "http"]
        if self.port_base is not None:  # all of it on loopback, where a certificate of one's own is only in the way
            plain = next((each for each in found if each.tls != "implicit"), None)
            return f"http://{plain.where}" if plain is not None else f"https://{self.host}"
        secure = [each.port for each in found if each.tls == "implicit"]
        port = secure[0] if secure and 443 not in secure else 443
        return f"https://{self.host}" if port == 443 else f"https://{self.host}:{port}"

    @property
    def offered(self) -> frozenset[tuple[str, str, str, str]]:
        """What clients can be told to connect to: service, role, address with port, and TLS of every listener."""
        return frozenset((each.service, each.role, each.where, each.tls) for each in self.listeners)


@functools.cache
def _this_host() -> str:
    return socket.gethostname()


@functools.cache
def installed_services() -> frozenset[str]:
    """The names of the services that are installed."""
    return frozenset(point.name for point in entry_points(group=SERVICE_GROUP))


def load(
    path: Path | None,
    *,
    data: Path | None = None,
    port_base: int | None = None,
    environ: Mapping[str, str] = os.environ,
    services: Collection[str] | None = None,
) -> Config:
    """The configuration in the file, or all defaults without one. ConfigError names file, line and key.

    `data`, `port_base` and DATABASE_URL in the environment win over the file. `services` are those that exist
    besides the known ones; by default those that are installed.
    """
    found, problems = examined(path, data=data, port_base=port_base, environ=environ, services=services)
    if problems:
        raise ConfigError(problems)
    return found


def examined(
    path: Path | None,
    *,
    data: Path | None = None,
    port_base: int | None = None,
    environ: Mapping[str, str] = os.environ,
    services: Collection[str] | None = None,
) -> tuple[Config, list[str]]:
    """The same with what is wrong in the file: what is has its default, so that the rest can be looked at.

    ConfigError with all that is wrong when that cannot be.
    """
    source = Source(path)
    known = {*SERVICES, *(installed_services() if services is None else services)}
    _complete(source.raw, port_base)
    parsed = parse(source)
    check(source, parsed, known)
    listeners = tuple(
        listener
        for number, section in enumerate(parsed.listener)
        if (listener := _listener(source, number, section, parsed, port_base)) is not None
    )
    if port_base is not None:  # listeners that differed by their address alone are one on loopback
        listeners = tuple({listener.port: listener for listener in reversed(listeners)}.values())[::-1]
    check_addresses(source, listeners, parsed)
    folder = (data or Path(parsed.server.data)).absolute()
    openid = placed(parsed.openid, folder)
    if (problem := incomplete(openid)) is not None:
        source.wrong(("openid", problem[0]), problem[1])
    config = Config(
        path=path,
        data=folder,
        port_base=port_base,
        database_url=environ.get("DATABASE_URL") or parsed.server.database_url,
        server=parsed.server,
        tls=parsed.tls,
        services=_services(parsed, known, port_base),
        listeners=listeners,
        listener_tls={each.name: each.tls for each in parsed.listener if each.tls is not None},
        log=parsed.log,
        dnr=parsed.dnr,
        guessing=parsed.guessing,
        queue=parsed.queue,
        smtp=parsed.smtp,
        imap=parsed.imap,
        pop3=parsed.pop3,
        managesieve=parsed.managesieve,
        ftp_backup=parsed.ftp_backup,
        rpop=parsed.rpop,
        subscriptions=parsed.subscriptions,
        openid=openid,
        push=parsed.push,
        webmail=parsed.webmail,
        counters=parsed.counters,
        oauth=parsed.oauth,
        autodiscover=parsed.autodiscover,
        scanners=parsed.scanner,
    )
    return config, source.problems


def guess_limits(section: GuessingSection) -> GuessLimits:
    """What the guessing section says, in the units of the gate."""
    return GuessLimits(
        first_delay=section.first_delay / 1000,
        max_delay=section.max_delay,
        interval=section.interval,
        peer_failures=section.peer_failures,
        name_failures=section.name_failures,
        block_time=section.block_time,
    )


def service_policy(section: ServiceSection) -> Policy:
    """The rules and limits over all listeners of a service."""
    limits = Limits(
        section.max_connections,
        section.max_interval_connections,
        section.time_interval,
        section.peer_max_connections,
        section.peer_max_interval_connections,
        section.peer_time_interval,
    )
    return Policy(_rules(section.allow_rules, section.deny_rules), limits)


# --- before the check: listeners completed from the defaults


def _complete(raw: Raw, port_base: int | None) -> None:
    """Fill in what the file's listeners leave out, and append the default listeners that it does not name."""
    given = raw.get("listener", [])
    if not isinstance(given, list):
        return
    standards = {standard.name: standard for standard in LISTENERS}
    completed = [_completed(each, standards, port_base) if isinstance(each, dict) else each for each in given]
    named = {each.get("name") for each in given if isinstance(each, dict)}
    missing = [_completed({"name": name}, standards, port_base) for name in standards if name not in named]
    raw["listener"] = [*completed, *missing]


def _completed(given: Raw, standards: Mapping[str, Standard], port_base: int | None) -> Raw:
    name = given.get("name")
    standard = standards.get(name) if isinstance(name, str) else None
    base: Raw = {}
    if standard is not None:
        base = {"service": standard.service, "role": standard.role, "ssl_enable": standard.tls_first}
        base["address"] = f"{LOOPBACK}:{standard.port}"
    service = given.get("service", base.get("service"))
    by_service = BY_SERVICE.get(service, {}) if isinstance(service, str) else {}
    return {**base, **by_service, **(ON_PORT_BASE if port_base is not None else {}), **given}


# --- services


def _services(parsed: ConfigFile, known: Collection[str], port_base: int | None) -> Mapping[str, ServiceSection]:
    """A section for every known service; `enabled` where the file does not say depends on the service."""
    at_doors = {standard.service for standard in LISTENERS}
    found: dict[str, ServiceSection] = {}
    for name in [*SERVICES, *sorted(set(known) - set(SERVICES))]:
        section = parsed.service.get(name, ServiceSection())
        if "enabled" not in section.model_fields_set:
            on = SERVICES.get(name, True) or (port_base is not None and name in at_doors)
            section = section.model_copy(update={"enabled": on})
        found[name] = section
    return found


# --- listeners


def _listener(
    source: Source, number: int, section: ListenerSection, parsed: ConfigFile, port_base: int | None
) -> Listener | None:
    """The listener that a section means; None when it is off or wrong."""
    at: KeyPath = ("listener", number)
    place = _place(source, at, section.address, port_base)
    proxy = _proxy(source, at, section)
    if place is None or not section.enable:
        return None
    service = parsed.service.get(section.service, ServiceSection())
    first, begun = section.ssl_enable, service.allow_start_tls
    return Listener(
        name=section.name,
        service=section.service,
        address=place[0],
        port=place[1],
        tls="implicit" if first else "start" if begun else "none",
        role=section.role,
        idle=float(section.idle_timeout),
        policy=Policy(_rules(section.allow_rules, section.deny_rules), _limits(section)),
        domain=section.listener_domain,
        plain_login=service.plain_conn_allow_login or port_base is not None,
        proxy=proxy,
        handshake=(section.tls or parsed.tls).handshake_timeout,
    )


def _place(source: Source, at: KeyPath, text: str, port_base: int | None) -> tuple[str, int] | None:
    host, colon, digits = text.rpartition(":")
    try:
        if not colon or not digits.isdecimal() or not 1 <= int(digits) <= 65535:
            raise ValueError
        ip = str(ip_address(host.removeprefix("[").removesuffix("]")))
    except ValueError:
        source.wrong((*at, "address"), f"{text!r} is not an IP address with a port, such as 127.0.0.1:143 or [::1]:143")
        return None
    if port_base is None:
        return ip, int(digits)
    port = port_base + int(digits)
    if port > 65535:
        source.wrong((*at, "address"), f"port {digits} is beyond 65535 with the port base {port_base}")
        return None
    return LOOPBACK, port


def _proxy(source: Source, at: KeyPath, section: ListenerSection) -> ProxyPolicy | None:
    if section.proxy_protocol == "disabled":
        return None
    if not section.proxy_trusted:
        source.wrong((*at, "proxy_protocol"), "needs proxy_trusted: which proxies may name the client")
    return ProxyPolicy(
        trusted=ip_set(section.proxy_trusted),
        v1=section.proxy_protocol in ("allow_v1", "allow_all"),
        v2=section.proxy_protocol in ("allow_v2", "allow_all"),
        optional=section.proxy_optional,
        timeout=section.proxy_protocol_timeout,
    )


def _limits(section: FlowSection) -> Limits:
    return Limits(
        section.max_connections,
        section.max_interval_connections,
        section.time_interval,
        section.peer_max_connections,
        section.peer_max_interval_connections,
        section.peer_time_interval,
    )


def _rules(allow: tuple[AllowSection, ...], deny: tuple[RuleSection, ...]) -> Rules:
    return Rules(
        tuple(Rule(ip_set(each.ip_set), each.priority, each.enable, _limits(each)) for each in allow),
        tuple(Rule(ip_set(each.ip_set), each.priority, each.enable) for each in deny),
    )

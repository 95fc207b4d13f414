"""What no single key of the configuration can say: keys that have to fit each other, and what exists outside of it."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from fnmatch import fnmatchcase
from typing import Final

from mailcore.server import log
from mailcore.server.brands import logo_at
from mailcore.server.config_file import ConfigFile, Source
from mailcore.server.listener import Listener
from mailcore.server.log_collector import FILE_NAME, MAX_RULES
from mailcore.server.rules import address as ip_address
from mailcore.server.sections import TlsSection
from mailcore.server.toml_lines import KeyPath

MOST_SERVERS: Final = 10


def check(source: Source, parsed: ConfigFile, known: Collection[str]) -> None:
    """Note what is wrong with the sections, each by itself and together; `known` are the services that there are."""
    for name, service in parsed.service.items():
        at: KeyPath = ("service", name)
        if name not in known:
            source.wrong(at, f"there is no such service; those known here: {', '.join(sorted(known))}")
        if service.min_conn_threads > service.max_conn_threads:
            said = f"{service.min_conn_threads} is more than max_conn_threads {service.max_conn_threads}"
            source.wrong((*at, "min_conn_threads"), said)
    if parsed.queue.sched_interval >= parsed.queue.max_sched_interval:
        said = f"{parsed.queue.sched_interval} must be less than max_sched_interval {parsed.queue.max_sched_interval}"
        source.wrong(("queue", "sched_interval"), said)
    for number, listener in enumerate(parsed.listener):
        if listener.service not in known:
            said = f"there is no service {listener.service!r}; those known here: {', '.join(sorted(known))}"
            source.wrong(("listener", number, "service"), said)
    _check_tls(source, parsed)
    _check_brands(source, parsed)
    _check_log(source, parsed, known)
    _check_name_servers(source, parsed)


def _check_brands(source: Source, parsed: ConfigFile) -> None:
    for number, brand in enumerate(parsed.webmail.brand):
        if brand.logo:
            try:
                logo_at(source.folder / brand.logo)
            except ValueError as error:
                source.wrong(("webmail", "brand", number, "logo"), str(error))


def _check_tls(source: Source, parsed: ConfigFile) -> None:
    found: list[tuple[KeyPath, TlsSection | None]] = [(("tls",), parsed.tls)]
    found += [(("listener", number, "tls"), each.tls) for number, each in enumerate(parsed.listener)]
    for at, tls in found:
        if tls is not None and tls.request_client_auth and tls.ca_file is None:
            source.wrong((*at, "request_client_auth"), "needs ca_file: whose client certificates to trust")
    if parsed.smtp.mta_sts_policy.mode == "enforce" and not any(tls.certificate for _, tls in found if tls is not None):
        said = "others would send nothing here, for there is no certificate that they could check (tls.certificate)"
        source.wrong(("smtp", "mta_sts_policy", "mode"), said)


def check_addresses(source: Source, listeners: tuple[Listener, ...], parsed: ConfigFile) -> None:
    """Names are unique; so are addresses among the listeners that are enabled."""
    numbers: dict[str, int] = {}
    for number, section in enumerate(parsed.listener):
        if section.name in numbers:
            said = f"listener {numbers[section.name] + 1} is named {section.name!r} already"
            source.wrong(("listener", number, "name"), said)
        numbers.setdefault(section.name, number)
    for one, other in itertools.combinations(listeners, 2):
        if one.name != other.name and _clash(one, other):
            said = f"{one.where} and {other.where} of listener {other.name} clash; change one or set its enable = false"
            source.wrong(("listener", numbers[one.name], "address"), said)


def _clash(one: Listener, other: Listener) -> bool:
    """Whether two listeners cannot both be open: same port, and same address or one that stands for all."""
    here, there = ip_address(one.address), ip_address(other.address)
    if one.port != other.port or here.version != there.version:
        return False
    return here == there or here.is_unspecified or there.is_unspecified


def _check_log(source: Source, parsed: ConfigFile, known: Collection[str]) -> None:
    for name, service in parsed.service.items():
        try:
            log.Sending(service.log_type, service.log_level, service.log_host)
        except ValueError as error:
            source.wrong(("service", name, "log_host"), _small(error))
    if len(parsed.log.rule) > MAX_RULES:
        source.wrong(("log", "rule"), f"there are {len(parsed.log.rule)}; use at most {MAX_RULES}")
    taken: dict[int, int] = {}
    for number, rule in enumerate(parsed.log.rule):
        if rule.priority in taken:
            said = f"{rule.priority} is that of rule {taken[rule.priority] + 1} already"
            source.wrong(("log", "rule", number, "priority"), said)
        taken.setdefault(rule.priority, number)
        if FILE_NAME.fullmatch(rule.file_name) is None:
            said = f"{rule.file_name!r} is no plain file name: letters, digits, '_', '-', '.'; it is in the log folder"
            source.wrong(("log", "rule", number, "file_name"), said)
        modules = sorted({*log.MODULES, *map(log.module_of, known)})
        if not any(fnmatchcase(name, rule.module.upper()) for name in modules):
            said = f"no module is called {rule.module!r}; those known here: {', '.join(modules)}"
            source.wrong(("log", "rule", number, "module"), said)


def _check_name_servers(source: Source, parsed: ConfigFile) -> None:
    taken: dict[int, int] = {}
    for number, server in enumerate(parsed.dnr.server):
        at: KeyPath = ("dnr", "server", number)
        try:
            name_server(server.address)
        except ValueError:
            source.wrong(
                (*at, "address"), f"{server.address!r} is no IP address, such as 192.0.2.53 or [2001:db8::53]:53"
            )
        if server.priority in taken:
            source.wrong((*at, "priority"), f"{server.priority} is that of server {taken[server.priority] + 1} already")
        taken.setdefault(server.priority, number)
    if len(parsed.dnr.server) > MOST_SERVERS:
        source.wrong(("dnr", "server"), f"there are {len(parsed.dnr.server)}; use at most {MOST_SERVERS}")


def name_server(text: str) -> tuple[str, int]:
    """Address and port of a name server: `192.0.2.53`, `192.0.2.53:5353`, `2001:db8::53`, `[2001:db8::53]:53`.

    ValueError when it is none.
    """
    host, port = text, "53"
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        port = rest.removeprefix(":") or port
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    if not port.isdecimal() or not 1 <= int(port) <= 65535:
        raise ValueError(f"{port[:20]!r} is no port")
    return str(ip_address(host)), int(port)


def _small(error: ValueError) -> str:
    said = str(error).removesuffix(".")
    return said[:1].lower() + said[1:]

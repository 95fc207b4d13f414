"""The log as the configuration wants it: what each service writes, which files take it; and the service `log`."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Final

from mailcore.server import log
from mailcore.server.config import Config, ConfigError
from mailcore.server.control import ControlError
from mailcore.server.log_collector import Collector, CollectorSettings, Rule, listen
from mailcore.server.log_line import Level
from mailcore.server.log_relay import PACKET_MAX, PACKETS_AT_ONCE, ToLead, unpacked
from mailcore.server.parts import Parts, ServiceSetup
from mailcore.server.rules import Rule as AddressRule
from mailcore.server.rules import Rules, address, decide, ip_set
from mailcore.server.sections_mail import LogListenerSection, LogSection
from mailcore.server.service import Door

NO_LEVELS: Final[Mapping[str, int]] = {}
CONSOLE: Final = Level.CRITICAL | Level.ERROR  # said on standard error too, for whoever started the server


class Logging:
    """The log of one server process, from its start to its end."""

    __slots__ = ("_collector", "_config", "_levels", "_log")

    def __init__(self, config: Config, lead: socket.socket | None = None) -> None:
        """Begins to write, or in a worker to hand its lines to the lead. ConfigError."""
        collecting, settings = checked(config)
        self._config, self._levels = config, dict[str, int]()
        self._collector = Collector(collecting)
        if lead is None:
            self._log = log.start(settings, self._collector)
        else:
            self._log = log.start(settings, ToLead(lead), relayed=True)

    def adopt(self, config: Config) -> None:
        """Go on as another configuration says; levels that were set by hand stay."""
        self._config = config
        collecting, settings = checked(config, self._levels)
        self._collector.configure(collecting)
        self._log.configure(settings)

    def set_level(self, service: str, level: int) -> None:
        """Let a service write these levels until the server ends. ControlError."""
        if service not in self._config.services:
            raise ControlError(f"there is no service {service!r}; there are: {', '.join(self._config.services)}")
        if not 0 <= level <= 31:
            raise ControlError(f"log level {level}: it is the sum of 1, 2, 4, 8 and 16 that you want, 0 to 31")
        self._levels[service] = level
        self._log.configure(checked(self._config, self._levels)[1])

    @property
    def levels(self) -> Mapping[str, int]:
        """The levels that were set by hand, by service."""
        return self._levels

    def take_lines(self, from_workers: socket.socket) -> bool:
        """Write what the workers have said by now; whether there may be more. The socket does not wait."""
        with suppress(BlockingIOError):
            for _ in range(PACKETS_AT_ONCE):
                for line in unpacked(from_workers.recv(PACKET_MAX)):
                    self._log.take(line)
            return True
        return False

    def stop(self) -> None:
        """Write what is queued, and end."""
        self._log.stop()

    def service(self, parts: Parts, setup: ServiceSetup) -> LogService:
        """The service `log`: takes the lines of other servers."""
        return LogService(setup.name, setup.config.log, self._log, self._collector)


def checked(config: Config, levels: Mapping[str, int] = NO_LEVELS) -> tuple[CollectorSettings, log.Settings]:
    """What the configuration means for those who write files and for those who speak. ConfigError."""
    try:
        collecting = _collecting(config)
        services = {
            log.module_of(name): log.Sending(section.log_type, levels.get(name, section.log_level), section.log_host)
            for name, section in config.services.items()
        }
    except ValueError as error:
        where = config.path or "the configuration"
        raise ConfigError([f"{where}: {error}"]) from None
    settings = log.Settings(services=services, console=CONSOLE)
    return collecting, replace(settings, host=config.server.node or settings.host)


def _collecting(config: Config) -> CollectorSettings:
    """The collector's side of the section `log`."""
    section = config.log
    return CollectorSettings(
        config.data / section.path,
        tuple(
            Rule(
                each.priority,
                each.hostname,
                each.module,
                each.log_level,
                each.file_name,
                each.file_size,
                each.file_time,
                each.file_count,
                each.rotate_period,
            )
            for each in section.rule
        ),
        section.enable_security_log,
        "json" if section.format == "json" else "text",
    )


class LogService:
    """Takes other servers' lines at the UDP ports that are enabled."""

    __slots__ = ("_collector", "_log", "_name", "_section")

    def __init__(self, name: str, section: LogSection, running: log.Log, collector: Collector) -> None:
        self._name, self._section, self._log, self._collector = name, section, running, collector

    @property
    def name(self) -> str:
        """The service's name."""
        return self._name

    async def serve(self, door: Door) -> None:
        """Nothing: lines come as datagrams, at ports of the service's own."""
        await asyncio.get_running_loop().create_future()

    async def drain(self, grace: float) -> None:
        """Nothing waits here; what is queued is written when the process ends."""

    async def work(self) -> None:
        """Take lines until cancelled. OSError when a port is taken."""
        open_now: list[asyncio.DatagramTransport] = []
        try:
            for each in self._section.listener:
                if each.enable:
                    host, _, port = each.address.rpartition(":")
                    admit = _admit(each)
                    open_now.append(await listen(self._log.pipe, self._collector, admit, host.strip("[]"), int(port)))
            await asyncio.get_running_loop().create_future()
        finally:
            for transport in open_now:
                transport.close()


def _admit(section: LogListenerSection) -> Callable[[str], bool]:
    """Whether a host may send lines: as the rules say; one that no rule names, if no rule allows others."""
    allow = tuple(AddressRule(ip_set(each.ip_set), each.priority, each.enable) for each in section.allow_rules)
    deny = tuple(AddressRule(ip_set(each.ip_set), each.priority, each.enable) for each in section.deny_rules)

    def admit(peer: str) -> bool:
        found = decide(address(peer), Rules(allow, deny), Rules())
        return found.admitted if found.rule is not None else not allow

    return admit

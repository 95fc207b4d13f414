"""The composition root: builds each object once, runs the services, and changes what runs while it runs.

Invariants
1. Orders (start, stop, restart, reload) are carried out one at a time, in the order in which they came.
2. A reload happens whole or not at all: nothing changes before the new configuration is checked and its ports are open.
3. A service that starts, stops or fails touches no other.
"""

import asyncio
import os
import signal
import sys
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeVar

from mailcore.server.certificates import Certificates
from mailcore.server.certificates import check as check_certificates
from mailcore.server.config import Config, ConfigError
from mailcore.server.control import Control, ControlError, Verb, claim
from mailcore.server.gates import Gates
from mailcore.server.listener import CannotListen, Listener, Sockets
from mailcore.server.members import Alone, Members, Standing
from mailcore.server.parts import Parts, ServiceFactory, ServiceSetup, installed_factories
from mailcore.server.running import Running
from mailcore.server.server_verbs import server_verbs
from mailcore.server.service import Door
from mailcore.server.tasks import Supervisor

Loaders = Mapping[str, Callable[[], ServiceFactory]]

_SIGNING_IN: Final = ("openid", "oauth")
_MAIL: Final = ("smtp", "queue", "scanners")  # what taking a message over goes by, whoever hands it in
_WEB: Final = ("webmail", *_SIGNING_IN, "push", "autodiscover", "offered", "tls", *_MAIL)
# Sections that a service is made from besides its own; when one changes, the service is made anew.
READS: Final[Mapping[str, tuple[str, ...]]] = {
    "smtp_incoming": (*_MAIL, *_SIGNING_IN),
    "smtp_outgoing": ("smtp", "queue"),
    "processing": _MAIL,
    "imap": ("imap", *_SIGNING_IN),
    "pop3": ("pop3", *_SIGNING_IN),
    "managesieve": ("managesieve", *_SIGNING_IN),
    "ftp_backup": ("ftp_backup", *_SIGNING_IN),
    "cli": _SIGNING_IN,
    "http": _WEB,
    "webadmin": _WEB,
    "rpop": ("rpop", *_MAIL),
    "subscriptions": ("subscriptions",),
    "log": ("log",),
}
LAST: Final = ("processing", "log")  # stopped behind all others, in this order
T = TypeVar("T")
NEEDS_RESTART: Final = ("data", "port_base", "database_url", "server", "dnr")


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """How a service is, for those who administer."""

    name: str
    state: Literal["running", "stopped", "not installed"]
    enabled: bool
    listeners: tuple[str, ...]
    processes: tuple[int, ...] = ()


def wanted(config: Config, installed: Loaders) -> tuple[Listener, ...]:
    """The listeners of the services that start with the server."""
    return tuple(
        listener
        for listener in config.listeners
        if listener.service in installed and config.services[listener.service].enabled
    )


def say_ready() -> None:
    """One line on standard output, for whoever waits for this server."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()


class Server:
    """The services of one process."""

    def __init__(
        self,
        config: Config,
        parts: Parts,
        *,
        reload: Callable[[], Config],
        loaders: Loaders | None = None,
        sockets: Sockets | None = None,
        verbs: Mapping[str, Verb] | None = None,
        adopted: Callable[[Config], None] = lambda config: None,
        announce: Callable[[], None] = say_ready,
        members: Members | None = None,
    ) -> None:
        """`reload` reads the configuration again; `sockets` are those opened already, by a process that was root.

        `adopted` hears of every configuration that has taken the place of another. `members`: several processes serve.
        """
        self.config, self.parts, self._adopted = config, parts, adopted
        self._reload, self._announce, self._verbs = reload, announce, verbs or {}
        self._loaders = installed_factories() if loaders is None else loaders
        self._log = parts.log("SERVER")
        self._sockets = sockets or Sockets()
        members = members or Members(Gates(config, parts.clock), lambda service: None, Alone())
        self._gates, self._share, self._team = members.gates, members.share, members.team
        self._certificates = Certificates(self._log, parts.clock)
        self._running: dict[str, Running] = {}
        self._orders: asyncio.Queue[Callable[[], Awaitable[None]]] = asyncio.Queue()
        self._tasks: Supervisor | None = None
        self._ending = False

    # --- from start to end

    async def run(self, *, claimed: bool = False) -> None:
        """Serve until `finish` or SIGTERM, then drain. CannotListen, DataInUse: nothing was started.

        `claimed`: the data folder is this process's already.
        """
        with nullcontext() if claimed else claim(self.config.data), ExitStack() as undo:
            self._certificates.load(self.config)
            undo.callback(self._sockets.close_all)
            self._sockets.ensure(wanted(self.config, self._loaders))
            control = Control(self.config.data, {**server_verbs(self), **self._verbs}, self._log)
            undo.callback(control.close)
            async with self._supervised() as tasks:
                tasks.start("control", control.serve)
                with self._signals():
                    await self._live([name for name, section in self.config.services.items() if section.enabled])

    async def run_under_lead(self, running: Iterable[str]) -> None:
        """Serve as the lead does until `finish`, these services first; the sockets are here, orders come by call."""
        self._certificates.load(self.config)
        try:
            async with self._supervised():
                await self._live(running)
        finally:
            self._sockets.close_all()

    @asynccontextmanager
    async def _supervised(self) -> AsyncIterator[Supervisor]:
        try:
            async with Supervisor(self._log, self.parts.clock) as self._tasks:
                yield self._tasks
        finally:
            self._tasks = None

    async def _live(self, running: Iterable[str]) -> None:
        for name in running:
            if name in self._loaders:
                await self._start(name)
        assert self._tasks is not None
        await self._team.begin(self._standing, self._tasks)
        self._log.info("ready", services=",".join(self._running))
        self._announce()
        while not self._ending or not self._orders.empty():
            await (await self._orders.get())()
        await self._drain_all()
        self._log.info("stopped")

    async def _drain_all(self) -> None:
        """Close every door, then let the services finish: those in front together, those behind them one by one."""
        for running in self._running.values():
            await running.adopt(())
        self._sockets.close_all()
        self._log.info("stopping", services=",".join(self._running))
        grace = self.config.server.drain_time
        async with asyncio.TaskGroup() as group:
            group.create_task(self._team.finish())
            for name in [name for name in self._running if name not in LAST]:
                group.create_task(self._running.pop(name).stop(grace))
        for name in [name for name in LAST if name in self._running]:
            await self._running.pop(name).stop(grace)

    @contextmanager
    def _signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        actions = {signal.SIGTERM: self.finish, signal.SIGINT: self.finish, signal.SIGHUP: self._reload_soon}
        for number, action in actions.items():
            loop.add_signal_handler(number, action)
        try:
            yield
        finally:
            for number in actions:
                loop.remove_signal_handler(number)

    def finish(self) -> None:
        """Drain everything and end; `run` comes back when that is done."""

        async def end() -> None:
            self._ending = True

        self._orders.put_nowait(end)

    def _reload_soon(self) -> None:
        async def again() -> None:
            try:
                await self._adopt()
            except Exception as error:  # nobody waits for an answer; the running server goes on
                self._log.error("reload_failed", why=str(error), traceback=traceback.format_exc())

        self._orders.put_nowait(again)

    # --- orders

    async def start(self, name: str) -> None:
        """Start a service. ControlError, CannotListen."""
        await self._order(self._start_everywhere(name))

    async def stop(self, name: str) -> None:
        """Stop a service: its ports refuse, its sessions end, the others go on. ControlError."""
        await self._order(self._stop_everywhere(name))

    async def restart(self, name: str) -> None:
        """Stop a service if it runs, and start it. ControlError, CannotListen."""
        await self._order(self._restart_everywhere(name))

    async def reload(self) -> tuple[str, ...]:
        """Read configuration and certificates again; the sections that changed and wait for a restart.

        ConfigError, CannotListen: nothing has changed.
        """
        return await self._order(self._adopt())

    def status(self) -> list[ServiceStatus]:
        """Every known service."""
        return [self._status_of(name) for name in self.config.services]

    async def _order(self, work: Coroutine[Any, Any, T]) -> T:
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        async def carry_out() -> None:
            if self._ending:
                work.close()
                done.set_exception(ControlError("the server is stopping"))
                return
            try:
                came_of_it = await work
            except Exception as error:  # it belongs to the one who gave the order
                if not done.done():
                    done.set_exception(error)
            else:
                if not done.done():
                    done.set_result(came_of_it)

        if self._tasks is None or self._ending:
            work.close()
            raise ControlError("the server is stopping" if self._ending else "the server has not started")
        self._orders.put_nowait(carry_out)
        return await done

    def _status_of(self, name: str) -> ServiceStatus:
        running = self._running.get(name)
        listeners = tuple(f"{each.name} {each.where}" for each in running.listeners) if running is not None else ()
        installed = "stopped" if name in self._loaders else "not installed"
        state: Any = "running" if running is not None else installed
        processes = (os.getpid(), *self._team.processes(name)) if running is not None else ()
        return ServiceStatus(name, state, self.config.services[name].enabled, listeners, processes)

    async def _start_everywhere(self, name: str) -> None:
        await self._start(name)
        await self._team.start(name)

    async def _stop_everywhere(self, name: str) -> None:
        if name not in self._running:
            raise ControlError(f"{name} does not run" if name in self.config.services else self._none_such(name))
        for error in await asyncio.gather(self._stop(name), self._team.stop(name), return_exceptions=True):
            if error is not None:
                raise error

    async def _restart_everywhere(self, name: str) -> None:
        if name in self._running:
            await self._stop_everywhere(name)
        await self._start_everywhere(name)

    def _none_such(self, name: str) -> str:
        return f"there is no service {name!r}; there are: {', '.join(sorted(self._loaders))}"

    def _standing(self) -> Standing:
        return Standing(self.config, tuple(self._running), self._sockets)

    async def _start(self, name: str) -> None:
        if name in self._running:
            raise ControlError(f"{name} runs already")
        if name not in self._loaders:
            raise ControlError(self._none_such(name))
        listeners = self._listeners_of(name)
        self._sockets.ensure(listeners)
        try:
            setup = ServiceSetup(name, self.config.services[name], self.config)
            service = self._loaders[name]()(self.parts, setup)
            assert self._tasks is not None
            running = Running(service, self._tasks, self._door)
        except BaseException:
            for listener in listeners:
                self._sockets.close(listener)
            raise
        self._running[name] = running
        await running.adopt(listeners)
        self._log.info("service_started", service=name, at=" ".join(listener.where for listener in listeners))

    async def _stop(self, name: str, *, keep: bool = False) -> None:
        """`keep`: its sockets stay open, for it starts again at once."""
        running = self._running.pop(name, None)
        if running is None:
            raise ControlError(f"{name} does not run")
        listeners = running.listeners
        await running.adopt(())
        for listener in listeners if not keep else ():
            self._sockets.close(listener)
        await running.stop(self.config.server.drain_time)
        self._log.info("service_stopped", service=name)

    def _listeners_of(self, name: str) -> tuple[Listener, ...]:
        return tuple(listener for listener in self.config.listeners if listener.service == name)

    def _door(self, listener: Listener) -> Door:
        def tls() -> Any:
            return self._certificates.current(listener.name)

        sockets, gate = (self._sockets.of(listener),), self._gates.gate(listener)
        return Door(listener, sockets, tls, gate, self._share(listener.service))

    # --- another configuration

    async def _adopt(self) -> tuple[str, ...]:
        old = self.config
        try:
            new = self._reload()
            check_certificates(new)
            kept = {name for name in self._running if new.services[name].enabled or not old.services[name].enabled}
            self._sockets.ensure(each for each in new.listeners if each.service in kept)
        except (ConfigError, CannotListen) as error:
            for problem in str(error).splitlines():
                self._log.error("configuration_refused", why=problem)
            raise
        waiting = self._warn_of_restart(old, new)
        self.config = replace(new, **{part: getattr(old, part) for part in NEEDS_RESTART})
        self._adopted(self.config)
        self._gates.adopt(new)
        wrong = self._certificates.load(self.config)
        for name in new.services:
            try:
                await self._change_service(name, old, new)
            except Exception as error:  # this service's trouble; the others change all the same
                self._log.error("service_failed", service=name, why=str(error), traceback=traceback.format_exc())
                wrong.append(f"{name}: {error}")
        self._close_unused(old)
        try:
            await self._team.reload()
        except ControlError as error:
            wrong.append(str(error))
        self._log.info("configuration_adopted")
        if wrong:
            raise ControlError("; ".join(wrong))
        return waiting

    async def _change_service(self, name: str, old: Config, new: Config) -> None:
        was_on, is_on = old.services[name].enabled, new.services[name].enabled
        if name in self._running and was_on and not is_on:
            await self._stop(name)
        elif name in self._running and self._made_anew(name, old, new):
            await self._stop(name, keep=True)
            await self._start(name)
        elif name in self._running:
            await self._running[name].adopt(self._listeners_of(name))
        elif is_on and not was_on and name in self._loaders:
            await self._start(name)

    def _made_anew(self, name: str, old: Config, new: Config) -> bool:
        """Whether a service must be made again; its limits and rules are the gates' affair."""
        gates = {"allow_rules": (), "deny_rules": (), "enabled": True} | _no_limits()
        before, after = (config.services[name].model_copy(update=gates) for config in (old, new))
        return before != after or any(getattr(old, part) != getattr(new, part) for part in READS.get(name, ()))

    def _close_unused(self, old: Config) -> None:
        used = {(each.address, each.port) for running in self._running.values() for each in running.listeners}
        for listener in old.listeners:
            if (listener.address, listener.port) not in used:
                self._sockets.close(listener)

    def _warn_of_restart(self, old: Config, new: Config) -> tuple[str, ...]:
        waiting = tuple(part for part in NEEDS_RESTART if getattr(old, part) != getattr(new, part))
        for part in waiting:
            self._log.warning("needs_restart", section=part)
        return waiting


def _no_limits() -> dict[str, Any]:
    names = ("max_connections", "max_interval_connections", "peer_max_connections", "peer_max_interval_connections")
    return {**dict.fromkeys(names, 0), "time_interval": 60, "peer_time_interval": 60}

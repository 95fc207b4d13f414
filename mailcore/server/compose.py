"""Makes a server: each object of a process once, in the order in which they need each other.

1. The data folder is claimed before anything in it is touched, so a second server changes nothing.
2. Ports are open before root is given up; nothing is written into the data folder before that, but the claim.
3. What was opened is closed in the opposite order, however the server ends.
"""

from __future__ import annotations

import asyncio
import os
import pwd
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager, nullcontext
from dataclasses import asdict
from typing import Any, cast, get_args

from groupware.model.errors import TryAgain
from groupware.store.objects import Objects
from mailcore.server import log
from mailcore.server.app import Loaders, Server, say_ready, wanted
from mailcore.server.claims import Claims, LocalClaims
from mailcore.server.config import Config, ConfigError
from mailcore.server.config_checks import name_server
from mailcore.server.control import ControlError, Verb, claim
from mailcore.server.counters import Counters, Scope
from mailcore.server.crew import Crew
from mailcore.server.dns import DnsError, DnsSettings, NameServer, Resolver
from mailcore.server.dns_wire import QueryType
from mailcore.server.listener import Sockets
from mailcore.server.log_setup import Logging, checked
from mailcore.server.metrics import metrics
from mailcore.server.parts import Parts, installed_factories
from mailcore.server.privileges import become
from mailcore.server.rates import LocalRates, Rates
from mailcore.server.seats import AtWork, LocalSeats, Seats
from mailcore.server.storage import Storage, misplaced, open_storage, site_secret
from mailcore.server.system_use import watch_system
from mailcore.server.tasks import Supervisor
from mailcore.server.team import Workers
from mailcore.server.usage import watch_usage


def _probe(config: Config, objects: Objects) -> None:
    """ConfigError when large bodies cannot be kept as it is set; a line in the log when they cannot just now."""
    try:
        objects.probe()
    except ValueError as error:
        raise misplaced(config, error) from None
    except TryAgain as error:
        log.get("SERVER").warning("blob_store_silent", error=str(error))


def resolver(config: Config, count: Callable[[str], None] = lambda counter: None) -> Resolver:
    """The resolver that the section `dnr` wants. ConfigError."""
    section = config.dnr
    try:
        servers = tuple(
            NameServer(each.priority, *name_server(each.address), each.timeout, each.retries, each.validating)
            for each in section.server
        )
        settings = DnsSettings(
            section.timeout, section.retries, section.cache_size, servers, validating=section.validating
        )
        return Resolver(settings, count)
    except ValueError as error:
        raise ConfigError([f"{config.path or 'the configuration'}: dnr: {error}"]) from None


# --- a server, from its claim to its end


@contextmanager
def claimed(config: Config, loaders: Loaders) -> Iterator[Sockets]:
    """The data folder is ours and the ports are open, as the user that the server shall be. CannotListen, DataInUse."""
    config.data.mkdir(mode=0o750, parents=True, exist_ok=True)
    sockets = Sockets()
    with claim(config.data):
        try:
            sockets.ensure(wanted(config, loaders))
            _hand_over(config)
            yield sockets
        finally:
            sockets.close_all()


def _hand_over(config: Config) -> None:
    """Give up root, where `run_as` says for whom; what root made in the data folder goes to that user. NoSuchUser."""
    user = config.server.run_as
    if user and os.geteuid() == 0:
        try:
            entry = pwd.getpwnam(user)
        except KeyError:
            become(user)  # says what is wrong
            raise
        run = config.data / "run"
        for path in (config.data, run, *run.iterdir()):
            if path.stat().st_uid == 0:
                os.chown(path, entry.pw_uid, entry.pw_gid)
    become(user)


async def serve(
    config: Config, reload: Callable[[], Config], announce: Callable[[], None] = say_ready, crew: Crew | None = None
) -> None:
    """A server of this configuration, until SIGTERM. ConfigError, CannotListen, DataInUse, GroupwareError.

    With a crew it leads worker processes; ControlError when these do not start.
    """
    async with AsyncExitStack() as undo:
        undo.enter_context(crew or nullcontext())
        loaders = dict(installed_factories())
        loaders["log"] = lambda: logging.service
        sockets = undo.enter_context(claimed(config, loaders))
        logging = Logging(config)
        undo.callback(logging.stop)
        counters = Counters()
        count_as_wanted(counters, config)
        dns = resolver(config, counters.add)
        storage = await open_storage(config, tell=crew.siblings.tell if crew is not None else None)
        undo.push_async_callback(storage.close)
        await asyncio.to_thread(_probe, config, storage.objects)
        storage.start(await undo.enter_async_context(Supervisor(log.get("SERVER"))))
        led = undo.enter_context(crew.led(config, storage.bus, logging, counters)) if crew is not None else None
        watch_system(counters, config.data, led.workers.use if led is not None else lambda gauge: 0)
        watch_usage(counters, storage.store)
        metrics.add(counters)
        shared = (led.seats, led.rates, led.claims) if led is not None else (LocalSeats(), LocalRates(), LocalClaims())
        parts = make_parts(config, storage, counters, dns, *shared)
        undo.push_async_callback(parts.directory.close)
        server = Server(
            config,
            parts,
            reload=lambda: checked_config(reload()),
            adopted=lambda new: adopt(new, logging, counters),
            loaders=loaders,
            sockets=sockets,
            verbs=_verbs(config, dns, logging, counters, led.workers if led is not None else None),
            announce=announce,
            members=led.members if led is not None else None,
        )
        await server.run(claimed=True)


def checked_config(config: Config) -> Config:
    """The configuration, if its log and its resolver can be used too. ConfigError."""
    checked(config)
    resolver(config)
    return config


def make_parts(
    config: Config, storage: Storage, counters: Counters, dns: Resolver, seats: Seats, rates: Rates, claims: Claims
) -> Parts:
    """The objects of this process. ConfigError when the site's secret is of no use."""
    from groupware.directory.sql import SqlDirectory

    secret = site_secret(config)
    return Parts(
        log=log.get,
        store=storage.store,
        blobs=storage.blobs,
        bus=storage.bus,
        directory=SqlDirectory(storage.store, primary_domain=config.server.primary_domain, site=secret),
        counters=counters,
        dns=dns,
        secret=secret,
        at_work=AtWork(seats),
        seats=seats,
        rates=rates,
        claims=claims,
    )


def adopt(config: Config, logging: Logging, counters: Counters) -> None:
    """Let log and counters go on as another configuration says."""
    logging.adopt(config)
    count_as_wanted(counters, config)


def count_as_wanted(counters: Counters, config: Config) -> None:
    """Let the counters count for whom the configuration wants it."""
    section = config.counters
    counters.collect_for(domains=section.domains, accounts=section.accounts, labelled=section.measure_accounts)


def _verbs(
    config: Config, dns: Resolver, logging: Logging, counters: Counters, workers: Workers | None
) -> Mapping[str, Verb]:
    """What other processes may ask besides the services: where the data is, the resolver, the log, the counters."""

    async def where(asked: Mapping[str, Any]) -> object:
        return {
            "config": str(config.path.absolute()) if config.path else "",
            "database_url": config.database_url,
            "port_base": config.port_base,
        }

    async def query(asked: Mapping[str, Any]) -> object:
        kind = str(asked.get("type", "A")).upper()
        if kind not in get_args(QueryType):
            raise ControlError(f"{kind}: the resolver asks for {', '.join(get_args(QueryType))}")
        try:
            return asdict(await dns.query(str(asked.get("name", "")), cast(QueryType, kind)))
        except DnsError as error:
            raise ControlError(str(error)) from None

    async def flush(asked: Mapping[str, Any]) -> object:
        if workers is not None:
            await workers.everywhere("dns.flush")
        return dns.flush()

    async def level(asked: Mapping[str, Any]) -> object:
        service, levels = str(asked.get("service", "")), int(asked.get("level", -1))
        logging.set_level(service, levels)
        if workers is not None:
            await workers.everywhere("log.level", service=service, level=levels)
        return None

    told = {"counters": _counted(counters)}
    return {"server.where": where, "dns.query": query, "dns.flush": flush, "log.level": level, **told}


def _counted(counters: Counters) -> Verb:
    async def counted(asked: Mapping[str, Any]) -> object:
        scope = asked.get("scope", "server")
        if scope not in get_args(Scope):
            raise ControlError(f"{scope!r} is no scope of counters; there are {', '.join(get_args(Scope))}")
        found = await asyncio.to_thread(counters.now, cast(Scope, scope), str(asked.get("name", "")))
        return [asdict(each) for each in found]

    return counted

"""The service of FTP backup: the doors that every service has, and a thread for each session, for pyftpdlib."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from contextvars import copy_context
from typing import TYPE_CHECKING, Final

from mailcore.server import log
from mailcore.server.dialogue import Peer
from mailcore.server.gate import Admission
from mailcore.server.later import Later
from mailcore.server.parts import Parts, ServiceSetup
from mailcore.server.proxied import take_header
from mailcore.server.proxy import ProxyError
from mailcore.server.rules import address
from mailcore.server.service import ACCEPT_AT_ONCE, ARRIVING_MAX, Door
from mailcore.server.signin import desk

if TYPE_CHECKING:
    from mailcore.ftp.hall import Hall

MODULE: Final = "FTP-BACKUP"
SESSIONS_MAX: Final = 20
FORCED_SECONDS: Final = 5.0
"""A session looks every half second whether it is over."""
FULL: Final = b"421 Too many connections; try again later.\r\n"
REFUSED: Final = b"421 You may not connect here.\r\n"
_sessions = itertools.count(secrets.randbits(31))


def _hall() -> type[Hall]:
    from mailcore.ftp.hall import Hall

    return Hall


HALL: Final = Later(_hall)
"""All of it that speaks FTP, which few ever do: pyftpdlib is slow to import."""


class FtpService:
    """Accepts, and gives each session a thread."""

    def __init__(self, parts: Parts, setup: ServiceSetup) -> None:
        self._parts, self._setup = parts, setup
        self._log = parts.log(MODULE)
        self._places = min(setup.section.max_conn_threads, SESSIONS_MAX)
        self._threads = ThreadPoolExecutor(self._places, "ftp")
        self._open: set[asyncio.Task[None]] = set()
        self._talking = 0
        self._stopping, self._force = threading.Event(), threading.Event()
        self._signing = desk(parts, setup, "ftp_backup", "FTP", MODULE, brief=True)
        self._spool = setup.config.data / "spool"

    @property
    def name(self) -> str:
        """The service's name."""
        return self._setup.name

    @property
    def connections(self) -> int:
        """Connections open now."""
        return len(self._open)

    async def serve(self, door: Door) -> None:
        """Accept at the door until cancelled."""
        loop = asyncio.get_running_loop()
        failed: asyncio.Future[None] = loop.create_future()
        with ExitStack() as undo:
            for each in door.sockets:
                listening = undo.enter_context(each.dup())
                listening.setblocking(False)
                loop.add_reader(listening.fileno(), self._accept, door, listening, failed)
                undo.callback(loop.remove_reader, listening.fileno())
            await failed

    async def drain(self, grace: float) -> None:
        """Let transfers finish within `grace` seconds, then hang up on everybody."""
        self._stopping.set()
        if self._open:
            await asyncio.wait(set(self._open), timeout=grace)
        self._force.set()
        if self._open:
            await asyncio.wait(set(self._open), timeout=FORCED_SECONDS)
        for task in self._open:
            task.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _accept(self, door: Door, listening: socket.socket, failed: asyncio.Future[None]) -> None:
        try:
            for _ in range(ACCEPT_AT_ONCE):
                accepted, where = listening.accept()
                accepted.setblocking(False)
                if self._stopping.is_set() or len(self._open) >= ARRIVING_MAX:
                    accepted.close()
                    continue
                task = asyncio.get_running_loop().create_task(self._run(door, accepted, Peer(*where[:2])))
                self._open.add(task)
                task.add_done_callback(self._open.discard)
        except (BlockingIOError, ConnectionError):
            return
        except Exception as error:
            if not failed.done():
                failed.set_exception(error)

    async def _run(self, door: Door, accepted: socket.socket, peer: Peer) -> None:
        """One connection, from its first octet to its end."""
        session_id = f"{next(_sessions) & 0xFFFFFFFF:08X}"
        admission = None
        with log.session(session_id, peer.ip), accepted:
            try:
                peer, proxied_tls = await self._arrive(door, accepted, peer)
                log.seen_from(peer.ip)
                entered = door.gate.enter(peer.ip)
                if not isinstance(entered, Admission):
                    self._log.warning("refused", peer=peer.ip, kind=entered.kind, why=entered.text)
                    _say(accepted, FULL if entered.kind == "limit" else REFUSED)
                    return
                admission = entered
                await HALL.get()
                if self._talking >= self._places:
                    _say(accepted, FULL)
                    return
                await self._converse(self._hall(door, peer, proxied_tls), accepted)
            except (ProxyError, OSError) as error:
                self._log.info("connection_lost", peer=peer.ip, why=str(error))
            finally:
                if admission is not None:
                    admission.leave()

    async def _arrive(self, door: Door, accepted: socket.socket, peer: Peer) -> tuple[Peer, bool]:
        """Who it is behind a proxy, and whether that has ended TLS. ProxyError."""
        policy = door.listener.proxy
        if policy is None:
            return peer, False
        if address(peer.ip) not in policy.trusted:
            if policy.optional:
                return peer, False
            raise ProxyError("connections come through the trusted proxies only")
        header = await take_header(accepted, policy)
        if header is None or header.source is None:
            return peer, False
        return Peer(str(header.source.address), header.source.port), header.tls

    def _hall(self, door: Door, peer: Peer, proxied_tls: bool) -> Hall:
        section, own = self._setup.section, self._setup.config.ftp_backup
        first, last = own.passive_port_first, own.passive_port_last
        return HALL.now()(
            parts=self._parts,
            loop=asyncio.get_running_loop(),
            log=self._log,
            listener=door.listener,
            gate=door.gate,
            peer=peer,
            context=door.tls,
            signing=self._signing,
            spool=self._spool,
            banner=section.greetings_text or f"Postroom FTP backup on {self._setup.config.host} ready",
            passive_ports=range(first, last + 1) if first else None,
            passive_address=own.passive_address,
            most_failures=section.max_auth_errors or 1_000_000,
            proxied_tls=proxied_tls,
        )

    async def _converse(self, hall: Hall, accepted: socket.socket) -> None:
        """A session in its thread."""
        self._spool.mkdir(mode=0o700, exist_ok=True)
        self._log.info("connected", peer=hall.peer.ip, listener=hall.listener.name)
        self._talking += 1
        try:
            await hall.loop.run_in_executor(self._threads, copy_context().run, self._talk, hall, accepted.dup())
        finally:
            self._talking -= 1
            hall.signin.closed()
            self._log.info("session_ended", user=hall.desk.who.name if hall.desk is not None else "")

    def _talk(self, hall: Hall, sock: socket.socket) -> None:
        """In the thread of the session."""
        hall.talk(sock, self._stopping, self._force)


def ftp_backup(parts: Parts, setup: ServiceSetup) -> FtpService:
    """The service. Its listeners say whether TLS comes first, and whether passwords may come without."""
    return FtpService(parts, setup)


def _say(accepted: socket.socket, words: bytes) -> None:
    try:
        accepted.send(words)
    except OSError:
        return

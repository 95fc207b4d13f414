"""The service of FTP backup: the doors that every service has, and a thread for each session, for pyftpdlib."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import socket
import threading
import traceback
from collections.abc import Coroutine
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import ExitStack
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from pyftpdlib.exceptions import AuthenticationFailed  # type: ignore[import-untyped]
from pyftpdlib.ioloop import IOLoop  # type: ignore[import-untyped]

from groupware.model.errors import BadCredentials, GroupwareError
from groupware.model.principal import Gone, Principal
from groupware.store.api import ReadTx
from mailcore.ftp.channels import Context, Control
from mailcore.ftp.desk import Desk
from mailcore.ftp.files import Files
from mailcore.server import log
from mailcore.server.dialogue import Peer, TlsInfo
from mailcore.server.events import EventLog
from mailcore.server.gate import Admission, Gate
from mailcore.server.listener import Listener
from mailcore.server.parts import Parts, ServiceSetup
from mailcore.server.proxied import take_header
from mailcore.server.proxy import ProxyError
from mailcore.server.rules import address
from mailcore.server.service import ACCEPT_AT_ONCE, ARRIVING_MAX, Door
from mailcore.server.signin import Desk as SignInDesk
from mailcore.server.signin import Rejected, SignIn, desk
from mailcore.server.stay import WORDS

MODULE: Final = "FTP-BACKUP"
POLL_SECONDS: Final = 0.5
SESSIONS_MAX: Final = 20
PERMISSIONS: Final = "elrwmM"  # as pyftpdlib has them
FULL: Final = b"421 Too many connections; try again later.\r\n"
REFUSED: Final = b"421 You may not connect here.\r\n"
STOPPING: Final = "421 The server is stopping."
_sessions = itertools.count(secrets.randbits(31))


@dataclass(slots=True)
class Hall:
    """What stands behind one session: who it is, and all that pyftpdlib asks of a server, an authorizer and a log."""

    parts: Parts
    loop: asyncio.AbstractEventLoop
    log: EventLog
    listener: Listener
    gate: Gate
    peer: Peer
    context: Context
    signing: SignInDesk
    spool: Path
    banner: str
    passive_ports: range | None
    passive_address: str
    most_failures: int
    proxied_tls: bool = False
    tls: TlsInfo | None = None
    files: type[Files] = Files
    desk: Desk | None = None
    leaving: Gone | None = None
    """Why who has signed in may not stay."""
    signin: SignIn = field(init=False)
    family: socket.AddressFamily = socket.AF_INET
    ip_map: list[str] = field(default_factory=list)
    backlog: int = 5

    def __post_init__(self) -> None:
        self.signin = SignIn(self.signing, self)

    @property
    def secure(self) -> bool:
        """Whether nobody listens on the way."""
        return self.tls is not None or self.proxied_tls

    @property
    def offers_tls(self) -> bool:
        """Whether TLS may begin, or has begun, here."""
        return self.listener.tls != "none" and self.context() is not None

    @property
    def idle(self) -> float:
        """Seconds of silence after which a session ends."""
        return self.listener.idle

    @property
    def handshake(self) -> float:
        """Seconds that a handshake may take."""
        return self.listener.handshake

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """What comes of it on the event loop, in this session's thread."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def dismiss(self, why: Gone) -> None:
        """The session ends behind the transfer that is at work; its thread looks every half second."""
        self.leaving = why

    def crashed(self) -> None:
        """A bug is in the log; a peer that broke off is not worth it."""
        said = traceback.format_exc()
        self.log.error("session_crashed", error=said.strip().rpartition("\n")[2], traceback=said)

    # --- what pyftpdlib calls

    @property
    def socket(self) -> Hall:
        """What stands for a listening socket: whatever its family, one for a transfer has that of the session."""
        return self

    def _accept_new_cons(self) -> bool:
        return True

    def validate_authentication(self, name: str, password: str, handler: object) -> None:
        """Signs in, if this is somebody who administers something. AuthenticationFailed."""
        try:
            who: Principal = self.run(self.signin.password(name, password))
        except (BadCredentials, Rejected) as error:
            raise AuthenticationFailed(str(error)) from None
        except GroupwareError as error:
            raise AuthenticationFailed(f"try again later: {error}") from None
        if not self.run(self.parts.store.read(who, _administers_something)):
            self.signin.who = None
            self.loop.call_soon_threadsafe(self.signin.released)
            self.log.warning("administers_nothing", user=who.name)
            raise AuthenticationFailed(f"{who.name} administers nothing here.")
        self.desk = Desk(self.parts.store, self.parts.blobs, replace(who, client="ftp_backup"), self.run)

    def get_home_dir(self, name: str) -> str:
        """Everybody begins at the root."""
        return "/"

    def get_msg_login(self, name: str) -> str:
        """The words of welcome."""
        return "Welcome."

    def get_msg_quit(self, name: str) -> str:
        """The last words."""
        return "Goodbye."

    def get_perms(self, name: str) -> str:
        """Look, take, put back, make directories; nothing is deleted or renamed."""
        return PERMISSIONS

    def has_perm(self, name: str, perm: str, path: str | None = None) -> bool:
        """The store decides; here is only what the service can do."""
        return perm in PERMISSIONS

    def impersonate_user(self, name: str, password: str) -> None:
        """There is no other user of the machine."""

    def terminate_impersonation(self, name: str) -> None:
        """There was none."""


def _administers_something(tx: ReadTx) -> bool:
    return tx.administers() or bool(tx.administered())


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
            await asyncio.wait(set(self._open), timeout=10 * POLL_SECONDS)
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
        return Hall(
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

    # --- in the thread of the session

    def _talk(self, hall: Hall, sock: socket.socket) -> None:
        sock.setblocking(False)
        ioloop = IOLoop()
        try:
            control = Control(sock, hall, ioloop)
            if hall.listener.tls == "implicit" and (context := hall.context()) is not None:
                control.secure(context)
            if not control._closed:
                control.handle()
            while ioloop.socket_map and not self._over(control, hall):
                ioloop.loop(timeout=POLL_SECONDS, blocking=False)
            if not control._closed:
                control.respond(f"421 {WORDS[hall.leaving]}" if hall.leaving is not None else STOPPING)
        except CancelledError:
            self._log.info("connection_lost", peer=hall.peer.ip, why="the server is stopping")
        except Exception:
            hall.crashed()
        finally:
            ioloop.close()
            sock.close()

    def _over(self, control: Control, hall: Hall) -> bool:
        """Whether the session has to end now: it waits for a transfer, but not for ever when the service stops."""
        if self._force.is_set():
            return True
        return (self._stopping.is_set() or hall.leaving is not None) and getattr(control, "data_channel", None) is None


def ftp_backup(parts: Parts, setup: ServiceSetup) -> FtpService:
    """The service. Its listeners say whether TLS comes first, and whether passwords may come without."""
    return FtpService(parts, setup)


def _say(accepted: socket.socket, words: bytes) -> None:
    try:
        accepted.send(words)
    except OSError:
        return

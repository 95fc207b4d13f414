"""One session of FTP backup: what stands behind it, and the thread in which pyftpdlib runs it."""

from __future__ import annotations

import asyncio
import socket
import threading
import traceback
from collections.abc import Coroutine
from concurrent.futures import CancelledError
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
from mailcore.server.dialogue import Peer, TlsInfo
from mailcore.server.events import EventLog
from mailcore.server.gate import Gate
from mailcore.server.listener import Listener
from mailcore.server.parts import Parts
from mailcore.server.signin import Desk as SignInDesk
from mailcore.server.signin import Rejected, SignIn
from mailcore.server.stay import WORDS

POLL_SECONDS: Final = 0.5
PERMISSIONS: Final = "elrwmM"  # as pyftpdlib has them
STOPPING: Final = "421 The server is stopping."


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

    def talk(self, sock: socket.socket, stopping: threading.Event, force: threading.Event) -> None:
        """A session, in its thread, until one of both ends it or the service does: `stopping` waits for a transfer."""
        sock.setblocking(False)
        ioloop = IOLoop()
        try:
            control = Control(sock, self, ioloop)
            if self.listener.tls == "implicit" and (context := self.context()) is not None:
                control.secure(context)
            if not control._closed:
                control.handle()
            while ioloop.socket_map and not _over(control, self, stopping, force):
                ioloop.loop(timeout=POLL_SECONDS, blocking=False)
            if not control._closed:
                control.respond(f"421 {WORDS[self.leaving]}" if self.leaving is not None else STOPPING)
        except CancelledError:
            self.log.info("connection_lost", peer=self.peer.ip, why="the server is stopping")
        except Exception:
            self.crashed()
        finally:
            ioloop.close()
            sock.close()

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


def _over(control: Control, hall: Hall, stopping: threading.Event, force: threading.Event) -> bool:
    """Whether the session has to end now: it waits for a transfer, but not for ever when the service stops."""
    if force.is_set():
        return True
    return (stopping.is_set() or hall.leaving is not None) and getattr(control, "data_channel", None) is None

"""The channels of pyftpdlib with what they lack here: the server's own TLS, and transfers that count when stored.

1. An upload is answered 226 behind the COMMIT that put it back; what breaks off changes nothing.
2. What came before TLS is not read behind it.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable
from contextlib import suppress
from socket import SO_ERROR, SOL_SOCKET
from threading import Lock
from typing import Any, ClassVar, Final

import pyftpdlib.ioloop  # type: ignore[import-untyped]  # noqa: F401 - first: it imports asyncore, and keeps it quiet
from pyftpdlib.exceptions import _RetryError  # type: ignore[import-untyped]
from pyftpdlib.handlers.ftp.control import FTPHandler, proto_cmds  # type: ignore[import-untyped]
from pyftpdlib.handlers.ftp.data import DTPHandler  # type: ignore[import-untyped]
from pyftpdlib.handlers.ftp.dispatchers import PassiveDTP  # type: ignore[import-untyped]

from mailcore.server.tls import described, handshake_error

SHUTDOWN_SECONDS: Final = 5.0
STRANGER_SECONDS: Final = 60.0  # of silence before somebody has signed in: a session holds a thread
_NOT_HERE: Final = ("APPE", "STOU", "PORT", "EPRT", "MFMT", "REIN")
_TLS_COMMANDS: Final = {
    name: {"perm": None, "auth": False, "arg": True, "help": f"Syntax: {name} <SP> {takes}."}
    for name, takes in (("AUTH", "TLS"), ("PBSZ", "0"), ("PROT", "P|C"))
}
logging.getLogger("pyftpdlib").addHandler(logging.NullHandler())
logging.getLogger("pyftpdlib").propagate = False  # what it has to say is in the server's own log

Context = Callable[[], ssl.SSLContext | None]


class Secure:
    """TLS for a channel. A handshake holds up this session alone, which has a thread of its own."""

    socket: Any

    def begin_tls(self, context: ssl.SSLContext, seconds: float) -> None:
        """Shake hands. OSError."""
        self.socket.settimeout(seconds)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.socket.setblocking(False)

    def end_tls(self) -> None:
        """Tell the peer that no more comes."""
        if isinstance(self.socket, ssl.SSLSocket):
            with suppress(OSError, ValueError):
                try:
                    self.socket.unwrap()
                except ssl.SSLWantWriteError:
                    self.socket.settimeout(SHUTDOWN_SECONDS)
                    self.socket.unwrap()

    def send(self, data: Any) -> int:
        """How much was taken."""
        try:
            return int(super().send(data))  # type: ignore[misc]
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return 0

    def recv(self, size: int) -> bytes:
        """What has come."""
        try:
            return bytes(super().recv(size))  # type: ignore[misc]
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as error:
            raise _RetryError from error


class Data(Secure, DTPHandler):  # type: ignore[misc]
    """The channel of one transfer."""

    def __init__(self, sock: Any, control: Any) -> None:
        self.shaking = False
        super().__init__(sock, control)
        if self._closed:
            control.transfer_lost()
        elif control.private:
            self._begin(control.hall.context())

    def use_sendfile(self) -> bool:
        """There are no files."""
        return False

    # --- the handshake goes on beside the dialogue: some clients wait for the answer 150 with it, some do not

    def _begin(self, context: ssl.SSLContext | None) -> None:
        if context is None:
            self._broken("there is no certificate")
            return
        self.socket = _untold(context, self.socket)
        self.shaking = True

    def _shake(self) -> None:
        try:
            self.socket.do_handshake()
        except ssl.SSLWantReadError:
            self.ioloop.modify(self._fileno, self.ioloop.READ)
        except ssl.SSLWantWriteError:
            self.ioloop.modify(self._fileno, self.ioloop.WRITE)
        except OSError as error:
            self._broken(handshake_error(error))
        else:
            self.shaking = False
            self.ioloop.modify(self._fileno, self._wanted_io_events)

    def _broken(self, why: str) -> None:
        self._resp = (f"522 TLS failed: {why}.", logging.debug)
        self.close()

    def modify_ioloop_events(self, events: int, logdebug: bool = False) -> None:
        """What is waited for; behind the handshake."""
        if not self.shaking:
            super().modify_ioloop_events(events, logdebug)

    def initiate_send(self) -> None:
        """Send; behind the handshake."""
        if not self.shaking:
            super().initiate_send()

    def readable(self) -> bool:
        """Whether what comes is wanted."""
        return self.shaking or bool(super().readable())

    def writable(self) -> bool:
        """Whether there is something to send."""
        return self.shaking or bool(super().writable())

    def handle_read_event(self) -> None:
        """Something has come."""
        if self.shaking:
            self._shake()
        else:
            self.handle_read()

    def handle_write_event(self) -> None:
        """The peer takes more."""
        if self.shaking:
            self._shake()
        else:
            super().handle_write_event()

    # --- what comes in

    def recv(self, size: int) -> bytes:
        """What has come; a connection that breaks is no end of a file, nor is one that TLS does not confirm."""
        try:
            data = bytes(self.socket.recv(size))
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError) as error:
            raise _RetryError from error
        except OSError:
            self._cut_off()
            return b""
        if not data:
            self.handle_close()
        return data

    def _cut_off(self) -> None:
        self._resp = ("426 The connection broke; nothing was put back.", logging.debug)
        self.close()

    def handle_close(self) -> None:
        """The peer has closed: what came in is put back now, and answered behind that."""
        if self._closed or not self.receive or self.file_obj is None:
            super().handle_close()
            return
        if self.socket.getsockopt(SOL_SOCKET, SO_ERROR):
            self._cut_off()
            return
        reply = self.file_obj.commit()
        self.transfer_finished = reply.startswith("226")
        self._resp = (reply, logging.debug)
        self.close()

    def close(self) -> None:
        """Close the channel and the file."""
        if not self._closed:
            self.end_tls()
        super().close()


_tickets: Final = Lock()


def _untold(context: ssl.SSLContext, plain: Any) -> ssl.SSLSocket:
    """TLS for a transfer, without session tickets: a client that uploads reads nothing, and closing a connection with
    something unread drops what was still to be sent. Whoever shakes hands meanwhile goes without tickets, too.
    """
    with _tickets:
        usual, context.num_tickets = context.num_tickets, 0
        try:
            return context.wrap_socket(
                plain, server_side=True, do_handshake_on_connect=False, suppress_ragged_eofs=False
            )
        finally:
            context.num_tickets = usual


class Passive(PassiveDTP):  # type: ignore[misc]
    """A port where a client is waited for; where ports are named, one of them and no other."""

    def bind(self, where: tuple[str, int]) -> None:
        """Take the port. OSError."""
        if where[1] == 0 and self.cmd_channel.passive_ports is not None:
            raise OSError("every port for transfers is in use")
        super().bind(where)


class Control(Secure, FTPHandler):  # type: ignore[misc]
    """The channel of commands of one session; `hall` is what stands behind it."""

    dtp_handler = Data
    use_sendfile = False
    auth_failed_timeout = 0  # the pause after a failure is the sign-in's
    passive_dtp = Passive
    proto_cmds: ClassVar[dict[str, Any]] = {
        name: what for name, what in {**proto_cmds, **_TLS_COMMANDS}.items() if name not in _NOT_HERE
    }

    def __init__(self, sock: Any, hall: Any, ioloop: Any) -> None:
        self.hall, self.private, self._buffered = hall, False, False
        self._idler: Any = None
        self._in_dtp_queue: Any = None
        self._out_dtp_queue: Any = None
        self.authorizer = hall
        self.abstracted_fs = hall.files
        self.timeout = min(hall.idle or STRANGER_SECONDS, STRANGER_SECONDS)
        self.banner, self.passive_ports = hall.banner, hall.passive_ports
        self.masquerade_address = hall.passive_address or None
        self.max_login_attempts = hall.most_failures
        super().__init__(sock, hall, ioloop)
        for facts in (self._current_facts, self._available_facts):
            facts[:] = [each for each in facts if each in ("type", "perm", "size", "modify")]
        if hall.offers_tls:
            self._extra_feats = ["AUTH TLS", "PBSZ", "PROT"]

    def on_login(self, username: str) -> None:
        """Whoever is known may be silent for longer."""
        self._idler.cancel()
        if self.hall.idle:
            self._idler = self.ioloop.call_later(self.hall.idle, self.handle_timeout, _errback=self.handle_error)

    # --- TLS

    def ftp_AUTH(self, line: str) -> None:
        """Begin TLS; the client's name is asked anew behind it. RFC 4217 §4."""
        context = self.hall.context() if self.hall.offers_tls else None
        if context is None or isinstance(self.socket, ssl.SSLSocket):
            self.respond("503 TLS cannot begin here.")
        elif line.upper() not in ("TLS", "TLS-C"):
            self.respond("504 There is TLS.")
        else:
            self.respond("234 Begin TLS.")
            self.ac_in_buffer = b""
            self.flush_account()
            self.secure(context)

    def secure(self, context: ssl.SSLContext) -> None:
        """Shake hands, or hang up."""
        try:
            self.begin_tls(context, self.hall.handshake)
        except OSError as error:
            self.hall.log.info("tls_failed", why=handshake_error(error))
            self.close()
        else:
            self.hall.tls = described(self.socket)

    def ftp_PBSZ(self, line: str) -> None:
        """There is nothing to agree on. RFC 4217 §8."""
        self._buffered = isinstance(self.socket, ssl.SSLSocket)
        self.respond("200 PBSZ=0" if self._buffered else "503 AUTH TLS comes first.")

    def ftp_PROT(self, line: str) -> None:
        """Whether transfers are private. RFC 4217 §9."""
        level = line.upper()
        if not self._buffered:
            self.respond("503 PBSZ comes first.")
        elif level not in ("P", "C"):
            self.respond("536 There are P and C.")
        else:
            self.private = level == "P"
            self.respond("200 Transfers are private." if self.private else "200 Transfers are in the clear.")

    # --- transfers

    def _make_epasv(self, extmode: bool = False) -> None:
        """Wait for the client at a port."""
        try:
            super()._make_epasv(extmode)
        except OSError as error:
            self._dtp_acceptor = None
            self.respond(f"425 No port for a transfer: {error}.")

    def transfer_lost(self) -> None:
        """The client has broken its connection before the transfer could begin."""
        coming, going = self._in_dtp_queue, self._out_dtp_queue
        self._in_dtp_queue = self._out_dtp_queue = None
        for file in (coming and coming[0], going and going[2]):
            if file is not None:
                file.close()
        if coming or going:
            self.respond("426 The connection broke; nothing was put back.")

    def ftp_RETR(self, file: str) -> Any:
        """A file, as octets alone."""
        return super().ftp_RETR(file) if self._octets() else None

    def ftp_STOR(self, file: str, mode: str = "w") -> Any:
        """A file that comes back, as octets alone."""
        return super().ftp_STOR(file, mode) if self._octets() else None

    def _octets(self) -> bool:
        if self._current_type != "i":
            self.respond("550 Files are octets: TYPE I first.")
        return bool(self._current_type == "i")

    # --- the log

    def log(self, msg: str, logfun: object = None) -> None:
        """Nothing: what happens is in the server's log."""

    def logline(self, msg: str, logfun: object = None) -> None:
        """Nothing."""

    def log_cmd(self, cmd: str, arg: str, respcode: int, respstr: str) -> None:
        """What was changed, or refused."""
        if cmd in ("MKD", "XMKD") or (cmd in ("RETR", "STOR", "CWD") and respcode >= 400):
            self.hall.log.info("command", user=self.username, command=cmd, path=str(arg)[:200], answer=respcode)

    def log_transfer(self, cmd: str, filename: str, receive: bool, completed: bool, elapsed: float, bytes: int) -> None:
        """One line for each transfer."""
        self.hall.log.info(
            "transfer", user=self.username, command=cmd, path=filename[:200], octets=bytes, completed=completed
        )

    def log_exception(self, instance: object) -> None:
        """A bug, or a peer that broke off."""
        self.hall.crashed()

    def close(self) -> None:
        """Hang up."""
        if not self._closed:
            self.end_tls()
        super().close()

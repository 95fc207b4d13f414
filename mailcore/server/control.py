"""The control socket: how another process on this machine talks to the running server.

One JSON object a line, each way. Asked: `{"do": "service.stop", "name": "imap"}`. Answered: `{"ok": true, "result": …}`
or `{"ok": false, "error": "…"}`. The socket is the server's user's alone (mode 0600, in a folder of mode 0700).
"""

import asyncio
import contextlib
import fcntl
import json
import os
import socket
import stat
import traceback
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from mailcore.server.events import EventLog

LINE_MAX: Final = 1 << 20
ASK_SECONDS: Final = 30.0  # a client that has connected and asks nothing
ANSWER_SECONDS: Final = 300.0  # a stop waits for commands to finish
_PATH_MAX: Final = 100  # a Unix socket's path has at most 108 octets

Verb = Callable[[Mapping[str, Any]], Awaitable[object]]


class ControlError(Exception):
    """The request cannot be done; the text is for the one who asked."""


class NotRunning(ControlError):
    """No server runs on this data folder."""


class DataInUse(Exception):
    """Another server runs on this data folder."""


@contextlib.contextmanager
def claim(data: Path) -> Iterator[None]:
    """Own the data folder while inside. DataInUse names the process that does."""
    folder = _run_folder(data)
    with (folder / "server.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise DataInUse(f"{data}: a server runs here already, as process {file.read().strip() or '?'}") from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
        file.truncate(0)


class Control:
    """Answers requests with `verbs`."""

    __slots__ = ("_listening", "_log", "_path", "_verbs")

    def __init__(self, data: Path, verbs: Mapping[str, Verb], log: EventLog) -> None:
        """Opens the socket; a socket that a killed server has left behind is replaced. OSError."""
        self._verbs, self._log = verbs, log
        self._path = _run_folder(data) / "control.sock"
        self._path.unlink(missing_ok=True)
        self._listening = socket.socket(socket.AF_UNIX)
        before = os.umask(0o177)
        try:
            with _short(self._path) as path:
                self._listening.bind(path)
        finally:
            os.umask(before)
        self._listening.listen()
        self._listening.setblocking(False)

    async def serve(self) -> None:
        """Answer until cancelled."""
        server = await asyncio.start_unix_server(self._converse, sock=self._listening.dup(), limit=LINE_MAX)
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            server.close()

    def close(self) -> None:
        """Take the socket away."""
        self._listening.close()
        self._path.unlink(missing_ok=True)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, ValueError, TimeoutError):  # ValueError: a line beyond LINE_MAX
            while True:
                async with asyncio.timeout(ASK_SECONDS):
                    line = await reader.readline()
                if not line.endswith(b"\n"):
                    break
                answer = await self._answer(line)
                writer.write(json.dumps(answer, default=str).encode() + b"\n")
                await writer.drain()
        writer.close()

    async def _answer(self, line: bytes) -> Mapping[str, object]:
        try:
            asked = json.loads(line)
            if not isinstance(asked, dict):
                raise ControlError("a request is a JSON object")
            verb = self._verbs.get(str(asked.get("do")))
            if verb is None:
                raise ControlError(f"{asked.get('do')!r} is no request; there are: {', '.join(sorted(self._verbs))}")
            return {"ok": True, "result": await verb(asked)}
        except json.JSONDecodeError as error:
            return {"ok": False, "error": f"not JSON: {error}"}
        except ControlError as error:
            return {"ok": False, "error": str(error)}
        except Exception as error:  # the one who asked is told, whatever it was
            self._log.error("control_failed", asked=line[:200], error=repr(error), traceback=traceback.format_exc())
            return {"ok": False, "error": str(error) or type(error).__name__}


class Client:
    """Asks the running server. Blocking; for the command line."""

    def __init__(self, connected: socket.socket) -> None:
        self._file = connected.makefile("rwb")
        self._socket = connected

    def ask(self, do: str, **about: object) -> Any:
        """The result. ControlError is what the server says; NotRunning: it has gone."""
        try:
            self._file.write(json.dumps({"do": do, **about}).encode() + b"\n")
            self._file.flush()
            line = self._file.readline()
        except TimeoutError:
            raise ControlError(f"the server has not answered within {ANSWER_SECONDS:.0f} seconds") from None
        except OSError:
            line = b""
        if not line:
            raise NotRunning("the server has stopped before it answered")
        answer = json.loads(line)
        if not answer["ok"]:
            raise ControlError(answer["error"])
        return answer["result"]

    def close(self) -> None:
        """Hang up."""
        with contextlib.suppress(OSError):
            self._file.close()
        self._socket.close()


@contextlib.contextmanager
def client(data: Path) -> Iterator[Client]:
    """A client of the server that runs on this data folder. NotRunning."""
    path = data / "run" / "control.sock"
    with socket.socket(socket.AF_UNIX) as connected:
        connected.settimeout(ANSWER_SECONDS)
        try:
            with _short(path) as reachable:
                connected.connect(reachable)
        except PermissionError:
            raise ControlError(f"{path}: only the server's user and root may ask it") from None
        except OSError:
            raise NotRunning(f"no server runs on {data}") from None
        made = Client(connected)
        try:
            yield made
        finally:
            made.close()


@contextlib.contextmanager
def _short(path: Path) -> Iterator[str]:
    """A way to the same place that fits into a Unix socket's address."""
    if len(os.fsencode(path)) <= _PATH_MAX:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def _run_folder(data: Path) -> Path:
    folder = data / "run"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if stat.S_IMODE(folder.stat().st_mode) != stat.S_IRWXU:
        folder.chmod(stat.S_IRWXU)
    return folder

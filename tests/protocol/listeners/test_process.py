"""The server as a process: it says `ready`, and SIGTERM ends it with status 0."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from tests.support.ports import free_port

PROGRAM = """
import asyncio, sys, uvloop
from pathlib import Path
from mailcore.server.app import Server
from mailcore.server.config import load
from tests.support.parts import only_log
from mailcore.server.service import StreamService
from tests.support.eventlog import RecordingLog
from tests.support.talk import EchoSession, Stage

data = Path(sys.argv[1])
log, stage = RecordingLog(), Stage()

def factory(parts, setup):
    return StreamService(setup.name, lambda made: EchoSession(made, stage, lambda: None), log)

async def main():
    def configured():
        return load(data / "postroom.toml", data=data, environ={}, services=("echo",))
    parts = only_log(lambda module: log)
    await Server(configured(), parts, reload=configured, loaders={"echo": lambda: factory}).run()

asyncio.Runner(loop_factory=getattr(sys.modules[sys.argv[2]], "new_event_loop")).run(main())
"""


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.asyncio(loop_factories=["asyncio"])
async def test_ready_serve_sigterm_exit_0(tmp_path: Path, loop: str) -> None:
    port = free_port()
    (tmp_path / "postroom.toml").write_text(
        f'[[listener]]\nname = "echo"\nservice = "echo"\naddress = "127.0.0.1:{port}"\n'
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, str(tmp_path), loop, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    async with asyncio.timeout(20):
        assert await process.stdout.readline() == b"ready\n"
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await reader.readline() == b"* hello\r\n"
        process.send_signal(signal.SIGTERM)
        assert await reader.read() == b"* bye stopping\r\n"
        writer.close()
        await writer.wait_closed()
        assert await process.wait() == 0

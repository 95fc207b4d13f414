"""The server's life: ready, services alone, another configuration, the control socket, and a gentle end."""

import asyncio
import os
import signal
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pytest

from mailcore.server.app import NEEDS_RESTART, READS, Server
from mailcore.server.config import Config, ConfigError, load
from mailcore.server.control import Control, ControlError, DataInUse, NotRunning, claim, client
from mailcore.server.listener import CannotListen
from mailcore.server.parts import Parts, ServiceFactory, ServiceSetup
from mailcore.server.service import Manner, Service, StreamService
from tests.support import talk
from tests.support.certificates import Authority
from tests.support.eventlog import RecordingLog
from tests.support.parts import only_log
from tests.support.ports import free_port
from tests.support.talk import EchoSession, Stage


@dataclass
class House:
    """A server with two echo services, on a configuration file that the test may rewrite."""

    server: Server
    path: Path
    data: Path
    log: RecordingLog
    stage: Stage
    ports: list[int]
    made: list[str]
    living: asyncio.Task[None]

    def rewrite(self, change: Callable[[str], str]) -> None:
        self.path.write_text(change(self.path.read_text()))

    async def greeting(self, port: int) -> str:
        """The first line at a port; "refused" when nobody listens."""
        try:
            async with talk.client(port) as caller:
                return await caller.line()
        except ConnectionRefusedError:
            return "refused"

    async def ask(self, do: str, **about: object) -> Any:
        def blocking() -> Any:
            with client(self.data) as asking:
                return asking.ask(do, **about)

        return await asyncio.to_thread(blocking)


CONFIG = """
[server]
server_name = "mail.test"
drain_time = 5

[[listener]]
name = "one"
service = "echo"
address = "127.0.0.1:{}"

[[listener]]
name = "two"
service = "other"
address = "127.0.0.1:{}"
"""


@asynccontextmanager
async def house(tmp_path: Path, text: str = CONFIG, *more: str) -> AsyncIterator[House]:
    """`more`: services that there are besides."""
    ports = [free_port() for _ in range(3)]
    path, data, log, stage, made = tmp_path / "postroom.toml", tmp_path / "data", RecordingLog(), Stage(), []
    path.write_text(text.format(*ports))

    def configured() -> Config:
        return load(path, data=data, environ={}, services=("echo", "other", *more))

    def factory(parts: Parts, setup: ServiceSetup) -> Service:
        made.append(setup.name)
        service = StreamService(
            setup.name,
            lambda connection: EchoSession(connection, stage, lambda: service),
            parts.log(setup.name),
            Manner(places=setup.section.max_conn_threads),
        )
        return service

    def loader() -> ServiceFactory:
        return factory

    ready = asyncio.Event()
    server = Server(
        configured(),
        only_log(lambda module: log),
        reload=configured,
        loaders=dict.fromkeys(("echo", "other", *more), loader),
        announce=ready.set,
    )
    living = asyncio.create_task(server.run())
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait({living, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if living.done():
        living.result()
    try:
        yield House(server, path, data, log, stage, ports, made, living)
    finally:
        stage.release.set()
        server.finish()
        async with asyncio.timeout(15):
            await living


async def test_every_listener_accepts_when_the_server_is_ready(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        assert [await here.greeting(port) for port in here.ports[:2]] == ["* hello", "* hello"]


async def test_a_stopped_service_refuses_while_the_others_go_on_and_starts_again(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        async with talk.client(here.ports[0]) as inside, talk.client(here.ports[1]) as elsewhere:
            await inside.line()
            await elsewhere.line()
            await here.server.stop("echo")
            assert [await inside.line(), await inside.line()] == ["* bye stopping", ""]
            assert await here.greeting(here.ports[0]) == "refused"
            assert await elsewhere.ask("ECHO still here") == "still here"
        await here.server.start("echo")
        assert await here.greeting(here.ports[0]) == "* hello"
        await here.server.restart("echo")
        assert await here.greeting(here.ports[0]) == "* hello"
        assert here.made == ["echo", "other", "echo", "echo"]


async def test_sigterm_lets_a_slow_command_finish_and_ends(tmp_path: Path) -> None:
    async with house(tmp_path) as here, talk.client(here.ports[0]) as busy:
        await busy.line()
        busy.send(b"SLOW\r\n")
        await here.stage.until(lambda: here.stage.started == 1)
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(here.log.until("stopping"), 5)
        assert await here.greeting(here.ports[1]) == "refused"
        assert not here.living.done()
        here.stage.release.set()
        assert [await busy.line() for _ in range(3)] == ["slow done", "* bye stopping", ""]
        await here.living
        assert not (here.data / "run" / "control.sock").exists()


async def test_sighup_opens_closes_and_moves_listeners_and_nobody_connected_notices(tmp_path: Path) -> None:
    async with house(tmp_path) as here, talk.client(here.ports[0]) as inside:
        await inside.line()
        here.rewrite(lambda text: text.replace(str(here.ports[1]), str(here.ports[2])))
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.wait_for(here.log.until("configuration_adopted"), 5)
        assert await here.greeting(here.ports[1]) == "refused"
        assert await here.greeting(here.ports[2]) == "* hello"
        assert await here.greeting(here.ports[0]) == "* hello"
        assert await inside.ask("ECHO still here") == "still here"
        assert here.made == ["echo", "other"]


async def test_a_broken_new_configuration_is_named_and_the_old_one_goes_on(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        here.rewrite(lambda text: text + "idle_timeoutt = 5\n")
        os.kill(os.getpid(), signal.SIGHUP)
        facts = await asyncio.wait_for(here.log.until("configuration_refused"), 5)
        assert "postroom.toml:15: listener.2.idle_timeoutt: unknown key; did you mean idle_timeout?" in str(
            facts["why"]
        )
        with pytest.raises(ConfigError, match="idle_timeoutt"):
            await here.server.reload()
        assert [await here.greeting(port) for port in here.ports[:2]] == ["* hello", "* hello"]


async def test_a_new_port_that_is_taken_changes_nothing(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        with socket.create_server(("127.0.0.1", here.ports[2])):
            here.rewrite(lambda text: text.replace(str(here.ports[1]), str(here.ports[2])))
            with pytest.raises(CannotListen, match=f"listener two: 127.0.0.1:{here.ports[2]}: .*another program"):
                await here.server.reload()
        assert [await here.greeting(port) for port in here.ports[:2]] == ["* hello", "* hello"]


async def test_new_rules_hold_for_the_next_connection(tmp_path: Path) -> None:
    async with house(tmp_path) as here, talk.client(here.ports[0]) as inside:
        await inside.line()
        here.rewrite(
            lambda text: text + 'deny_rules = [{ ip_set = ["127.0.0.1"] }]\n[service.echo]\npeer_max_connections = 1\n'
        )
        await here.server.reload()
        assert await here.greeting(here.ports[1]) == ""
        assert await here.greeting(here.ports[0]) == ""
        assert await inside.ask("ECHO still here") == "still here"
        assert here.made == ["echo", "other"]


async def test_a_changed_service_is_made_anew_and_only_that_one(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        here.rewrite(lambda text: text + "[service.echo]\nmax_conn_threads = 3\n")
        await here.server.reload()
        assert here.made == ["echo", "other", "echo"]
        assert await here.greeting(here.ports[0]) == "* hello"


@pytest.mark.parametrize("name", ["smtp_incoming", "processing", "http", "webadmin", "rpop"])
async def test_who_takes_messages_over_is_made_anew_when_the_rules_for_that_change(tmp_path: Path, name: str) -> None:
    scanner = '[[scanner]]\nname = "x"\nkind = "clamd"\naddress = "/run/x"\n'
    async with house(tmp_path, f"{CONFIG}[service.{name}]\nenabled = true\n", name) as here:
        for count, change in enumerate(("[smtp]\nsrs = false\n", "[queue]\nfiltering_threads = 3\n", scanner), 2):
            here.rewrite(lambda text, change=change: text + change)  # type: ignore[misc]
            await here.server.reload()
            assert here.made.count(name) == count
        assert [here.made.count(each) for each in ("echo", "other")] == [1, 1]


async def test_a_service_is_turned_off_and_on_by_the_configuration(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        here.rewrite(lambda text: text + "[service.echo]\nenabled = false\n")
        await here.server.reload()
        assert await here.greeting(here.ports[0]) == "refused"
        here.rewrite(lambda text: text.replace("enabled = false", "enabled = true"))
        await here.server.reload()
        assert await here.greeting(here.ports[0]) == "* hello"


async def test_what_needs_a_restart_is_said_and_not_half_done(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        here.rewrite(lambda text: text.replace("drain_time = 5", "drain_time = 6"))
        assert await here.ask("server.reload") == ["server"]
        assert here.log.named("needs_restart") == [{"section": "server"}]
        assert here.server.config.server.drain_time == 5


def test_every_section_that_changes_is_adopted_or_waits_for_a_restart() -> None:
    at_once = {"path", "tls", "services", "listeners", "listener_tls", "log", "guessing", "counters"}
    remade = {section for sections in READS.values() for section in sections}
    assert {each.name for each in fields(Config)} == at_once | remade - {"offered"} | set(NEEDS_RESTART)


async def test_certificates_are_renewed_by_a_reload_and_broken_ones_are_not_taken(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    authority.sign("live", "old.test")
    tls = (
        f'ssl_enable = true\n[[tls.certificate]]\ncert_file = "{tmp_path}/live.crt"\nkey_file = "{tmp_path}/live.key"\n'
    )
    trusting = ssl.create_default_context(cafile=str(authority.ca_file))
    async with house(tmp_path, CONFIG + tls) as here:
        async with talk.client(here.ports[1], tls=trusting, name="old.test") as caller:
            assert await caller.line() == "* hello"
        authority.sign("live", "new.test")
        await here.server.reload()
        async with talk.client(here.ports[1], tls=trusting, name="new.test") as caller:
            assert await caller.line() == "* hello"
        (tmp_path / "live.crt").write_text("nonsense")
        here.rewrite(lambda text: text.replace("[[listener]]", "[service.other]\nenabled = false\n[[listener]]", 1))
        with pytest.raises(ConfigError, match=r"^postroom\.toml:\d+: tls\.certificate\.1\.cert_file: .*live\.crt"):
            await here.server.reload()
        async with talk.client(here.ports[1], tls=trusting, name="new.test") as caller:
            assert await caller.line() == "* hello"
        assert "live.crt" in str(here.log.named("configuration_refused")[0]["why"])


async def test_a_first_start_makes_its_own_certificate(tmp_path: Path) -> None:
    lenient = ssl.create_default_context()
    lenient.check_hostname, lenient.verify_mode = False, ssl.CERT_NONE
    async with (
        house(tmp_path, CONFIG + "ssl_enable = true\n") as here,
        talk.client(here.ports[1], tls=lenient, name="mail.test") as caller,
    ):
        assert await caller.line() == "* hello"
        assert (here.data / "tls" / "self-signed.crt").exists()


async def test_the_control_socket_lists_stops_and_starts(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        listed = {each["name"]: each for each in await here.ask("service.list")}
        assert listed["echo"]["state"] == "running"
        assert listed["echo"]["listeners"] == [f"one 127.0.0.1:{here.ports[0]}"]
        assert listed["imap"]["state"] == "not installed"
        await here.ask("service.stop", name="echo")
        assert await here.greeting(here.ports[0]) == "refused"
        listed = {each["name"]: each for each in await here.ask("service.list")}
        assert listed["echo"]["state"] == "stopped"
        await here.ask("service.start", name="echo")
        assert await here.greeting(here.ports[0]) == "* hello"
        await here.ask("server.reload")
        await here.ask("service.restart", name="echo")
        assert here.made == ["echo", "other", "echo", "echo"]


@pytest.mark.parametrize(
    ("do", "name", "says"),
    [
        ("service.stop", "imap", "imap does not run"),
        ("service.stop", "gopher", "there is no service 'gopher'; there are: echo, other"),
        ("service.start", "echo", "echo runs already"),
        ("service.start", "gopher", "there is no service 'gopher'; there are: echo, other"),
        ("gopher", "", "'gopher' is no request; there are: server.reload, server.stop"),
    ],
)
async def test_a_request_that_cannot_be_done_says_why(tmp_path: Path, do: str, name: str, says: str) -> None:
    async with house(tmp_path) as here:
        with pytest.raises(ControlError, match=says):
            await here.ask(do, name=name)


async def test_the_control_socket_is_the_servers_users_alone(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        assert (here.data / "run" / "control.sock").stat().st_mode & 0o777 == 0o600
        assert (here.data / "run").stat().st_mode & 0o777 == 0o700


async def test_the_server_can_be_stopped_from_another_process(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        await here.ask("server.stop")
        async with asyncio.timeout(5):
            await here.living
        with pytest.raises(NotRunning):
            await here.ask("service.list")


async def test_a_second_server_on_the_same_data_is_refused(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        with pytest.raises(DataInUse, match=f"runs here already, as process {os.getpid()}"), claim(here.data):
            raise AssertionError
        assert await here.greeting(here.ports[0]) == "* hello"


async def test_a_data_folder_is_free_again_behind_its_server(tmp_path: Path) -> None:
    async with house(tmp_path):
        pass
    with claim(tmp_path / "data"):
        assert (tmp_path / "data" / "run" / "server.lock").read_text().strip() == str(os.getpid())


async def test_a_port_that_is_taken_stops_the_start(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        text = CONFIG.replace("127.0.0.1:{}", f"127.0.0.1:{taken.getsockname()[1]}", 1)
        with pytest.raises(CannotListen, match="listener one"):
            async with house(tmp_path, text):
                raise AssertionError


async def test_a_control_socket_works_at_the_end_of_a_long_path_and_in_the_place_of_a_dead_one(tmp_path: Path) -> None:
    data = tmp_path / ("long" * 30) / "data"
    (data / "run").mkdir(parents=True)
    (data / "run" / "control.sock").write_text("left behind")

    async def echo(asked: Any) -> object:
        return asked["word"]

    control = Control(data, {"echo": echo}, RecordingLog())
    serving = asyncio.create_task(control.serve())

    def blocking() -> Any:
        with client(data) as asking:
            return [asking.ask("echo", word=word) for word in ("a", "b\n")]

    assert await asyncio.to_thread(blocking) == ["a", "b\n"]
    serving.cancel()
    await asyncio.wait({serving})
    control.close()


async def test_nonsense_at_the_control_socket_is_answered_and_harms_nothing(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        reader, writer = await asyncio.open_unix_connection(str(here.data / "run" / "control.sock"))
        for line, says in ((b"nonsense\n", b"not JSON"), (b"[1]\n", b"a JSON object"), (b"{}\n", b"is no request")):
            writer.write(line)
            assert says in await asyncio.wait_for(reader.readline(), 5)
        writer.close()
        await writer.wait_closed()


async def test_an_error_that_nobody_expected_is_told_and_logged(tmp_path: Path) -> None:
    async with house(tmp_path) as here:

        def broken() -> Config:
            raise ZeroDivisionError("asked for")

        here.server._reload = broken
        with pytest.raises(ControlError, match="asked for"):
            await here.ask("server.reload")
        assert "ZeroDivisionError" in str(here.log.named("control_failed")[0]["traceback"])
        assert await here.greeting(here.ports[0]) == "* hello"


async def test_a_service_that_cannot_be_made_leaves_the_others_alone(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        await here.server.stop("echo")

        def broken() -> ServiceFactory:
            raise ImportError("no such module")

        here.server._loaders = {**here.server._loaders, "echo": broken}
        with pytest.raises(ImportError):
            await here.server.start("echo")
        assert await here.greeting(here.ports[0]) == "refused"
        assert await here.greeting(here.ports[1]) == "* hello"

"""The server as a process, and commands beside it."""

import http.client
import imaplib
import json
import os
import poplib
import smtplib
import subprocess
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from mailcore.server.control import client
from tests.cli.conftest import Said
from tests.support import postgres
from tests.support.patience import until
from tests.support.server import RunningServer, command, free_base, started, stop

LETTER = "From: {0}\r\nTo: {0}\r\nSubject: to myself\r\n\r\nHello\r\n"


def beside(server: RunningServer, *words: str) -> Said:
    """A command in a process of its own, on the running server's data."""
    done = subprocess.run(
        command("--data", server.data, *words), capture_output=True, text=True, timeout=60, check=False
    )
    return Said(done.returncode, done.stdout, done.stderr)


def test_mail_goes_in_over_smtp_and_comes_out_over_imap_and_pop3(server: RunningServer) -> None:
    who = server.account()
    with smtplib.SMTP("127.0.0.1", server.port("submission"), timeout=30) as smtp:
        smtp.login(who.address, who.password)
        smtp.sendmail(who.address, [who.address], LETTER.format(who.address))
    with imaplib.IMAP4("127.0.0.1", server.port("imap"), timeout=30) as imap:
        imap.login(who.address, who.password)
        assert imap.select("INBOX") == ("OK", [b"1"])
    pop3 = poplib.POP3("127.0.0.1", server.port("pop3"), timeout=30)
    pop3.user(who.address)
    pop3.pass_(who.password)
    assert pop3.retr(1)[1][-1] == b"Hello"
    pop3.quit()


def test_an_administrative_command_takes_effect_at_once(server: RunningServer) -> None:
    who, other = server.account(), server.account()
    server.folder(who, "Plans")
    with imaplib.IMAP4("127.0.0.1", server.port("imap"), timeout=30) as imap:
        imap.login(other.address, other.password)
        name = f'"Other Users/{who.address}/Plans"'
        assert imap.select(name)[0] == "NO"
        assert beside(server, "grant", "set", who.address, "Plans", other.address, "viewer").status == 0
        assert imap.select(name, readonly=True)[0] == "OK"
        assert beside(server, "grant", "remove", who.address, "Plans", other.address).status == 0
        assert imap.select(name)[0] == "NO"


def test_one_service_stops_and_the_others_go_on(server: RunningServer) -> None:
    assert beside(server, "service", "stop", "pop3").out == "pop3 has stopped\n"
    with pytest.raises(ConnectionRefusedError):
        poplib.POP3("127.0.0.1", server.port("pop3"), timeout=30)
    with imaplib.IMAP4("127.0.0.1", server.port("imap"), timeout=30) as imap:
        assert imap.noop()[0] == "OK"
    assert beside(server, "service", "start", "pop3").status == 0
    poplib.POP3("127.0.0.1", server.port("pop3"), timeout=30).quit()


def test_what_the_running_server_is_asked(server: RunningServer) -> None:
    states = {each["name"]: each["state"] for each in server_json(server)}
    assert {states[name] for name in ("log", "imap", "pop3", "smtp_incoming", "http")} == {"running"}
    assert beside(server, "config", "reload").status == 0
    assert beside(server, "log", "level", "imap", "31").status == 0
    assert beside(server, "log", "level", "nonsense", "31").status == 1
    assert beside(server, "dns", "flush").status == 0
    assert "ready" in beside(server, "log", "tail", "-n", "500").out


def test_the_log_has_the_protocol_where_it_is_asked_for_and_no_password(server: RunningServer) -> None:
    who = server.account()
    assert beside(server, "log", "level", "imap", "31").status == 0
    levels(server, 31, "pop3", "smtp_incoming")
    with imaplib.IMAP4("127.0.0.1", server.port("imap"), timeout=30) as imap:
        imap.login(who.address, who.password)
        imap.select("INBOX")
        imap.uid("SEARCH", "SUBJECT", "of-the-protocol")
    pop3 = poplib.POP3("127.0.0.1", server.port("pop3"), timeout=30)
    pop3.user(who.address)
    pop3.pass_(who.password)
    pop3.quit()
    with smtplib.SMTP("127.0.0.1", server.port("submission"), timeout=30) as smtp:
        smtp.login(who.address, who.password)
        smtp.mail(who.address)
    levels(server, 15, "imap", "pop3", "smtp_incoming")
    wanted = ('"UID SEARCH SUBJECT of-the-protocol"', "line=LOGIN", "line=PASS", '"+OK', "line=AUTH", 'line="MAIL FROM')

    said = ""

    def is_written() -> bool:
        nonlocal said
        lines = beside(server, "log", "tail", "-n", "200").out.splitlines()
        said = "\n".join(each for each in lines if " 16 " in each)
        return all(each in said for each in wanted)

    until(is_written)  # a thread of its own writes the log
    assert who.password not in said
    assert b64encode(f"\0{who.address}\0{who.password}".encode()).decode() not in said


def levels(server: RunningServer, mask: int, *services: str) -> None:
    """Lets services write these levels, as `postroom log level` does."""
    with client(server.data) as running:
        for service in services:
            running.ask("log.level", service=service, level=mask)


def server_json(server: RunningServer) -> list[dict[str, str]]:
    found: list[dict[str, str]] = beside(server, "service", "list", "--json").json
    return found


def test_webadmin_signs_in_at_its_port_and_restarts_a_service(server: RunningServer) -> None:
    who = server.account()
    assert beside(server, "grant", "set", "server", "/", who.address, "a").status == 0
    client = http.client.HTTPConnection("127.0.0.1", server.port("webadmin"), timeout=30)

    def ask(method: str, path: str, body: object = None, **headers: str) -> tuple[Any, str]:
        about = {"content-type": "application/json"} if body is not None else {}
        octets = json.dumps(body) if body is not None else None
        client.request(method, path, octets, {**about, **{name.replace("_", "-"): it for name, it in headers.items()}})
        answer = client.getresponse()
        cookies = [each.partition(";")[0] for each in answer.headers.get_all("set-cookie") or ()]
        return json.loads(answer.read()), next((each for each in cookies if not each.endswith('=""')), "")

    visit, cookie = ask("GET", "/signin/session")
    login = {"name": who.address, "password": who.password}
    told, cookie = ask("POST", "/signin/session", login, cookie=cookie, x_csrf_token=visit["csrf"])
    restarted, _ = ask("POST", "/api/v1/services/pop3/restart", cookie=cookie, x_csrf_token=told["csrf"])
    assert (restarted["name"], restarted["state"]) == ("pop3", "running")
    client.request("GET", "/")
    assert b"WebAdmin" in client.getresponse().read()
    client.close()
    assert beside(server, "grant", "remove", "server", "/", who.address).status == 0
    poplib.POP3("127.0.0.1", server.port("pop3"), timeout=30).quit()


def test_what_the_server_keeps_is_not_for_other_users_of_the_machine(server: RunningServer) -> None:
    kept = [each for each in server.data.rglob("*") if not each.is_symlink()]
    assert server.data / "postroom.db" in kept
    assert [str(each) for each in kept if each.stat().st_mode & 0o007] == []


def test_a_second_server_on_the_same_data_is_refused(server: RunningServer) -> None:
    said = beside(server, "serve", "--data", str(server.data), "--port-base", str(free_base()))
    assert said.status == 1
    assert said.out == ""
    assert said.err == f"postroom: {server.data}: a server runs here already, as process {server.process.pid}\n"


def test_a_port_in_use_is_said(server: RunningServer, tmp_path: Path) -> None:
    said = beside(server, "serve", "--data", str(tmp_path / "other"), "--port-base", str(server.port_base))
    assert said.status == 1
    assert "Address already in use" in said.err
    assert said.err.count("\n") == 1


@pytest.mark.parametrize(
    ("config", "environ", "expected"),
    [
        ("[server]\nnonsense = 1\n", {}, "nonsense"),
        ("[server\n", {}, "postroom.toml"),
        ("", {"DATABASE_URL": "mysql://here/db"}, "only postgresql://"),
        ("", {"DATABASE_URL": "postgresql://nobody:x@127.0.0.1:1/none?connect_timeout=2"}, "database"),
        ('[service.imap]\nlog_type = "remote"\nlog_host = "nowhere"\n', {}, "nowhere"),
    ],
)
def test_a_server_that_cannot_start_says_why(
    tmp_path: Path, config: str, environ: dict[str, str], expected: str
) -> None:
    (tmp_path / "postroom.toml").write_text(config)

    def serve() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command("serve", "--data", tmp_path, "--port-base", str(free_base())),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={**os.environ, **environ},
        )

    done = serve()
    while "already in use" in done.stderr:  # another test's server has come first to a port that was free
        done = serve()
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("postroom: ")
    assert done.stderr.count("\n") == 1
    assert expected in done.stderr
    assert "internal error" not in done.stderr


def test_a_server_says_ready_once_and_ends_at_sigterm(tmp_path: Path) -> None:
    process, _ = started(tmp_path / "data")
    assert stop(process) == 0
    secret = tmp_path / "data" / "secret"
    assert (len(secret.read_bytes()), secret.stat().st_mode & 0o777) == (32, 0o600)


def test_a_server_on_postgresql_and_commands_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = postgres.server().url(postgres.server().new())
    process, _ = started(tmp_path, {"DATABASE_URL": url})
    try:
        monkeypatch.delenv("DATABASE_URL", raising=False)
        told = subprocess.run(
            command("--data", tmp_path, "domain", "add", "example.test"),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (told.returncode, told.stdout) == (0, "domain example.test\n")
        assert not (tmp_path / "postroom.db").exists()
    finally:
        assert stop(process) == 0

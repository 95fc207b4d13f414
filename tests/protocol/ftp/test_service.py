"""Who sees what, what is refused, and what becomes of transfers that break off."""

from __future__ import annotations

import asyncio
import ftplib
import io
import socket
import ssl
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from groupware.model.errors import NotFound
from groupware.model.principal import OPERATOR
from groupware.model.rights import Right
from mailcore.ftp import channels
from mailcore.server.tls import Certificate, Contexts, TlsSettings
from tests.protocol.ftp.conftest import Opening
from tests.protocol.ftp.stand import ALICE, ANNA, INBOX, NAME, PASSWORD, ROOT, Backup, fetched, named, stored
from tests.support.certificates import Authority

LETTER = b"Subject: x\r\n\r\nx\r\n"
PUBLIC = "/domains/other.test/public"


async def test_each_sees_the_domains_that_it_administers(backup: Backup) -> None:
    assert await backup.ask(lambda client: named(client, "/")) == ["domains"]
    assert await backup.ask(lambda client: named(client, "/domains")) == ["example.test", "other.test"]
    assert await backup.ask(lambda client: named(client, "/domains"), ANNA) == ["other.test"]
    accounts = "/domains/other.test/accounts"
    assert await backup.ask(lambda client: named(client, accounts), ANNA) == ["anna", "postmaster"]


@pytest.mark.parametrize("name", [NAME, "nobody@example.test"])
async def test_who_administers_nothing_does_not_get_in(backup: Backup, name: str) -> None:
    with pytest.raises(ftplib.error_perm, match="530 "):
        await backup.ask(lambda client: client.pwd(), name)


@pytest.mark.parametrize("switch", [False, True], ids=["disabled", "switched off"])
async def test_who_may_not_stay_is_told_and_sent_away(backup: Backup, switch: bool) -> None:
    begun, loop = asyncio.Event(), asyncio.get_running_loop()

    def wait(client: ftplib.FTP) -> str:
        assert client.pwd() == "/"
        loop.call_soon_threadsafe(begun.set)
        return client.getline()

    waiting = asyncio.create_task(backup.ask(wait, ANNA))
    await begun.wait()
    if switch:
        await backup.write(lambda tx: tx.put_setting("blockedLogin", True, tx.account(ANNA).id), OPERATOR)
    else:
        await backup.write(lambda tx: tx.update_account(ANNA, enabled=False), OPERATOR)
    assert (await waiting).startswith("421 ")
    assert ("switched off" if switch else "disabled") in await waiting


ELSEWHERE: dict[str, Callable[[ftplib.FTP], object]] = {
    "list": lambda client: named(client, INBOX),
    "list the domain": lambda client: named(client, "/domains/example.test"),
    "list with LIST": lambda client: client.dir(INBOX, lambda line: None),
    "go there": lambda client: client.cwd(ALICE),
    "go to an account that is not there": lambda client: client.cwd("/domains/example.test/accounts/nobody"),
    "take a message": lambda client: fetched(client, f"{INBOX}/0000000001_20010203T040506789000_.eml"),
    "take secrets": lambda client: fetched(client, f"{ALICE}/secrets.json"),
    "ask for a size": lambda client: (client.voidcmd("TYPE I"), client.size(f"{ALICE}/account.json")),
    "put a message": lambda client: stored(client, f"{INBOX}/1_20010203T040506789000_.eml", LETTER),
    "put an account": lambda client: stored(client, f"{ALICE}/account.json", b'{"name": "Eve"}'),
    "make an account": lambda client: stored(client, "/domains/example.test/accounts/eve/account.json", b"{}"),
    "put secrets": lambda client: stored(client, f"{ALICE}/secrets.json", b'{"secrets": []}'),
    "put a script": lambda client: stored(client, f"{ALICE}/scripts/x.active.sieve", b"discard;"),
    "put a grant": lambda client: stored(client, f"{INBOX}/folder.json", b'{"grants": []}'),
    "change the domain": lambda client: stored(client, "/domains/example.test/domain.json", b'{"enabled": false}'),
    "make a folder": lambda client: client.mkd(f"{ALICE}/folders/New"),
    "make a domain": lambda client: client.mkd("/domains/new.test"),
    "make a domain by a file": lambda client: stored(client, "/domains/new.test/domain.json", b"{}"),
}


@pytest.mark.parametrize("what", ELSEWHERE)
async def test_a_domains_administrator_can_do_nothing_in_another(backup: Backup, what: str) -> None:
    await backup.put(LETTER)

    async def state() -> object:
        accounts = await backup.read(lambda tx: tx.accounts("example.test"), OPERATOR)
        domains = await backup.read(lambda tx: tx.domains(), OPERATOR)
        return accounts, domains, await backup.read(lambda tx: tx.folders()), await backup.items()

    before = await state()
    with pytest.raises(ftplib.error_perm, match="550 "):
        await backup.ask(ELSEWHERE[what], ANNA)
    assert await state() == before


async def test_public_folders_are_for_the_administrators_of_their_domain(backup: Backup) -> None:
    public = await backup.read(lambda tx: tx.domains()[-1].account, OPERATOR)
    assert public is not None
    file = f"{PUBLIC}/News/0000000001_20010203T040506789000_.eml"
    for name in (ANNA, ROOT):
        await backup.ask(lambda client: client.mkd(f"{PUBLIC}/News"), name)
        await backup.ask(lambda client: stored(client, file, LETTER), name)
        assert await backup.ask(lambda client: fetched(client, file), name) == LETTER
    at = await backup.read(lambda tx: tx.locate(public, "News").id, OPERATOR)
    (row,) = [each for each in await backup.read(lambda tx: tx.journal(at), OPERATOR) if each.what == "item.added"]
    assert (row.actor, row.client) == ("postmaster@other.test", f"ftp_backup by {ANNA}")
    await backup.write(lambda tx: tx.grant(tx.locate(public, "").id, ANNA, Right.NONE), OPERATOR)
    with pytest.raises(ftplib.error_perm, match=r"530 .*administers nothing"):
        await backup.ask(lambda client: client.pwd(), ANNA)


async def test_a_right_that_is_taken_away_is_gone_at_once(backup: Backup) -> None:
    home = "/domains/other.test/accounts/anna"
    public = await backup.read(lambda tx: tx.domains()[-1].account, OPERATOR)
    assert public is not None
    go_on = asyncio.get_running_loop()

    def work(client: ftplib.FTP) -> None:
        assert fetched(client, f"{home}/account.json")
        taken = backup.write(lambda tx: tx.grant(tx.locate(public, "").id, ANNA, Right.NONE), OPERATOR)
        asyncio.run_coroutine_threadsafe(taken, go_on).result(30)
        for path in (f"{home}/account.json", f"{home}/folders/INBOX/folder.json"):
            with pytest.raises(ftplib.error_perm, match="550 "):
                fetched(client, path)

    await backup.ask(work, ANNA)


@pytest.mark.parametrize(
    "command",
    [
        "DELE {0}",
        "RMD {1}",
        "RNFR {0}",
        "SITE EXEC ls",
        "APPE {0}",
        "STOU",
        "PORT 127,0,0,1,9,9",
        "EPRT |1|127.0.0.1|999|",
    ],
)
async def test_nothing_is_deleted_renamed_or_called_elsewhere(backup: Backup, command: str) -> None:
    await backup.put(LETTER)
    file = f"{INBOX}/0000000001_20010203T040506789000_.eml"
    with pytest.raises(ftplib.error_perm, match=r"5[05]0 "):
        await backup.ask(lambda client: client.sendcmd(command.format(file, INBOX)))
    assert len(await backup.items()) == 1


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "/domains/example.test/../../etc", f"{INBOX}/no/such.eml", "/domains/a/b/c", f"{ALICE}/x"]
)
async def test_a_path_that_means_nothing_is_no_path(backup: Backup, path: str) -> None:
    with pytest.raises(ftplib.error_perm, match="550 "):
        await backup.ask(lambda client: fetched(client, path))
    with pytest.raises(ftplib.error_perm, match=r"5[05][01] "):
        await backup.ask(lambda client: named(client, path))


async def test_texts_are_refused_for_files_are_octets(backup: Backup) -> None:
    with pytest.raises(ftplib.error_perm, match="TYPE I first"):
        await backup.ask(lambda client: client.storlines(f"STOR {INBOX}/x.eml", io.BytesIO(LETTER)))


async def test_files_are_put_back_whole(backup: Backup) -> None:
    path = f"{INBOX}/x.eml"
    with pytest.raises(ftplib.error_perm, match="whole"):
        await backup.ask(lambda client: (client.voidcmd("TYPE I"), client.transfercmd(f"STOR {path}", rest=5)))


async def test_an_upload_that_breaks_off_puts_nothing_back(backup: Backup) -> None:
    def broken(client: ftplib.FTP) -> str:
        client.voidcmd("TYPE I")
        channel = client.transfercmd(f"STOR {INBOX}/x.eml")
        channel.sendall(LETTER * 1_000_000)  # more than fits on the way: it has been read
        channel.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        channel.close()  # a reset, not an end
        return client.getresp()

    with pytest.raises(ftplib.error_temp, match="426 "):
        await backup.ask(broken)
    assert await backup.items() == []


async def test_a_client_that_leaves_during_an_upload_puts_nothing_back(backup: Backup) -> None:
    loop = asyncio.get_running_loop()

    def leave(client: ftplib.FTP) -> None:
        client.voidcmd("TYPE I")
        channel = client.transfercmd(f"STOR {INBOX}/x.eml")
        channel.sendall(LETTER)
        assert client.sock is not None
        client.sock.shutdown(socket.SHUT_RDWR)
        asyncio.run_coroutine_threadsafe(backup.log.until("session_ended"), loop).result(30)
        channel.close()

    await backup.ask(leave)
    assert await backup.items() == []


async def test_an_account_that_is_not_there_can_be_entered_and_is_not_made_by_that(backup: Backup) -> None:
    home = "/domains/example.test/accounts/new"

    def enter(client: ftplib.FTP) -> list[str]:
        client.mkd(home)
        client.cwd(f"{home}/folders")
        return named(client, home)

    assert await backup.ask(enter) == []
    with pytest.raises(NotFound):
        await backup.read(lambda tx: tx.account("new@example.test"), OPERATOR)


# --- the service


async def test_passwords_wait_for_tls_and_nothing_from_before_counts(opening: Opening, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    contexts = Contexts(TlsSettings((Certificate(*authority.sign("ftp", "localhost")),)))
    trusting = ssl.create_default_context(cafile=str(authority.ca_file))
    trusting.check_hostname = False
    async with opening(context=contexts.current, plain_login=False) as backup:
        with pytest.raises(ftplib.error_perm, match=r"530 .*encrypted"):
            await backup.ask(lambda client: client.pwd())

        def secured() -> None:
            with ftplib.FTP_TLS(context=trusting, timeout=30) as client:
                client.connect("127.0.0.1", backup.port)
                client.login(ROOT, PASSWORD)
                client.prot_p()
                assert stored(client, f"{INBOX}/x.eml", LETTER * 100_000).startswith("226")
                (name,) = [each for each in named(client, INBOX) if each.endswith(".eml")]
                assert fetched(client, f"{INBOX}/{name}") == LETTER * 100_000
                client.prot_c()
                assert fetched(client, f"{INBOX}/{name}") == LETTER * 100_000

        await asyncio.to_thread(secured)
        reader, writer = await asyncio.open_connection("127.0.0.1", backup.port)
        await reader.readline()
        writer.write(b"AUTH TLS\r\nUSER root\r\n")
        assert await reader.readline() == b"234 Begin TLS.\r\n"
        await asyncio.wait_for(writer.start_tls(trusting, server_hostname="localhost"), 30)
        writer.write(b"PASS x\r\n")
        assert (await reader.readline()).startswith(b"503 ")
        writer.close()


async def test_an_upload_whose_end_tls_does_not_confirm_puts_nothing_back(opening: Opening, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    contexts = Contexts(TlsSettings((Certificate(*authority.sign("ftp", "localhost")),)))
    trusting = ssl.create_default_context(cafile=str(authority.ca_file))
    trusting.check_hostname = False
    async with opening(context=contexts.current) as backup:

        def cut() -> None:
            with ftplib.FTP_TLS(context=trusting, timeout=30) as client:
                client.connect("127.0.0.1", backup.port)
                client.login(ROOT, PASSWORD)
                client.prot_p()
                client.voidcmd("TYPE I")
                channel = client.transfercmd(f"STOR {INBOX}/x.eml")
                channel.sendall(LETTER)
                socket.socket(fileno=channel.detach()).close()  # somebody on the way ends it
                with pytest.raises(ftplib.error_temp, match="426 "):
                    client.getresp()

        await asyncio.to_thread(cut)
        assert await backup.items() == []


async def test_tls_from_the_first_octet(opening: Opening, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    contexts = Contexts(TlsSettings((Certificate(*authority.sign("ftp", "localhost")),)))
    trusting = ssl.create_default_context(cafile=str(authority.ca_file))
    async with opening(context=contexts.current, tls="implicit", plain_login=False) as backup:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", backup.port, ssl=trusting, server_hostname="localhost"
        )
        assert (await reader.readline()).startswith(b"220 ")
        writer.write(f"USER {ROOT}\r\n".encode())
        assert (await reader.readline()).startswith(b"331 ")
        writer.write(f"PASS {PASSWORD}\r\n".encode())
        assert (await reader.readline()).startswith(b"230 ")
        writer.close()


async def test_transfers_have_the_ports_that_are_named_and_no_others(opening: Opening) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        toml = f"[ftp_backup]\npassive_port_first = {port}\npassive_port_last = {port}\n"
        async with opening(toml) as backup:
            with pytest.raises(ftplib.error_temp, match="425 "):
                await backup.ask(lambda client: client.makepasv())
            taken.close()
            assert await backup.ask(lambda client: client.makepasv()[1]) == port


async def test_guessing_ends_the_connection_and_is_logged(opening: Opening) -> None:
    async with opening("[service.ftp_backup]\nmax_auth_errors = 2\n") as backup:

        def guess(client: ftplib.FTP) -> list[str]:
            said = []
            for _ in range(2):
                client.sendcmd(f"USER {ROOT}")
                with pytest.raises(ftplib.error_perm) as error:
                    client.sendcmd("PASS wrong")
                said.append(str(error.value))
            with pytest.raises((EOFError, OSError)):
                client.sendcmd("NOOP")
            return said

        first, second = await backup.ask(guess, "")
        assert "Disconnecting" not in first
        assert "Disconnecting" in second
        assert len(backup.log.named("login_failed")) == 2


async def test_lines_are_bounded(backup: Backup) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", backup.port)
    await reader.readline()
    writer.write(b"CWD " + b"x" * 100_000 + b"\r\nNOOP\r\n")
    while (line := await reader.readline()) != b"200 I successfully did nothing'.\r\n":
        assert line in (b"500 Command too long.\r\n", b'500 Command "XXXX" not understood.\r\n') or line.startswith(
            b"5"
        )
    writer.close()


async def test_a_silent_stranger_is_hung_up_on_and_who_is_known_is_not(
    backup: Backup, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()

    async def stranger() -> bytes:
        monkeypatch.setattr(channels, "STRANGER_SECONDS", 0.1)
        reader, writer = await asyncio.open_connection("127.0.0.1", backup.port)
        said = await reader.read()
        writer.close()
        return said

    def known(client: ftplib.FTP) -> str:
        assert b"421 " in asyncio.run_coroutine_threadsafe(stranger(), loop).result(30)
        return client.pwd()

    assert await backup.ask(known) == "/"


async def test_a_service_that_stops_ends_sessions_and_threads(backup: Backup) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", backup.port)
    await reader.readline()
    await backup.service.drain(5)
    assert await reader.readline() == b"421 The server is stopping.\r\n"
    assert backup.service.connections == 0
    writer.close()


async def test_connections_are_counted_and_bugs_are_none(backup: Backup) -> None:
    await backup.ask(lambda client: client.quit())
    await backup.log.until("session_ended")
    counters: Any = backup.parts.counters
    assert (counters.total("FTP_InboundConnection"), counters.total("FTP_AuthenticatedSuccess")) == (1, 1)
    assert backup.log.named("session_crashed") == []

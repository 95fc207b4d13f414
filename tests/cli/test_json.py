"""Every command that shows something shows it as JSON too. A new command has to say here which it is."""

from __future__ import annotations

import io
import json
import mailbox
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from typing import Any

import pytest
import typer.main

from groupware.mime.item import read_item
from groupware.model.device import NewDevice
from groupware.model.dmarc import DmarcSeen
from groupware.model.event import Envelope, Recipient, Target
from groupware.model.principal import DELIVERY
from groupware.model.tls import TlsResult
from groupware.store.api import WriteTx
from mailcore.cli.main import app, run
from mailcore.queue.held import Held, stored
from mailcore.server.log_line import read_line
from mailcore.server.storage import site_secret
from tests.cli.conftest import Said
from tests.support.server import RunningServer

DOMAIN, OWNER = "json.test", "shown@json.test"
DAY = "2027-01-31"

SHOWS = {
    "domain list": "",
    "account list": DOMAIN,
    "account show": OWNER,
    "account sending": OWNER,
    "account app-password list": OWNER,
    "account factors list": OWNER,
    "account sessions list": OWNER,
    "account tokens list": OWNER,
    "device list": OWNER,
    "device show": f"{OWNER} phone1",
    "rpop list": OWNER,
    "senders list": f"--of {OWNER}",
    "group list": DOMAIN,
    "group member list": f"group@{DOMAIN}",
    "list list": DOMAIN,
    "list show": f"news@{DOMAIN}",
    "list moderate": f"news@{DOMAIN}",
    "list member list": f"news@{DOMAIN}",
    "alias list": DOMAIN,
    "folder list": OWNER,
    "removed list": OWNER,
    "calendar timeline": f"{OWNER} nothing",
    "calendar publish": f"{OWNER} Calendar --list",
    "calendar counter list": OWNER,
    "calendar subscriptions": OWNER,
    "grant list": OWNER,
    "grant explain": f"{OWNER} INBOX {OWNER}",
    "setting get": "mailboxSize",
    "setting list": "",
    "sieve list": OWNER,
    "sieve try": f"{OWNER} INBOX",
    "sieve apply": f"{OWNER} INBOX",
    "sieve undo": f"{OWNER} --list",
    "policy try": "{letter} --from a@b.test",
    "policy list": "",
    "policy show": "rule",
    "policy check": "{rules}",
    "policy variables": "",
    "policy words": "",
    "queue list": "",
    "queue show": "{queued}",
    "queue stats": "",
    "quarantine list": "",
    "quarantine show": "{held}",
    "trace": "--since 1h",
    "tls policy": "[192.0.2.1]",
    "tls report": f"reported.test --day {DAY}",
    "counters": "",
    "service list": "",
    "dkim list": DOMAIN,
    "dkim show": DOMAIN,
    "dkim dns": DOMAIN,
    "dkim check": DOMAIN,
    "dmarc": f"reported.test --day {DAY}",
    "reports dmarc": OWNER,
    "reports tls": OWNER,
    "dns records": DOMAIN,
    "dns check": DOMAIN,
    "log tail": "",
    "config check": "",
    "check": "",
    "salvage list": "",
    "import": f"{OWNER} INBOX {{mbox}}",
    "export": f"{{to}} {OWNER}",
}
"""With the words that each is asked by. `{...}` stands for what a test has made."""

CHANGES = frozenset(
    f"{family} {each}".strip()
    for family, words in {
        "": "serve demo backup restore",
        "domain": "add set delete",
        "account": "add passwd set delete",
        "account app-password": "add remove",
        "account factors": "remove",
        "account sessions": "end",
        "account tokens": "end",
        "device": "block allow wipe resync forget",
        "rpop": "add set drop fetch",
        "senders": "allow block forget",
        "account shared-secret": "make remove",
        "group": "add delete",
        "group member": "add remove",
        "list": "add set delete",
        "list member": "add remove suspend resume import",
        "list moderator": "add remove",
        "alias": "add temporary remove",
        "folder": "add rename delete set",
        "removed": "restore",
        "calendar": "alarms hours subscribe resubscribe unsubscribe refresh",
        "calendar counter": "accept decline",
        "grant": "set remove",
        "setting": "set unset",
        "sieve": "put activate deactivate delete",
        "policy": "add set move delete enable disable import",
        "queue": "retry hold release bounce delete flush",
        "quarantine": "release delete",
        "service": "start stop restart shutdown",
        "dkim": "add activate retire delete",
        "dns": "flush",
        "log": "level",
        "config": "reload",
        "salvage": "restore drop",
    }.items()
    for each in words.split()
)
"""What changes something, and lists nothing."""

WITH_NAMES = {"dns query"}
"""What needs a name server: `tests.protocol.counters` has one."""

GIVES = {"sieve show": "a script", "sieve check": "a verdict", "policy export": "a file", "config example": "a file"}
"""What gives a document of its own kind."""


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Every command, by its words."""
    if not hasattr(command, "list_commands"):
        yield " ".join(path), command
        return
    for name in command.list_commands(None):
        yield from leaves(command.get_command(None, name), (*path, name))


def said(server: RunningServer, *words: str) -> Said:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        status = run(["--data", str(server.data), *words])
    return Said(status, out.getvalue(), err.getvalue())


@pytest.fixture(scope="module")
def made(server: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Something of everything; what stands for it in `SHOWS`."""
    folder = tmp_path_factory.mktemp("made")
    server.account("shown", DOMAIN)
    for words in (
        f"group add group@{DOMAIN}",
        f"list add news@{DOMAIN}",
        f"dkim add {DOMAIN}",
        "policy add rule --at connect --then stop",
    ):
        got = said(server, *words.split())
        assert got.status == 0, (words, got.err)
    (folder / "keep.sieve").write_text("keep;")
    for words in (f"sieve put {OWNER} one {folder}/keep.sieve", f"sieve activate {OWNER} one"):
        assert said(server, *words.split()).status == 0
    (folder / "rules.toml").write_text(said(server, "policy", "export").out)
    letter = b"From: a@b.test\r\nSubject: x\r\n\r\nhello\r\n"
    (folder / "letter.eml").write_bytes(letter)
    box = mailbox.mbox(folder / "mbox")
    box.add(letter)
    box.close()
    held, site = Held("clamd: virus X", "a@far.test", (Recipient(OWNER),), letter, "ID1"), server.site

    [owner] = [each.account for each in server.read(lambda tx: tx.domains()) if each.name == DOMAIN]
    assert owner is not None

    async def store() -> int:
        blob = await site.blobs.put(letter)
        waiting = Envelope("a@b.test", (Recipient("c@far.test"),), blob.blob, len(letter), message="ID2")
        item = await read_item(stored(held, site_secret(site.config)), site.blobs)

        def work(tx: WriteTx) -> int:
            tx.deliver([Target("folder", folder=tx.quarantine(owner))], item)
            return tx.enqueue(waiting)

        return int(await site.store.write(DELIVERY, work))

    def notes(tx: WriteTx) -> None:
        tx.count_tls([TlsResult("reported.test", DAY, "sts", "mx.reported.test", "success", count=3)])
        tx.note_dmarc([DmarcSeen(_day(), "reported.test", "{}")])

    who = server.read(lambda tx: tx.identity(tx.account(OWNER).id))
    server.site.run(site.store.write(who, lambda tx: tx.put_device(NewDevice("phone1", "Phone", "16.1", "{}"))))
    number = server.site.run(store())
    server.write(notes)
    [row] = [each for each in said(server, "quarantine", "list", "--json").json if each["sender"] == "a@far.test"]
    return {
        "rules": str(folder / "rules.toml"),
        "letter": str(folder / "letter.eml"),
        "mbox": str(folder / "mbox"),
        "to": str(folder / "exported"),
        "queued": str(number),
        "held": str(row["id"]),
    }


def _day() -> int:
    return int(datetime.strptime(DAY, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()) // 86400


def test_each_command_shows_something_or_changes_something() -> None:
    found = dict(leaves(typer.main.get_command(app)))
    assert set(found) == {*SHOWS, *WITH_NAMES, *CHANGES, *GIVES}
    takes_it = {name for name, each in found.items() if any("--json" in of.opts for of in each.params)}
    assert takes_it == {*SHOWS, *WITH_NAMES}


@pytest.mark.parametrize("command", SHOWS)
def test_what_is_shown_is_json_where_that_is_asked_for(
    server: RunningServer, made: dict[str, str], command: str
) -> None:
    words = [word.format(**made) for word in SHOWS[command].split()]
    got = said(server, *command.split(), *words, "--json")
    assert isinstance(json.loads(got.out), list | dict), (command, got)
    assert "internal error" not in got.err


def test_a_log_that_is_followed_gives_one_object_a_line() -> None:
    line = read_line("2026-11-27 13:25:00 +0200 08 mx1 IMAP:0000012A: login user=a@x")
    head = (line["module"], line["session"], line["level"], line["host"])
    assert (head, line["text"]) == (("IMAP", "0000012A", "INFO", "mx1"), "login user=a@x")
    assert read_line("  File x, line 3") == {"text": "  File x, line 3"}

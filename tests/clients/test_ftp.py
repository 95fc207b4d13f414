"""An account is backed up, deleted and put back, with the programs that people have for FTP."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from groupware.directory.password import seal
from groupware.model.principal import NewAccount
from groupware.model.rights import LEVELS, Right
from groupware.store.api import ReadTx, WriteTx
from tests.clients.account import Account
from tests.clients.letters import letters
from tests.clients.programs import Programs
from tests.support.server import PASSWORD, Person, RunningServer

EVENT = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:one\r\nDTSTAMP:20260101T000000Z\r\n"
    b"DTSTART:20260102T100000Z\r\nSUMMARY:One\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
FOLDERS = ("INBOX", "Work", "Work/Deep (a.b) #1", "Sent")


def administrator(server: RunningServer) -> Person:
    """Somebody who administers the domain of the tests, and nothing else."""
    person = server.account()

    def work(tx: WriteTx) -> None:
        (public,) = [each.account for each in tx.domains() if each.name == server.domain]
        assert public is not None
        tx.grant(tx.locate(public, "").id, person.address, Right.ADMIN)

    server.write(work)
    return person


def furnish(server: RunningServer) -> Person:
    """Somebody with mail that is not easy, an event, a script, an alias, a setting, and a folder that is shared."""
    person = server.account()
    with Account(server, person) as account:
        account.create("Work")
        account.create("Work/Deep (a.b) #1")
        first, *others = letters(12)
        account.put(first, first, flags="\\Seen $Work")
        account.put(*others[:4], b"Subject: odd\r\n\r\nbare\nLF, \r CR \xff and no end", flags="\\Flagged")
        account.put(*others[4:8], folder="Work", flags="\\Answered \\Draft")
        account.put(*others[8:], b"Subject: big\r\n\r\n" + b"0123456789\r\n" * 200_000, folder="Work/Deep (a.b) #1")
        account.put(first, folder="Sent", flags="\\Seen \\Deleted")

    def work(tx: WriteTx) -> None:
        found = tx.account(person.address)
        tx.put_alias(person.address, "other-" + person.address)
        tx.put_setting("mailboxSize", 54_321, found.id)
        tx.put_script("my.script", b"keep;\r\n", found.id)
        tx.activate_script("my.script", found.id)
        tx.grant(tx.locate(found.id, "Work").id, f"postmaster@{server.domain}", LEVELS["viewer"])

    server.write(work)
    return person


def state(server: RunningServer, person: Person) -> object:
    """All that has to be the same afterwards."""
    with Account(server, person) as account:
        mail = {
            folder: sorted((each.octets, sorted(each.flags)) for each in account.messages(folder)) for folder in FOLDERS
        }

    def work(tx: ReadTx) -> object:
        found = tx.account(person.address)
        settings = {each.name: each.value for each in tx.settings(found.id) if each.explicit}
        scripts = [(each.name, each.active, tx.script(each.name, found.id)) for each in tx.scripts(found.id)]
        grants = [(each.grantee, each.allow) for each in tx.grants(tx.locate(found.id, "Work").id)]
        saved = sorted(item.saved for item in tx.items(tx.locate(found.id, "Work").id, [(1, 2**32 - 1)]))  # type: ignore[list-item]
        return found.aliases, settings, scripts, grants, saved, tx.credentials(person.address)[1][0].value

    return mail, server.read(work)


def local(address: str) -> str:
    return address.partition("@")[0]


def backed_up(programs: Programs, server: RunningServer, admin: Person, person: Person) -> Path:
    """The tree of an account, as wget has it."""
    name = admin.address.replace("@", "%40")
    url = (
        f"ftp://{name}@127.0.0.1:{server.port('ftp_backup')}/domains/{server.domain}/accounts/{local(person.address)}/"
    )
    programs.run("wget", "-q", "-r", "-l", "inf", "-nH", "--cut-dirs=3", f"--password={admin.password}", url)
    return programs.home / local(person.address)


def lftp(programs: Programs, server: RunningServer, admin: Person, *commands: str) -> bytes:
    """What lftp says, over TLS."""
    trusting = f"set ssl:ca-file {programs.certificate}; set ssl:check-hostname no; set ftp:ssl-force yes"
    script = "; ".join([trusting, "set ftp:ssl-protect-data yes", "set cmd:fail-exit yes", *commands, "bye"])
    url = f"ftp://127.0.0.1:{server.port('ftp_backup')}"
    return programs.run("lftp", "-u", f"{admin.address},{admin.password}", "-e", script, url)


def test_an_account_comes_back_by_wget_and_lftp_as_it_was(server: RunningServer, programs: Programs) -> None:
    admin, person = administrator(server), furnish(server)
    before = state(server, person)
    tree = backed_up(programs, server, admin, person)
    server.write(lambda tx: tx.drop_account(person.address))
    there = f"/domains/{server.domain}/accounts/{local(person.address)}"
    lftp(programs, server, admin, f"mirror -R {tree} {there}")
    assert state(server, person) == before
    for name in ("account.json", "secrets.json"):  # other times, so they come again; and so does all mail
        (tree / name).touch()
    lftp(programs, server, admin, f"mirror -R --transfer-all {tree} {there}")
    assert state(server, person) == before


def test_lftp_takes_a_mirror_of_what_wget_takes(server: RunningServer, programs: Programs) -> None:
    admin, person = administrator(server), furnish(server)
    tree = backed_up(programs, server, admin, person)
    copy = programs.home / "copy"
    lftp(programs, server, admin, f"mirror /domains/{server.domain}/accounts/{local(person.address)} {copy}")
    assert _files(copy) == _files(tree)
    assert len(_files(copy)) > 20


def _files(tree: Path) -> dict[str, bytes]:
    return {str(each.relative_to(tree)): each.read_bytes() for each in sorted(tree.rglob("*")) if each.is_file()}


def curl(programs: Programs, server: RunningServer, admin: Person, path: str, *more: str | Path) -> bytes:
    """What curl writes, over TLS."""
    url = f"ftp://localhost:{server.port('ftp_backup')}/domains/{server.domain}/{path}"
    known = ("--ssl-reqd", "--cacert", programs.certificate, "-u", f"{admin.address}:{admin.password}")
    return programs.run("curl", "-sS", "--max-time", "30", *known, *more, url)


def test_curl_puts_an_account_and_its_mail_and_takes_them(server: RunningServer, programs: Programs) -> None:
    admin = administrator(server)
    (letter,) = letters(1)
    home = "accounts/by=2Ecurl"
    account, secrets = programs.home / "account.json", programs.home / "secrets.json"
    account.write_text('{"name": "By Curl"}')
    secrets.write_text(json.dumps({"secrets": [{"kind": "password", "value": seal(PASSWORD).hash}]}))
    message, event = programs.home / "x.eml", programs.home / "x.ics"
    message.write_bytes(letter)
    event.write_bytes(EVENT)
    name = "0000000001_20200203T040506000000_S+$Work.eml"
    wanted: Sequence[tuple[str, Path]] = (
        (f"{home}/account.json", account),
        (f"{home}/secrets.json", secrets),
        (f"{home}/folders/INBOX/{name}", message),
        (f"{home}/folders/Made/Here.calendar/x.ics", event),
    )
    for path, file in wanted:
        curl(programs, server, admin, path, "--ftp-create-dirs", "-T", file)
    assert curl(programs, server, admin, f"{home}/folders/INBOX/{name}") == letter
    assert curl(programs, server, admin, f"{home}/folders/Made/Here.calendar/x.ics") == EVENT
    with Account(server, Person(f"by.curl@{server.domain}")) as found:
        (there,) = found.messages()
    assert (there.octets, there.flags) == (letter, {"\\Seen", "$Work"})


def test_a_stranger_and_a_user_get_nothing(server: RunningServer, programs: Programs) -> None:
    server.write(lambda tx: tx.put_account(NewAccount(f"nothing@{server.domain}")))
    for person in (server.account(), Person(f"nothing@{server.domain}")):
        url = f"ftp://127.0.0.1:{server.port('ftp_backup')}/"
        said = programs.run(
            "curl", "-sS", "-u", f"{person.address}:{person.password}", url, "-w", "%{response_code}", status=67
        )
        assert said == b"530"

"""Remote POP from Debian's Dovecot: over TLS both ways, kept and removed, and each message once whatever is killed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from groupware.model.ids import EVERY
from groupware.model.remote import RemoteBox
from groupware.store.api import ReadTx, WriteTx
from mailcore.rpop.secret import sealed
from mailcore.server.config import load
from mailcore.server.storage import site_secret
from tests.support.dovecot import PASSWORD, Dovecot, dovecot
from tests.support.patience import until
from tests.support.poppeer import letter
from tests.support.server import Person, RunningServer, opened, running, started, stop

TOML = '[service.rpop]\nenabled = true\n[rpop]\nprivate = true\nports = []\nauthorities = "{authority}"\n'
MANY = 120


@pytest.fixture(scope="module")
def far() -> Iterator[Dovecot]:
    with dovecot() as made:
        yield made


def folder(tmp_path: Path, far: Dovecot) -> Path:
    (tmp_path / "postroom.toml").write_text(TOML.format(authority=far.authority))
    return tmp_path


def add(server: RunningServer, person: Person, far: Dovecot, user: str, tls: Any, *, keep: bool) -> None:
    secret = sealed(PASSWORD, site_secret(server.site.config))

    def work(tx: WriteTx) -> None:
        account = tx.account(person.address).id
        new = RemoteBox(0, account, "127.0.0.1", far.ports[tls], tls, user, secret, None, 10, keep)
        tx.put_remote_box(new, account)

    server.write(work)


def box(server: RunningServer, person: Person) -> RemoteBox:
    [found] = server.read(lambda tx: tx.remote_boxes(person.address))
    return found


def came(server: RunningServer, person: Person) -> list[str]:
    """The subjects of what is in the INBOX."""

    def work(tx: ReadTx) -> list[str]:
        at = tx.locate(tx.account(person.address).id, "INBOX").id
        return [str(subject).lower() for _, subject in tx.columns(at, ("subject",), EVERY)]

    return sorted(server.read(work))


def until_done(server: RunningServer, person: Person, count: int) -> RemoteBox:
    """The mailbox, once so many have come and nobody is at it."""

    def done() -> RemoteBox | None:
        found = box(server, person)
        return found if found.fetched >= count and found.done and not found.lease else None

    return until(done, lambda: box(server, person))


@pytest.mark.parametrize("tls", ["implicit", "start"])
def test_mail_is_fetched_and_kept_or_removed(tmp_path: Path, far: Dovecot, tls: str) -> None:
    with running(folder(tmp_path, far)) as server:
        for keep in (True, False):
            user, person = f"{tls}{keep}".lower(), server.account()
            far.put(user, *(letter(f"{user}{number}") for number in range(3)))
            add(server, person, far, user, tls, keep=keep)
            found = until_done(server, person, 3)
            assert (found.said, found.fetched, far.left(user)) == ("", 3, 3 if keep else 0)
            assert came(server, person) == [f"{user}{number}" for number in range(3)]


def test_each_message_comes_once_however_often_the_server_is_killed(tmp_path: Path, far: Dovecot) -> None:
    data = folder(tmp_path, far)
    far.put("killed", *(letter(f"k{number:03}") for number in range(MANY)))
    with opened(load(data / "postroom.toml", data=data, environ={})) as site:
        here = RunningServer(None, data, 0, site)  # type: ignore[arg-type]  # no process yet
        person = here.account()
        add(here, person, far, "killed", "implicit", keep=False)
        kills, seen = 0, 0
        while kills < 2:
            process, _ = started(data)
            until(lambda: (now := box(here, person)).fetched > seen or now.done)  # noqa: B023
            process.kill()
            process.communicate()
            kills, seen = kills + 1, box(here, person).fetched
            released(here, person)
        assert Counter(came(here, person)).most_common(1)[0][1] == 1
        process, _ = started(data)
        until_done(here, person, MANY)
        assert stop(process) == 0
        assert came(here, person) == [f"k{number:03}" for number in range(MANY)]
        assert far.left("killed") == 0


def released(here: RunningServer, person: Person) -> None:
    """As if so much time had passed that the lease of who was killed is over."""
    found = box(here, person)
    if found.lease:
        here.write(lambda tx: tx.settle_remote_box(found, 0, found.tries, ""))

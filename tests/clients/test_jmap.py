"""JMAP: curl is led to the session and moves octets; the Python library jmapc reads, writes, sends and listens."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import jmapc
import pytest
from jmapc import methods

from tests.clients.account import Account
from tests.clients.programs import Programs
from tests.support.server import RunningServer


def test_curl_is_led_to_the_session(server: RunningServer, programs: Programs, alice: Account) -> None:
    base = f"https://localhost:{server.port('https')}"
    who = ("-u", f"{alice.address}:{alice.password}")
    got = programs.run("curl", "-sS", "-L", "--cacert", str(programs.certificate), *who, f"{base}/.well-known/jmap")
    session = json.loads(got)
    assert session["username"] == alice.address
    assert session["apiUrl"] == f"{base}/jmap/api"


def test_curl_brings_octets_up_and_down(server: RunningServer, programs: Programs, alice: Account) -> None:
    base = f"https://localhost:{server.port('https')}/jmap"
    curl = ("curl", "-sS", "--cacert", str(programs.certificate), "-u", f"{alice.address}:{alice.password}")
    account = json.loads(programs.run(*curl, f"{base}/session"))["primaryAccounts"]["urn:ietf:params:jmap:mail"]
    said = json.loads(
        programs.run(
            *curl, "-H", "content-type: text/plain", "--data-binary", "some octets", f"{base}/upload/{account}"
        )
    )
    assert said["size"] == 11
    assert programs.run(*curl, f"{base}/download/{account}/{said['blobId']}/x.txt") == b"some octets"


Connect = Callable[[Account], jmapc.Client]


@pytest.fixture
def connect(server: RunningServer, programs: Programs, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connect]:
    """Signs somebody in with jmapc."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(programs.certificate))
    made: list[jmapc.Client] = []

    def connected(who: Account) -> jmapc.Client:
        host = f"localhost:{server.port('https')}"
        made.append(jmapc.Client.create_with_password(host, who.address, who.password))
        return made[-1]

    yield connected
    for each in made:
        each.requests_session.close()


def mailbox(of: jmapc.Client, role: str) -> str:
    sought = jmapc.MailboxQueryFilterCondition(role=role)
    found = of.request(methods.MailboxQuery(filter=sought), raise_errors=True)
    assert isinstance(found, methods.MailboxQueryResponse)
    return str(found.ids[0])


def draft(of: jmapc.Client, me: str, to: str) -> str:
    """The id of a draft with an attachment."""
    email = jmapc.Email(
        mail_from=[jmapc.EmailAddress(name="Ä.", email=me)],
        to=[jmapc.EmailAddress(email=to)],
        subject="Grüße from jmapc",
        keywords={"$draft": True},
        mailbox_ids={mailbox(of, "drafts"): True},
        body_values={"b": jmapc.EmailBodyValue(value="Hällo\nthere")},
        text_body=[jmapc.EmailBodyPart(part_id="b", type="text/plain")],
    )
    made = of.request(methods.EmailSet(create={"d": email}), raise_errors=True)
    assert isinstance(made, methods.EmailSetResponse) and made.created
    return str(made.created["d"].id)


def test_jmapc_writes_a_message_and_sends_it(connect: Connect, alice: Account, bob: Account) -> None:
    here = connect(alice)
    [identity, *_] = here.request(methods.IdentityGet(), raise_errors=True).data  # type: ignore[union-attr]
    assert identity.email == alice.address
    email, sent = draft(here, alice.address, bob.address), mailbox(here, "sent")
    submission = jmapc.EmailSubmission(email_id=email, identity_id=identity.id)
    after = {"#s": {"mailboxIds": {sent: True}, "keywords/$draft": None}}
    answers = here.request([methods.EmailSubmissionSet(create={"s": submission}, on_success_update_email=after)])
    assert [type(each.response).__name__ for each in answers] == ["EmailSubmissionSetResponse", "EmailSetResponse"]
    [message] = bob.until(1)
    assert b"Hello" not in message.octets and alice.messages("Sent") and not alice.messages("Drafts")
    there = connect(bob)
    sought = jmapc.EmailQueryFilterCondition(in_mailbox=mailbox(there, "inbox"))
    [_, got] = there.request(
        [
            methods.EmailQuery(filter=sought, limit=1),
            methods.EmailGet(ids=jmapc.Ref("/ids"), fetch_text_body_values=True),
        ]
    )
    [read] = got.response.data  # type: ignore[union-attr]
    assert read.subject == "Grüße from jmapc" and read.mail_from[0].email == alice.address
    assert [each.value for each in read.body_values.values()] == ["Hällo\nthere\n"]


def test_jmapc_takes_back_what_waits(connect: Connect, alice: Account, bob: Account) -> None:
    here = connect(alice)
    [identity, *_] = here.request(methods.IdentityGet(), raise_errors=True).data  # type: ignore[union-attr]
    envelope = jmapc.Envelope(
        mail_from=jmapc.Address(email=alice.address, parameters={"HOLDFOR": "3600"}),
        rcpt_to=[jmapc.Address(email=bob.address)],
    )
    email = draft(here, alice.address, bob.address)
    submission = jmapc.EmailSubmission(email_id=email, identity_id=identity.id, envelope=envelope)
    made = here.request(methods.EmailSubmissionSet(create={"s": submission}), raise_errors=True)
    assert isinstance(made, methods.EmailSubmissionSetResponse) and made.created
    number = str(made.created["s"].id)
    update = {number: {"undoStatus": "canceled"}}
    here.request(methods.EmailSubmissionSet(update=update), raise_errors=True)
    got = here.request(methods.EmailSubmissionGet(ids=[number]), raise_errors=True)
    assert got.data[0].undo_status == jmapc.UndoStatus.CANCELED  # type: ignore[union-attr]
    assert bob.messages() == []


def test_jmapc_makes_mailboxes_and_files_mail(connect: Connect, alice: Account, tmp_path: Path) -> None:
    here = connect(alice)
    alice.put(b"Subject: to be filed\r\n\r\nHello\r\n")
    made = here.request(methods.MailboxSet(create={"m": jmapc.Mailbox(name="Filed")}), raise_errors=True)
    assert isinstance(made, methods.MailboxSetResponse) and made.created
    at = str(made.created["m"].id)
    found = here.request(methods.EmailQuery(), raise_errors=True)
    assert isinstance(found, methods.EmailQueryResponse)
    here.request(methods.EmailSet(update={found.ids[0]: {"mailboxIds": {at: True}, "keywords/$seen": True}}))
    [message] = alice.messages("Filed")
    assert message.flags == {"\\Seen"} and alice.messages() == []
    file = tmp_path / "note.txt"
    file.write_text("up")
    assert here.upload_blob(file).size == 2


LISTEN = """
import sys, jmapc
client = jmapc.Client.create_with_password(*sys.argv[1:], last_event_id="long ago")
for event in client.events:
    print(event.data.changed[client.account_id].email, flush=True)
"""


def test_jmapc_hears_of_new_mail(server: RunningServer, programs: Programs, alice: Account) -> None:
    host, trusted = f"localhost:{server.port('https')}", {"REQUESTS_CA_BUNDLE": str(programs.certificate)}
    listen = [sys.executable, "-c", LISTEN, host, alice.address, alice.password]
    with subprocess.Popen(listen, stdout=subprocess.PIPE, text=True, env={**os.environ, **trusted}) as listening:
        try:
            assert listening.stdout is not None
            before = listening.stdout.readline()
            alice.put(b"Subject: new\r\n\r\nHello\r\n")
            assert before.strip() and listening.stdout.readline().strip() not in ("", before.strip())
        finally:
            listening.kill()

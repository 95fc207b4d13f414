"""Mail that is passed on has a sender of ours, and what comes back to it finds the first sender: all the way round."""

from __future__ import annotations

from email import message_from_bytes
from pathlib import Path

from groupware.model.principal import OPERATOR
from groupware.store.api import WriteTx
from tests.support.postoffice import Place, post_office
from tests.support.smtppeer import Peer, serving
from tests.support.smtpstand import stand, talker

ANN, ALICE, CARL = "ann@far.test", "alice@example.test", "carl@elsewhere.test"
LETTER = f"From: {ANN}\r\nTo: {ALICE}\r\nSubject: there\r\n\r\nhello\r\n".encode()
REPORT = b"From: MAILER-DAEMON@elsewhere.test\r\nSubject: back\r\n\r\nIt could not be delivered.\r\n"


async def test_a_report_about_what_was_forwarded_reaches_who_has_sent_it_first(tmp_path: Path) -> None:
    async with (
        serving(Peer()) as peer,
        post_office(Place(tmp_path), smart_host=f"127.0.0.1:{peer.port}") as office,
        stand(tmp_path, real=office.parts) as there,
        talker(there.port) as caller,
    ):

        def forward(tx: WriteTx) -> None:
            tx.put_setting("forwardTo", CARL, tx.account(ALICE).id)

        await office.store.write(OPERATOR, forward)
        office.start("processing", "smtp_outgoing")
        assert (await caller.deliver(ANN, [ALICE], LETTER)).startswith("250 ")
        await office.emptied()
        passed_on = peer.taken[-1]
        assert passed_on.recipients == [CARL]
        assert passed_on.sender.startswith("SRS0=")
        assert passed_on.sender.endswith("=far.test=ann@example.test")
        assert (await caller.deliver("", [passed_on.sender], REPORT)).startswith("250 ")
        await office.emptied()
        back = peer.taken[-1]
        assert (back.sender, back.recipients) == ("", [ANN])
        assert message_from_bytes(back.octets)["Subject"] == "back"


async def test_nobody_sends_through_us_by_such_an_address_of_their_own_making(tmp_path: Path) -> None:
    async with (
        post_office(Place(tmp_path)) as office,
        stand(tmp_path, real=office.parts) as there,
        talker(there.port) as caller,
    ):
        await caller.ask("MAIL FROM:<>")
        said = await caller.ask("RCPT TO:<SRS0=abcdefgh=aa=victim.test=ann@example.test>")
        assert said.startswith("550 ")
        assert await office.queue() == []

"""Python's own clients: what a script does with mail, over TLS both ways."""

import email
import email.policy
import imaplib
import poplib
import smtplib
import ssl
from email.message import EmailMessage

import pytest

from tests.clients.account import Account
from tests.clients.letters import letters
from tests.clients.programs import Programs
from tests.support.server import RunningServer


@pytest.fixture
def trusting(programs: Programs) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(programs.certificate))


@pytest.mark.parametrize("midway", [True, False])
def test_smtplib_sends_to_several_with_international_text(
    server: RunningServer, trusting: ssl.SSLContext, alice: Account, bob: Account, midway: bool
) -> None:
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = alice.address, bob.address, "Grüße aus Köln"
    letter.set_content("Es grüßt\nA.\n.\n")
    if midway:
        smtp = smtplib.SMTP("localhost", server.port("submission"), timeout=30)
        smtp.starttls(context=trusting)
    else:
        smtp = smtplib.SMTP_SSL("localhost", server.port("submissions"), timeout=30, context=trusting)
    with smtp:
        smtp.login(alice.address, alice.password)
        assert smtp.send_message(letter, to_addrs=[alice.address, bob.address]) == {}
        with pytest.raises(smtplib.SMTPSenderRefused):
            smtp.sendmail(bob.address, [bob.address], b"Subject: x\r\n\r\n")
    for account in (alice, bob):
        (found,) = account.until(1)
        came = email.message_from_bytes(found.octets, policy=email.policy.default)
        assert came["Subject"] == "Grüße aus Köln"
        assert came.get_content().splitlines() == ["Es grüßt", "A.", "."]


@pytest.mark.parametrize("midway", [True, False])
def test_imaplib_works_on_a_folder(
    server: RunningServer, trusting: ssl.SSLContext, alice: Account, midway: bool
) -> None:
    one, two = letters(2)
    if midway:
        imap = imaplib.IMAP4("localhost", server.port("imap"), timeout=30)
        imap.starttls(trusting)
    else:
        imap = imaplib.IMAP4_SSL("localhost", server.port("imaps"), ssl_context=trusting, timeout=30)
    with imap:
        imap.login(alice.address, alice.password)
        assert imap.create("Work")[0] == "OK"
        for letter in (one, two):
            assert imap.append("Work", "", "", letter)[0] == "OK"
        assert imap.select("Work") == ("OK", [b"2"])
        assert imap.store("1", "+FLAGS", "(\\Answered)")[0] == "OK"
        assert imap.uid("SEARCH", "UNANSWERED") == ("OK", [b"2"])
        assert imap.uid("COPY", "1", "INBOX")[0] == "OK"
        assert imap.uid("STORE", "1", "+FLAGS.SILENT", "(\\Deleted)")[0] == "OK"
        assert imap.expunge() == ("OK", [b"1"])
        status, fetched = imap.fetch("1", "(RFC822)")
        assert status == "OK"
        assert isinstance(fetched[0], tuple)
        assert fetched[0][1] == two
    (copied,) = alice.messages()
    assert (copied.octets, copied.flags) == (one, {"\\Answered"})
    assert [message.octets for message in alice.messages("Work")] == [two]


def test_poplib_and_imap_see_one_mailbox(server: RunningServer, trusting: ssl.SSLContext, alice: Account) -> None:
    sent = letters(3)
    alice.put(*sent)
    pop = poplib.POP3_SSL("localhost", server.port("pop3s"), context=trusting, timeout=30)
    pop.user(alice.address)
    pop.pass_(alice.password)
    assert pop.stat() == (3, sum(map(len, sent)))
    assert b"\r\n".join(pop.retr(1)[1]) + b"\r\n" == sent[0]
    first = alice.messages()[0]
    assert first.flags == {"\\Seen"}  # RETR is seen in IMAP at once
    alice.flag(first.uid + 1, "\\Deleted")
    alice.expunge()  # and what IMAP removes leaves an empty number
    assert pop.list()[1] == [b"1 %d" % len(sent[0]), b"2 0", b"3 %d" % len(sent[2])]
    with pytest.raises(poplib.error_proto, match="removed"):
        pop.retr(2)
    pop.dele(3)
    pop.quit()
    assert [message.octets for message in alice.messages()] == [sent[0]]

"""mutt: a person reads, flags, files and throws away, then writes a letter."""

import email
import email.policy

from tests.clients.account import Account
from tests.clients.letters import letters, unix
from tests.clients.programs import Programs
from tests.support.server import RunningServer

READING = """
set imap_user="{user}"
set imap_pass="{password}"
set folder="imaps://localhost:{imaps}/"
set spoolfile="+INBOX"
set ssl_starttls=yes
set ssl_force_tls=yes
set certificate_file="{certificate}"
set ssl_use_system_certs=no
set header_cache=""
set quit=yes
set delete=yes
set confirmcreate=no
set confirmappend=no
set move=no
set wait_key=no
set sort=mailbox-order
set mark_old=no
set crypt_use_gpgme=no
"""

WRITING = """
set smtp_url="smtp://{user_escaped}@localhost:{submission}/"
set smtp_pass="{password}"
set smtp_authenticators="plain"
set from="{user}"
set realname="A Person"
set use_envelope_from=yes
set record="+Sent"
set hostname="client.test"
"""


def configuration(server: RunningServer, programs: Programs, account: Account) -> str:
    return (READING + WRITING).format(
        user=account.address,
        user_escaped=account.address.replace("@", "%40"),
        password=account.password,
        imaps=server.port("imaps"),
        submission=server.port("submission"),
        certificate=programs.certificate,
    )


def test_it_reads_flags_files_and_throws_away(server: RunningServer, programs: Programs, alice: Account) -> None:
    sent = letters(4)
    alice.put(*sent)
    alice.create("Kept")
    rc = programs.file("muttrc", configuration(server, programs, alice))
    keys = (
        "<first-entry><display-message><exit>"  # the first is read
        "<jump>2<enter><flag-message>"  # the second is flagged
        "<jump>3<enter><save-message><kill-line>=Kept<enter>"  # the third is filed
        "<jump>4<enter><delete-message>"  # the fourth is thrown away
        "<sync-mailbox><quit>"
    )
    programs.at_terminal("mutt", "-n", "-F", rc, "-e", f"push '{keys}'")
    found = {message.octets: message.flags for message in alice.messages()}
    assert set(found) == set(sent[:2])
    assert found[sent[0]] == {"\\Seen"}
    assert "\\Flagged" in found[sent[1]]
    assert [message.octets for message in alice.messages("Kept")] == [sent[2]]


def test_it_sends_with_an_attachment_and_keeps_a_copy(
    server: RunningServer, programs: Programs, alice: Account, bob: Account
) -> None:
    rc = programs.file("muttrc", configuration(server, programs, alice))
    note = programs.file("note.txt", "Grüße\n")
    programs.run("mutt", "-n", "-F", rc, "-s", "Käse", "-a", note, "--", bob.address, stdin=b"Here it is.\n")
    (found,) = bob.until(1)
    (kept,) = alice.messages("Sent")
    assert kept.flags == {"\\Seen"}
    for octets in (found.octets, kept.octets):
        letter = email.message_from_bytes(unix(octets), policy=email.policy.default)
        text, attached = letter.iter_parts()
        assert letter["Subject"] == "Käse"
        assert text.get_content() == "Here it is.\n"
        assert (attached.get_filename(), attached.get_content()) == ("note.txt", "Grüße\n")

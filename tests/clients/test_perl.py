"""Perl's Mail::IMAPClient, as scripts use it."""

from __future__ import annotations

import json

from tests.clients.account import Account
from tests.clients.letters import letters
from tests.clients.programs import Programs
from tests.support.server import RunningServer

SCRIPT = r"""
use strict; use warnings; use Mail::IMAPClient; use JSON::PP;
my ($port, $user, $password, $ca, $letter) = @ARGV;
open(my $in, '<:raw', $letter) or die $!; my $text = do { local $/; <$in> };
my $imap = Mail::IMAPClient->new(
    Server => 'localhost', Port => $port, User => $user, Password => $password, Uid => 1, Timeout => 20,
    Ssl => [ SSL_ca_file => $ca, SSL_verify_mode => 1 ],
) or die "no session: $@";
my %found;
sub did { my ($name, $value) = @_; defined $value or die "$name: " . $imap->LastError; $found{$name} = $value; }
did(create => $imap->create('Kept') ? 1 : undef);
did(append => $imap->append_string('INBOX', $text, '\Flagged') ? 1 : undef);
did(append_again => $imap->append_string('INBOX', $text) ? 1 : undef);
did(select => $imap->select('INBOX') ? 1 : undef);
did(count => $imap->message_count);
did(flagged => [ $imap->search('FLAGGED') ]);
did(size => $imap->size(1));
did(whole => $imap->message_string(1) eq $text ? 1 : 0);
did(subject => $imap->get_header(1, 'Subject'));
did(structure => $imap->get_bodystructure(1)->bodytype);
did(envelope => $imap->get_envelope(1)->subject);
did(see => $imap->see(1) ? 1 : undef);
did(move => $imap->move('Kept', 1) ? 1 : undef);
did(expunge => $imap->expunge ? 1 : undef);
did(left => [ $imap->messages ]);
did(folders => [ sort $imap->folders ]);
did(separator => $imap->separator);
did(status => $imap->status('Kept', 'MESSAGES') ? 1 : undef);
did(acl => $imap->getacl('Kept'));
$imap->logout;
print encode_json(\%found);
"""


def test_a_script_appends_searches_and_files(server: RunningServer, programs: Programs, alice: Account) -> None:
    letter = letters(1)[0]
    script, file = programs.file("script.pl", SCRIPT), programs.home / "letter"
    file.write_bytes(letter)
    said = programs.run(
        "perl", script, str(server.port("imaps")), alice.address, alice.password, programs.certificate, file
    )
    found = json.loads(said)
    assert (int(found["count"]), int(found["size"]), found["whole"]) == (2, len(letter), 1)
    assert found["flagged"] == ["1"]
    assert found["left"] == ["2"]
    assert {"INBOX", "Kept", "Sent", "Trash"} <= set(found["folders"])
    assert found["separator"] == "/"
    assert list(found["acl"]) == [alice.address]
    (kept,) = alice.messages("Kept")
    assert kept.octets == letter
    assert {"\\Seen", "\\Flagged"} <= kept.flags

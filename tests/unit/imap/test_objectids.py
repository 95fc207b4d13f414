"""What messages and threads are called, by IMAP and by JMAP alike."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from groupware.mime.keys import keys_of
from groupware.mime.summary import summarize
from groupware.mime.threads import thread_id
from groupware.model.ids import ItemId
from mailcore.imap import objectids
from web.jmap.ids import email_id


@given(st.integers(1, 2**63 - 1))
def test_an_email_id_is_the_same_in_both_protocols(email: int) -> None:
    assert objectids.email_of(email_id(ItemId(email)).encode()) == email


@given(st.one_of(st.binary(max_size=60), st.from_regex(rb"[0-9]{1,25}", fullmatch=True)))
def test_what_is_no_email_id_says_none(octets: bytes) -> None:
    assert objectids.email_of(b"X" + octets) is None
    found = objectids.email_of(b"M" + octets)
    assert found is None or (b"%d" % found == octets and 0 < found < 2**63)


_IDS = st.lists(st.sampled_from([b"<a@x>", b"<b@x>", b"c", b"<>", b"(d) <e@x>"]), max_size=3).map(b" ".join)


@given(_IDS, _IDS, _IDS)
def test_a_thread_has_one_name_in_both_protocols(own: bytes, answered: bytes, references: bytes) -> None:
    header = b"Message-ID: %b\r\nIn-Reply-To: %b\r\nReferences: %b\r\n\r\nx" % (own, answered, references)
    summary = summarize(header)
    keys = keys_of(summary)
    by_imap = objectids.thread_id(summary.encode())
    by_jmap = thread_id(ItemId(7), keys.message_id, "\n".join(keys.references))
    assert by_jmap == (b"TM7" if by_imap is None else by_imap).decode()

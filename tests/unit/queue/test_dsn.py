"""Reports: their structure, and what they say. RFC 3464, RFC 6522, RFC 6533."""

from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupware.model.event import Envelope, Recipient
from groupware.model.ids import BlobId
from mailcore.queue.dsn import MOST_RETURNED, Fate, Occasion, compose, header_of
from mailcore.queue.words import Action, Words, words_of
from mailcore.server.sections_mail import NoticeSection, QueueSection
from tests.support.outbox import MAIL, as_email

QUEUED = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 1, 2, tzinfo=UTC)
BOB = Fate(Recipient("bob@there.test"), "5.1.1", "550 5.1.1 no such user", "mx.there.test")


def occasion(action: Action = "failed", octets: bytes = MAIL, **envelope: object) -> Occasion:
    made = Envelope(**{"sender": "alice@here.test", "recipients": (), "blob": BlobId(""), "size": 1, **envelope})
    return Occasion(action, made, octets, QUEUED, NOW, "mx.here.test", datetime(2026, 1, 5, tzinfo=UTC))


def report(*fates: Fate, words: Words | None = None, **about: object) -> EmailMessage:
    return as_email(compose(occasion(**about), fates or (BOB,), words).octets)


def parts(message: EmailMessage) -> list[EmailMessage]:
    return [part for part in message.iter_parts() if isinstance(part, EmailMessage)]


def statuses(message: EmailMessage) -> list[dict[str, str]]:
    """The groups of fields of the part that programs read."""
    payload = parts(message)[1].get_payload()
    assert isinstance(payload, list)
    return [{name: str(value) for name, value in group.items()} for group in payload]


def test_a_report_has_its_three_parts() -> None:
    message = report()
    assert message.get_content_type() == "multipart/report"
    assert message.get_param("report-type") == "delivery-status"
    assert [part.get_content_type() for part in parts(message)] == [
        "text/plain",
        "message/delivery-status",
        "text/rfc822-headers",
    ]
    assert message.defects == []


@pytest.mark.parametrize("status", ["4.2.2", "5.2.2"])
def test_how_much_a_mailbox_here_holds_is_told_to_nobody_else(status: str) -> None:
    message = report(Fate(Recipient("bob@here.test"), status, "mailbox of bob: it has 3 items and may have 3"))
    assert statuses(message)[1]["Diagnostic-Code"] == "X-Postroom; The mailbox is full."
    assert "3 items" not in message.as_string()
    other = report(Fate(Recipient("bob@there.test"), status, "452 4.2.2 it holds 3 of 3", "mx.there.test"))
    assert statuses(other)[1]["Diagnostic-Code"] == "smtp; 452 4.2.2 it holds 3 of 3"


def test_its_header_says_who_it_is_from_and_that_a_program_wrote_it() -> None:
    message = report()
    assert message["From"] == "Mail Delivery System <MAILER-DAEMON@mx.here.test>"
    assert message["To"] == "alice@here.test"
    assert message["Auto-Submitted"] == "auto-replied"
    assert message["In-Reply-To"] == message["References"] == "<one@here.test>"
    assert message["Message-ID"].endswith("@mx.here.test>")
    assert message["Date"] == "Fri, 02 Jan 2026 00:00:00 +0000"


def test_the_fields_for_programs() -> None:
    to = Recipient("bob@there.test", "", "rfc822;Bob+2Bx@alias.test")
    fate = Fate(to, "5.1.1", "550 5.1.1 no such user", "mx.there.test")
    whole, bob = statuses(report(fate, envid="QQ+3D31"))
    assert whole == {
        "Original-Envelope-Id": "QQ=31",
        "Reporting-MTA": "dns; mx.here.test",
        "Arrival-Date": "Thu, 1 Jan 2026 00:00:00 +0000",
    }
    assert bob == {
        "Original-Recipient": "rfc822; Bob+x@alias.test",
        "Final-Recipient": "rfc822; bob@there.test",
        "Action": "failed",
        "Status": "5.1.1",
        "Remote-MTA": "dns; mx.there.test",
        "Diagnostic-Code": "smtp; 550 5.1.1 no such user",
        "Last-Attempt-Date": "Fri, 2 Jan 2026 00:00:00 +0000",
    }


def test_each_recipient_has_its_own_fields() -> None:
    here = Fate(Recipient("carl@here.test"), "5.2.2", "The mailbox is full.")
    groups = statuses(report(BOB, here))
    assert [group.get("Final-Recipient") for group in groups[1:]] == [
        "rfc822; bob@there.test",
        "rfc822; carl@here.test",
    ]
    assert "Remote-MTA" not in groups[2]
    assert groups[2]["Diagnostic-Code"] == "X-Postroom; The mailbox is full."


def test_a_delay_says_how_long_it_is_tried() -> None:
    message = report(action="delayed")
    assert statuses(message)[1]["Action"] == "delayed"
    assert statuses(message)[1]["Will-Retry-Until"] == "Mon, 5 Jan 2026 00:00:00 +0000"
    assert "until Mon, 5 Jan 2026" in parts(message)[0].get_content()


@pytest.mark.parametrize("action", ["delivered", "relayed"])
def test_a_success_names_its_action(action: Action) -> None:
    message = report(Fate(Recipient("bob@there.test"), "2.0.0", "250 ok", "mx"), action=action)
    assert statuses(message)[1]["Action"] == action


def test_people_read_which_recipient_what_was_said_and_what_to_do() -> None:
    text = parts(report())[0].get_content()
    assert "bob@there.test" in text
    assert "mx.there.test said: 550 5.1.1 no such user" in text
    assert "Check the address for spelling." in text
    assert "mx.here.test" in text


def test_people_read_the_address_that_they_wrote() -> None:
    fate = Fate(Recipient("bob@there.test", "", "rfc822;list@here.test"), "5.1.1", "no")
    assert "bob@there.test (you wrote to list@here.test)" in parts(report(fate))[0].get_content()


def test_words_are_the_administrator_s() -> None:
    words = Words("Oh dear from $host", "Head.", "$recipient: $reason", "Tail $unknown.", "Post office", "nothing")
    message = report(words=words)
    assert message["Subject"] == "Oh dear from mx.here.test"
    assert message["From"].startswith("Post office <")
    assert parts(message)[0].get_content().split() == (
        [
            "Head.",
            "bob@there.test:",
            "mx.there.test",
            "said:",
            "550",
            "5.1.1",
            "no",
            "such",
            "user",
            "Tail",
            "$unknown.",
        ]
    )
    assert len(parts(message)) == 2


def test_the_words_of_the_configuration_replace_the_usual_ones() -> None:
    section = QueueSection(failure_notice=NoticeSection(subject="Returned", attach="message"))
    words = words_of(section)
    message = report(words=words["failed"])
    assert message["Subject"] == "Returned"
    assert "could not be delivered to" in parts(message)[0].get_content()
    assert parts(message)[2].get_content_type() == "message/rfc822"
    assert words["delayed"].subject == "Delayed mail (still being tried)"


# --- what comes back


def test_the_header_comes_back_without_the_text() -> None:
    assert parts(report())[2].get_payload() == MAIL.partition(b"\r\n\r\n")[0].decode() + "\r\n\r\n"


def test_the_whole_message_comes_back_when_that_was_asked() -> None:
    returned = parts(report(ret="FULL"))[2]
    assert returned.get_content_type() == "message/rfc822"
    assert as_email(returned.get_content().as_bytes()).get_content() == "Hello.\r\n"


def test_a_large_message_comes_back_as_its_header() -> None:
    octets = MAIL + b"x" * 70 + b"\r\n" * MOST_RETURNED
    assert parts(report(ret="FULL", octets=octets))[2].get_content_type() == "text/rfc822-headers"


def test_a_success_brings_back_the_header_alone() -> None:
    assert parts(report(ret="FULL", action="delivered"))[2].get_content_type() == "text/rfc822-headers"


def test_a_message_that_is_lost_does_not_come_back() -> None:
    assert len(parts(report(octets=b""))) == 2


@pytest.mark.parametrize(
    ("octets", "length"),
    [
        (b"A: 1\r\n\r\nbody\n\n", 8),
        (b"A: 1\n\nbody\r\n\r\n", 6),
        (b"A: 1\n\r\nbody", 7),
        (b"A: 1\n\n\r\nbody", 6),
        (b"\r\n\r\nbody", 4),
        (b"A: 1\r\n", 6),
    ],
)
def test_the_header_ends_with_the_first_blank_line_however_lines_end(octets: bytes, length: int) -> None:
    assert header_of(octets) == octets[:length]


def test_the_header_of_a_message_that_is_nothing_else_is_bounded() -> None:
    endless = b"X: y\r\n" * 100_000
    assert len(header_of(endless)) <= 65_536
    assert header_of(endless).endswith(b"\r\n")


# --- beyond ASCII


def test_a_report_to_an_international_sender_is_a_global_one() -> None:
    mail = MAIL.replace(b"hello", "größe".encode())
    made = compose(occasion(octets=mail, sender="ålice@here.test", utf8=True), [BOB])
    message = as_email(made.octets)
    assert made.utf8
    assert [part.get_content_type() for part in parts(message)] == [
        "text/plain",
        "message/global-delivery-status",
        "message/global-headers",
    ]
    assert "To: ålice@here.test\r\n".encode() in made.octets


def test_an_international_recipient_in_a_report_to_an_ascii_sender_is_encoded() -> None:
    fate = Fate(Recipient("bøb@there.test"), "5.6.7", "no SMTPUTF8")
    made = compose(occasion(), [fate])
    assert not made.utf8
    assert statuses(as_email(made.octets))[1]["Final-Recipient"] == "utf-8; b\\x{F8}b@there.test"


def test_what_a_host_said_beyond_ascii_does_not_break_the_fields() -> None:
    fate = Fate(Recipient("bob@there.test"), "5.0.0", "550 größer\r\nX: y \udcff", "mx")
    made = compose(occasion(), [fate])
    assert statuses(as_email(made.octets))[1]["Diagnostic-Code"] == "smtp; 550 gr??er X: y ?"


def test_a_word_without_end_is_broken_into_lines() -> None:
    made = compose(occasion(utf8=True), [Fate(Recipient("bob@there.test"), "5.0.0", "größe" * 500, "mx")])
    assert max(map(len, made.octets.split(b"\r\n"))) <= 998


@given(text=st.text(max_size=3000), host=st.text(max_size=100), address=st.text(min_size=1, max_size=100))
def test_nothing_that_was_said_can_add_a_field_or_a_part(text: str, host: str, address: str) -> None:
    made = compose(occasion(), [Fate(Recipient(address), "5.0.0", text, host)])
    message = as_email(made.octets)
    assert len(parts(message)) == 3
    assert len(statuses(message)) == 2
    assert set(statuses(message)[1]) <= {
        "Final-Recipient",
        "Action",
        "Status",
        "Remote-MTA",
        "Diagnostic-Code",
        "Last-Attempt-Date",
    }
    assert max(map(len, made.octets.split(b"\r\n"))) <= 998

"""Messages that leave: what they lack is put in, and they are handed in where all mail is."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.ews.errors import EwsError
from connectors.ews.letter import Letter
from connectors.ews.turn import Turn
from groupware.mime.compose import format_date, message_id
from groupware.model.errors import GroupwareError
from groupware.store.api import ReadTx
from mailcore.smtp.handin import NotTaken, Submission
from mailcore.smtp.letters import people_of, without_bcc


async def completed(turn: Turn, letter: Letter) -> None:
    """The fields that every message has."""
    if "from" not in letter.lines:
        letter.people("From", [(await turn.read(own_name), turn.who.name)])
    if "date" not in letter.lines:
        letter.header("Date", format_date(turn.parts.clock.now()))
    if "message-id" not in letter.lines:
        letter.header("Message-ID", message_id(turn.host))


def own_name(tx: ReadTx) -> str:
    """What people call who asks."""
    try:
        return tx.account(tx.who.account).name
    except GroupwareError:
        return ""


async def send(turn: Turn, octets: bytes, once: str = "") -> None:
    """Hands a message in, for all that its header names; by that name it leaves once. `EwsError`."""
    sender, people = people_of(octets)
    if not people:
        raise EwsError("ErrorInvalidRecipients", "there is nobody to send it to")
    await hand_in(turn, sender, people, without_bcc(octets), once)


async def hand_in(turn: Turn, sender: str, people: Sequence[str], octets: bytes, once: str = "") -> None:
    """Hands a message in for these; what another request has sent by that name has left. `EwsError`."""
    if not await turn.read(lambda tx: tx.setting("smtpOutgoing").value):
        raise EwsError("ErrorAccessDenied", "this account may not send mail")
    words = [] if all(each.isascii() for each in (sender, *people)) else ["SMTPUTF8"]
    words += [] if octets.isascii() else ["BODY=8BITMIME"]
    try:
        await turn.hand_in(Submission(sender, words, dict.fromkeys(people, ()), octets, once))
    except NotTaken as refused:
        if await turn.read(lambda tx: bool(once) and tx.was_sent(once)):
            return
        raise _refused(refused) from None


def _refused(refused: NotTaken) -> EwsError:
    """What a reply of SMTP is here."""
    reply = refused.reply
    said = f"{reply.code} {reply.status} {reply.text}"
    if reply.code < 500:
        return EwsError("ErrorServerBusy", said)
    if refused.at == "rcpt":
        return EwsError("ErrorInvalidRecipients", said)
    if reply.code == 552:
        return EwsError("ErrorMessageSizeExceeded", said)
    return EwsError("ErrorSendAsDenied" if reply.code == 553 else "ErrorAccessDenied", said)

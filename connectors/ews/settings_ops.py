"""Answering while away, and what a client asks of the server itself. MS-OXWOOF."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.bounded_xml import Element, quoted
from connectors.ews.errors import EwsError, ews_error, invalid
from connectors.ews.ids import read_id
from connectors.ews.mail_fields import as_html
from connectors.ews.tree import mailbox_of
from connectors.ews.turn import Turn, account_of, each
from connectors.ews.wire import (
    Xml,
    child,
    children,
    message,
    moment,
    needed,
    said_error,
    tag,
    words,
)
from groupware.mime.html import plain_text
from groupware.model.errors import GroupwareError
from groupware.store.api import ReadTx, WriteTx
from mailcore.sieve import vacation

# --- away -------------------------------------------------------------------------------------------------------------


def _own(tx: ReadTx, box: Element | None) -> None:
    """`EwsError` for the answers of somebody else."""
    address = (words(box, "Address") or words(box, "EmailAddress") or "").strip()
    if account_of(tx, address) != tx.who.account:
        raise EwsError("ErrorAccessDenied", "what somebody else answers while away is theirs to see")


async def get_oof(turn: Turn, element: Element) -> str:
    """`GetUserOofSettings`."""

    def look(tx: ReadTx) -> tuple[dict[str, Any], bool]:
        _own(tx, next(children(element), None))
        return vacation.kept(tx), vacation.answers(tx)

    try:
        kept, on = await turn.read(look)
    except (EwsError, GroupwareError) as error:
        return _oof("Get", error if isinstance(error, EwsError) else ews_error(error), "")
    scheduled = bool(kept.get("fromDate") and kept.get("toDate"))
    state = ("Scheduled" if scheduled else "Enabled") if on else "Disabled"
    start, end = _ends(kept, turn.parts.clock.now())
    html = str(kept.get("htmlBody") or (as_html(str(kept["textBody"])) if kept.get("textBody") else ""))
    reply = tag("Message", html)
    inside = (
        tag("OofState", state)
        + tag("ExternalAudience", "All" if html else "None")
        + tag("Duration", Xml(tag("StartTime", start) + tag("EndTime", end)))
        + tag("InternalReply", reply)
        + tag("ExternalReply", reply)
    )
    return _oof("Get", None, tag("OofSettings", inside) + message("AllowExternalOof", "All"))


def _ends(kept: Mapping[str, Any], now: datetime) -> tuple[datetime, datetime]:
    found = []
    for name, days in (("fromDate", 0), ("toDate", 1)):
        text = str(kept.get(name) or "")
        at = datetime.fromisoformat(text.replace("Z", "+00:00")) if text else now + timedelta(days=days)
        found.append(at.astimezone(UTC).replace(microsecond=0))
    return found[0], found[1]


def _oof(how: str, error: EwsError | None, inside: str) -> str:
    name = f"{how}UserOofSettingsResponse"
    said = (
        '<m:ResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode></m:ResponseMessage>'
        if error is None
        else f'<m:ResponseMessage ResponseClass="Error">{said_error(error)}</m:ResponseMessage>'
    )
    return f"<m:{name}>{said}{inside}</m:{name}>"


async def set_oof(turn: Turn, element: Element) -> str:
    """`SetUserOofSettings`: what is answered inside is answered everywhere."""
    said = needed(element, "UserOofSettings")
    state = (words(said, "OofState") or "").strip()
    if state not in ("Disabled", "Enabled", "Scheduled"):
        raise invalid("OofState is Disabled, Enabled or Scheduled")
    html = words(said, "InternalReply", "Message") or words(said, "ExternalReply", "Message") or ""
    if len(html) > vacation.LONGEST:
        raise EwsError("ErrorInvalidOofParameter", f"an answer of more than {vacation.LONGEST} characters")
    plain = plain_text(html).strip()
    given = {"textBody": plain or None, "htmlBody": html if html.strip() != plain and "<" in html else None}
    given |= {"fromDate": None, "toDate": None}
    if state == "Scheduled":
        given |= {"fromDate": _date(said, "StartTime"), "toDate": _date(said, "EndTime")}

    def work(tx: WriteTx) -> None:
        _own(tx, child(element, "Mailbox"))
        vacation.keep(tx, given, state != "Disabled")

    try:
        await turn.write(work)
    except (EwsError, GroupwareError) as error:
        return _oof("Set", error if isinstance(error, EwsError) else ews_error(error), "")
    return _oof("Set", None, "")


def _date(said: Element, name: str) -> str:
    at = moment(words(said, "Duration", name) or "", name)
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# --- the server -------------------------------------------------------------------------------------------------------


async def convert_id(turn: Turn, element: Element) -> str:
    """`ConvertId`: ids have one form here, which every format but hexadecimal is.

    Whose it is is told truly, whatever the client has said: DavMail learns its own address so.
    """
    wanted = element.get("DestinationFormat", "EwsId")

    async def work(source: Element) -> str:
        text, kind = source.get("Id", ""), source.get("Format", "EwsId")
        if kind.startswith("Hex"):
            try:
                text = base64.b64encode(bytes.fromhex(text)).decode()
            except ValueError:
                raise EwsError("ErrorInvalidIdMalformed", "this is no id of this server") from None
        named = read_id(text, "F", "R", "X", "Y", "I", "O", "A", "D", "B")
        box = await turn.read(lambda tx: mailbox_of(tx, named)) or source.get("Mailbox", "")
        if wanted.startswith("Hex"):
            text = base64.b64decode(text).hex().upper()
        return (
            f'<m:AlternateId xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="t:AlternateIdType"'
            f' Format="{quoted(wanted)}" Id="{quoted(text)}" Mailbox="{quoted(box)}"/>'
        )

    return await each("ConvertId", children(needed(element, "SourceIds")), work)


async def get_service_configuration(turn: Turn, element: Element) -> str:
    """`GetServiceConfiguration`: nothing of what it asks for is switched on here."""
    wanted = [each_.text or "" for each_ in children(child(element, "RequestedConfiguration"))]
    parts = {
        "MailTips": message(
            "MailTipsConfiguration",
            tag("MailTipsEnabled", True)
            + tag("MaxRecipientsPerGetMailTipsRequest", 100)
            + tag("MaxMessageSize", 0)
            + tag("LargeAudienceThreshold", 1000)
            + tag("ShowExternalRecipientCount", False)
            + tag("InternalDomains", Xml("")),
        ),
        "UnifiedMessagingConfiguration": message("UnifiedMessagingConfiguration", tag("UmEnabled", False)),
        "ProtectionRules": "",
        "PolicyNudges": "",
    }
    rows = "".join(
        '<m:ServiceConfigurationResponseMessageType ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>'
        f"{parts.get(name, '')}</m:ServiceConfigurationResponseMessageType>"
        for name in wanted[:10]
    )
    inside = message("ResponseMessages", rows)
    return (
        '<m:GetServiceConfigurationResponse ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>'
        f"{inside}</m:GetServiceConfigurationResponse>"
    )


async def get_sharing_metadata(turn: Turn, element: Element) -> str:
    """`GetSharingMetadata`: there is no federation with other organizations."""
    error = EwsError("ErrorOrganizationNotFederated", "sharing goes by rights here, and by links")
    return f'<m:GetSharingMetadataResponse ResponseClass="Error">{said_error(error)}</m:GetSharingMetadataResponse>'


async def get_password_expiration_date(turn: Turn, element: Element) -> str:
    """`GetPasswordExpirationDate`: passwords do not expire."""
    return (
        '<m:GetPasswordExpirationDateResponse ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>'
        "<m:PasswordExpirationDate>9999-12-31T23:59:59Z</m:PasswordExpirationDate></m:GetPasswordExpirationDateResponse>"
    )

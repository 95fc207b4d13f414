"""Searches of EWS: what people type (AQS), and restrictions over properties that there are."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from connectors.ews.query_dates import span_of
from groupware.mime.item import Marks
from groupware.model.flags import Flags
from tests.protocol.ews.test_items import find, mail
from tests.support.ewsstand import Client, Stand

CASES = [
    ("plan OR bill", ["the bill", "the plan", "your plan"]),
    ("plan AND your", ["your plan"]),
    ("plan your", ["your plan"]),
    ("NOT plan", ["the bill", "the news"]),
    ("the -plan", ["the bill", "the news"]),
    ("the AND (plan OR bill)", ["the bill", "the plan"]),
    ("the plan OR bill", ["the bill", "the plan"]),
    ("NOT (plan OR bill)", ["the news"]),
    ('"the plan"', ["the plan"]),
    ("subject:(plan OR bill) NOT subject:your", ["the bill", "the plan"]),
    ("from:ann", ["the plan"]),
    ("from:(ann OR bert)", ["the bill", "the plan"]),
    ("to:carl cc:dora", ["the bill"]),
    ("participants:dora", ["the bill"]),
    ("body:letters", ["the news"]),
    ("has:attachment", ["your plan"]),
    ("hasattachment:no subject:plan", ["the plan"]),
    ("isread:yes", ["the news"]),
    ("is:unread AND plan", ["the plan", "your plan"]),
    ("isflagged:true OR isread:true", ["the bill", "the news"]),
    ("importance:high", ["the plan"]),
    ("category:blue", ["the bill"]),
    ("kind:email plan", ["the plan", "your plan"]),
    ("kind:contacts", []),
    ("received:today", ["the bill", "the news", "the plan", "your plan"]),
    ("received:yesterday OR bill", ["the bill"]),
    ("received:&quot;this week&quot; bill", ["the bill"]),
    ("received:this week bill", ["the bill"]),
    ("received:2001-01-01..2001-12-31", []),
    ("received:&gt;=2001 NOT plan", ["the bill", "the news"]),
    ("received:&lt;2001", []),
    ("sent:2024-02-03", ["the plan"]),
    ("sent:2024-02", ["the plan"]),
    ("((plan", ["the plan", "your plan"]),
    (")plan OR", ["the plan", "your plan"]),
    ("AND OR NOT ()", ["the bill", "the news", "the plan", "your plan"]),
]


async def searched(client: Client, text: str, folder: str = "inbox") -> list[str]:
    got = await find(client, folder, f"<!--behind--><m:QueryString>{text}</m:QueryString>")
    assert got.code == "NoError"
    return sorted(got.texts("t:Subject"))


async def test_what_people_type_into_a_search_is_understood(stand: Stand, alice: Client) -> None:
    def one(subject: str, *lines: str, body: str = "Hello") -> bytes:
        head = "".join(f"{line}\r\n" for line in lines)
        return f"Subject: {subject}\r\nMIME-Version: 1.0\r\n{head}\r\n{body}\r\n".encode()

    mixed = "Content-Type: multipart/mixed; boundary=b"
    part = "--b\r\n\r\nLook\r\n--b\r\nContent-Disposition: attachment; filename=a.bin\r\n\r\nx\r\n--b--"
    sent = "Date: Sat, 3 Feb 2024 10:00:00 +0000"
    await stand.put("alice", one("the plan", "From: Ann <ann@far.test>", "Importance: high", sent))
    people = ("From: bert@far.test", "To: carl@far.test", "Cc: Dora <d@far.test>")
    await stand.put("alice", one("the bill", *people), marks=Marks(Flags.FLAGGED, frozenset({"Blue"})))
    await stand.put("alice", one("the news", body="Of letters"), marks=Marks(Flags.SEEN))
    await stand.put("alice", one("your plan", mixed, body=part))
    assert [(text, await searched(alice, text)) for text, _ in CASES] == CASES


async def test_a_week_and_a_day_are_those_of_the_zone_of_the_client() -> None:
    now = datetime(2026, 3, 1, 23, 30, tzinfo=UTC).astimezone(ZoneInfo("Europe/Berlin"))  # Monday there

    def meant(value: str, moment: str) -> bool:
        within = span_of("", value, now)
        assert within is not None
        return within(int(datetime.fromisoformat(moment).timestamp() * 1_000_000))

    assert meant("today", "2026-03-02T00:00:00+01:00") and not meant("today", "2026-03-01T22:59:00+00:00")
    assert meant("this week", "2026-03-02T00:00:00+01:00") and not meant("this week", "2026-03-01T12:00:00+01:00")
    assert meant("last week", "2026-03-01T12:00:00+01:00")
    assert meant("this month", "2026-03-31T21:59:00+00:00") and not meant("last month", "2026-03-01T00:00:00+01:00")
    assert meant("last year", "2025-06-01T00:00:00+02:00")
    assert span_of("", "soon", now) is None and span_of("", "9999", now) is None


async def test_a_property_that_nothing_is_found_by_is_an_error(stand: Stand, alice: Client) -> None:
    await stand.put("alice", mail("one"))
    asked = '<m:Restriction><t:Exists><t:FieldURI FieldURI="{}"/></t:Exists></m:Restriction>'
    for uri in ("item:Nothing", "folder:DisplayName", ""):
        assert (await find(alice, "inbox", asked.format(uri))).code == "ErrorUnsupportedPathForQuery"
    assert (await find(alice, "inbox", asked.format("contacts:GivenName"))).texts("t:Subject") == []
    folders = (
        f'<m:FindFolder Traversal="Deep"><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape>'
        f'{asked.format("item:Subject")}<m:ParentFolderIds><t:DistinguishedFolderId Id="msgfolderroot"/>'
        "</m:ParentFolderIds></m:FindFolder>"
    )
    assert (await alice.ask(folders)).code == "ErrorUnsupportedPathForQuery"


async def test_texts_are_equal_whatever_the_case_of_their_letters(stand: Stand, alice: Client) -> None:
    await stand.put("alice", mail("One"))
    asked = (
        '<m:Restriction><t:{0}><t:FieldURI FieldURI="item:Subject"/><t:FieldURIOrConstant>'
        '<t:Constant Value="oNE"/></t:FieldURIOrConstant></t:{0}></m:Restriction>'
    )
    assert (await find(alice, "inbox", asked.format("IsEqualTo"))).texts("t:Subject") == ["One"]
    assert (await find(alice, "inbox", asked.format("IsNotEqualTo"))).texts("t:Subject") == []

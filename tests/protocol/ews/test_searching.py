"""Searches of EWS: what people type (AQS), and restrictions over properties that there are."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from connectors.ews.ids import item_id
from connectors.ews.query_dates import span_of
from groupware.contacts.card import read_item as read_card
from groupware.mime.item import Marks
from groupware.model.flags import Flags
from tests.protocol.ews.test_items import find, mail, put
from tests.support.ewsstand import Client, Said, Stand

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


SUBJECT = '<t:FieldURI FieldURI="item:Subject"/>'


def seeking(word: str, most: int = 9, base: str = "Beginning") -> str:
    constant = f'<t:FieldURIOrConstant><t:Constant Value="{word}"/></t:FieldURIOrConstant>'
    condition = f"<t:Condition><t:IsGreaterThanOrEqualTo>{SUBJECT}{constant}</t:IsGreaterThanOrEqualTo></t:Condition>"
    name = "m:SeekToConditionPageItemView"
    return f'<{name} MaxEntriesReturned="{most}" BasePoint="{base}">{condition}</{name}>'


async def test_a_listing_begins_where_a_condition_is_met(stand: Stand, alice: Client) -> None:
    for word in ("cherry", "apple", "elder", "date", "berry"):
        await stand.put("alice", mail(word))
    sort = f'<m:SortOrder><t:FieldOrder Order="Ascending">{SUBJECT}</t:FieldOrder></m:SortOrder>'

    async def shown(view: str) -> tuple[list[str], str | None, str | None]:
        got = await find(alice, "inbox", view + sort)
        [root] = got.find("m:RootFolder")
        return got.texts("t:Subject"), root.get("IndexedPagingOffset"), root.get("IncludesLastItemInRange")

    assert await shown(seeking("c")) == (["cherry", "date", "elder"], "5", "true")
    assert await shown(seeking("c", 2)) == (["cherry", "date"], "4", "false")
    assert await shown(seeking("x")) == ([], "5", "true")
    assert (await shown(seeking("b", 2, "End")))[0] == ["date", "elder"]
    assert (await shown(seeking("b", 9).replace("GreaterThanOrEqualTo", "EqualTo").replace('"b"', '"Date"')))[0] == [
        "date",
        "elder",
    ]
    newest = await find(alice, "inbox", seeking("d", 2))
    assert newest.texts("t:Subject") == ["date", "elder"]


async def test_only_listings_of_items_look_for_where_they_begin(alice: Client) -> None:
    assert (await find(alice, "inbox", seeking("c").replace("Condition>", "Other>"))).code == "ErrorSchemaValidation"
    where = '<m:ParentFolderIds><t:DistinguishedFolderId Id="msgfolderroot"/></m:ParentFolderIds>'
    shape = "<m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape>"
    got = await alice.ask(f'<m:FindFolder Traversal="Shallow">{shape}{seeking("c")}{where}</m:FindFolder>')
    assert got.code == "ErrorInvalidRequest"


async def test_recoverable_items_begin_where_a_condition_is_met(stand: Stand, alice: Client) -> None:
    ids = [item_id(await stand.put("alice", mail(word))) for word in ("apple", "berry", "cherry")]  # type: ignore[arg-type]
    named = "".join(f'<t:ItemId Id="{each}"/>' for each in ids)
    gone = await alice.ask(f'<m:DeleteItem DeleteType="HardDelete"><m:ItemIds>{named}</m:ItemIds></m:DeleteItem>')
    assert set(gone.codes) == {"NoError"}
    sort = f'<m:SortOrder><t:FieldOrder Order="Ascending">{SUBJECT}</t:FieldOrder></m:SortOrder>'
    got = await find(alice, "recoverableitemsdeletions", seeking("b") + sort)
    assert got.texts("t:Subject") == ["berry", "cherry"]


async def test_people_are_restricted_and_sorted(stand: Stand, alice: Client) -> None:
    for uid, name, company in (("a", "Ann Berg", "Far"), ("b", "Bert Adler", "Near"), ("c", "Carl Cook", "Far")):
        lines = f"UID:{uid}\r\nFN:{name}\r\nN:{name.split()[1]};{name.split()[0]};;;\r\nORG:{company}\r\n"
        card = f"BEGIN:VCARD\r\nVERSION:4.0\r\n{lines}EMAIL:{uid}@far.test\r\nEND:VCARD\r\n"
        await put(stand, (await read_card(card.encode(), stand.house.blobs, f"{uid}.vcf"))[1], "Contacts")

    def restricted(name: str, uri: str, value: str) -> str:
        constant = f'<t:FieldURIOrConstant><t:Constant Value="{value}"/></t:FieldURIOrConstant>'
        return f'<m:{name}><t:IsEqualTo><t:FieldURI FieldURI="{uri}"/>{constant}</t:IsEqualTo></m:{name}>'

    async def found(inside: str) -> Said:
        view = '<m:IndexedPageItemView MaxEntriesReturned="10" Offset="0" BasePoint="Beginning"/>'
        return await alice.ask(f"<m:FindPeople>{view}{inside}</m:FindPeople>")

    far = restricted("Restriction", "persona:CompanyName", "Far")
    assert (await found(far)).texts("t:DisplayName") == ["Ann Berg", "Carl Cook"]
    assert (await found(far)).texts("m:TotalNumberOfPeopleInView") == ["2"]
    by = '<t:FieldOrder Order="Descending"><t:FieldURI FieldURI="persona:Surname"/></t:FieldOrder>'
    order = f"<m:SortOrder>{by}</m:SortOrder>"
    assert (await found(far + order)).texts("t:DisplayName") == ["Carl Cook", "Ann Berg"]
    both = far + restricted("AggregationRestriction", "persona:EmailAddresses", "c@far.test")
    assert (await found(both)).texts("t:DisplayName") == ["Carl Cook"]
    assert (await found(f"{far}<m:QueryString>ann</m:QueryString>")).texts("t:DisplayName") == ["Ann Berg"]
    assert (await found(restricted("Restriction", "persona:Height", "2"))).code == "ErrorUnsupportedPathForQuery"
    assert (await found(order.replace("Surname", "Height"))).code == "ErrorUnsupportedPathForSortGroup"
    odd = '<t:ExtendedFieldURI PropertyTag="0x3001" PropertyType="String"/>'
    exists = f"<m:Restriction><t:Exists>{odd}</t:Exists></m:Restriction>"
    assert (await found(exists)).texts("t:DisplayName") == []

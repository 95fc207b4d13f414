"""Thunderbird, as it comes from Debian: mail, shared folders, sending, calendars and address books."""

from __future__ import annotations

import urllib.request
from base64 import b64decode, b64encode
from collections.abc import Iterator

import pytest

from tests.clients.account import Account
from tests.clients.letters import letters
from tests.clients.programs import Programs
from tests.clients.thunderbird import Thunderbird
from tests.support.davstand import card, event
from tests.support.server import RunningServer

SEND = """
const account = MailServices.accounts.accounts[0], identity = account.identities[0];
identity.fccFolderURI = folder("Sent").URI;
const fields = Cc["@mozilla.org/messengercompose/composefields;1"].createInstance(Ci.nsIMsgCompFields);
fields.from = identity.email;
fields.to = args[0];
fields.subject = "Grüße aus Thunderbird";
fields.body = "Bis Dienstag.";
fields.fcc = identity.fccFolderURI;
const params = Cc["@mozilla.org/messengercompose/composeparams;1"].createInstance(Ci.nsIMsgComposeParams);
params.composeFields = fields;
params.identity = identity;
params.format = Ci.nsIMsgCompFormat.PlainText;
const compose = MailServices.compose.initCompose(params);
await new Promise((give, fail) => {
  compose.addMsgSendListener({
    QueryInterface: ChromeUtils.generateQI(["nsIMsgSendListener"]),
    onStartSending() {}, onSendProgress() {}, onStatus() {}, onGetDraftFolderURI() {}, onSendNotPerformed() {},
    onTransportSecurityError() {},
    onStopSending(id, status) { status ? fail(Error(`not sent: ${status}`)) : give(); },
  });
  compose.sendMsg(Ci.nsIMsgCompDeliverMode.Now, identity, account.key, null, null);
});
"""
"""Sends a message to args[0], and keeps a copy in Sent."""


@pytest.fixture
def thunderbird(programs: Programs, server: RunningServer) -> Iterator[Thunderbird]:
    with Thunderbird(programs.home, server) as program:
        yield program


def test_thunderbird_shows_every_folder_and_what_is_shared(
    server: RunningServer, thunderbird: Thunderbird, alice: Account, bob: Account
) -> None:
    bob.create("Team")
    server.grant(bob.person, "Team", alice.person, "lrs")
    thunderbird.sign_in(alice)
    shared = f"Other Users/{bob.address}/Team"
    thunderbird.run("await until(() => folder(args[0]));", shared)
    found = thunderbird.run(
        """
        const flags = Ci.nsMsgFolderFlags;
        return ["Drafts", "SentMail", "Junk", "Trash", "Archive"].map(
          use => folder("INBOX")?.parent.getFolderWithFlags(flags[use])?.name);
        """
    )
    assert found == ["Drafts", "Sent", "Junk", "Trash", "Archive"]


def test_thunderbird_reads_marks_and_moves(thunderbird: Thunderbird, alice: Account) -> None:
    (letter,) = letters(1)
    alice.put(letter)
    thunderbird.sign_in(alice)
    octets = thunderbird.run(
        """
        await update("INBOX");
        const head = await until(() => letters("INBOX")[0]);
        const text = await octetsOf(head);
        head.folder.markMessagesRead([head], true);
        head.folder.markMessagesFlagged([head], true);
        await pause(300);
        await new Promise(give => MailServices.copy.copyMessages(head.folder, [head], folder("Archive"), true, {
          QueryInterface: ChromeUtils.generateQI(["nsIMsgCopyServiceListener"]),
          onStartCopy() {}, onProgress() {}, setMessageKey() {}, getMessageId() {}, onStopCopy: give,
        }, null, false));
        return text;
        """
    )
    assert b64decode(octets).endswith(letter)  # behind fields of its own
    (found,) = alice.until(1, "Archive")
    assert found.octets == letter
    assert {"\\Seen", "\\Flagged"} <= found.flags


def test_thunderbird_hears_of_new_mail(thunderbird: Thunderbird, alice: Account) -> None:
    first, second = letters(2)
    alice.put(first)
    thunderbird.sign_in(alice)
    thunderbird.run('await update("INBOX"); await until(() => letters("INBOX").length == 1); await pause(500);')
    alice.put(second)
    assert thunderbird.run('await until(() => letters("INBOX").length == 2); return letters("INBOX").length;') == 2


def test_thunderbird_sends_and_keeps_a_copy(thunderbird: Thunderbird, alice: Account, bob: Account) -> None:
    thunderbird.sign_in(alice)
    thunderbird.run(SEND, bob.address)
    (got,) = bob.until(1)
    (kept,) = alice.until(1, "Sent")
    for each in (got, kept):
        assert "Bis Dienstag." in each.octets.decode()
    assert "\\Seen" in kept.flags


def test_thunderbird_reads_keeps_and_sends_mail_by_ews(thunderbird: Thunderbird, alice: Account, bob: Account) -> None:
    first, second = letters(2)
    alice.put(first, second)
    thunderbird.sign_in_by_ews(alice)
    octets = thunderbird.run(
        """
        const count = n => until(() => letters("INBOX").length == n);
        await update("INBOX");
        await count(2);
        const [head, other] = letters("INBOX").sort((a, b) => a.messageKey - b.messageKey);
        const text = await octetsOf(head);
        head.folder.markMessagesRead([head], true);
        head.folder.markMessagesFlagged([head], true);
        await pause(500);
        const listener = give => ({
          QueryInterface: ChromeUtils.generateQI(["nsIMsgCopyServiceListener"]),
          onStartCopy() {}, onProgress() {}, setMessageKey() {}, getMessageId() {}, onStopCopy: give,
        });
        await new Promise(give =>
          MailServices.copy.copyMessages(head.folder, [head], folder("Archive"), true, listener(give), null, false));
        await count(1);
        other.folder.deleteMessages([other], null, false, false, null, false);
        await count(0);
        folder("INBOX").server.rootFolder.createSubfolder("Work", null);
        await until(() => folder("Work"));
        return text;
        """
    )
    assert b64decode(octets).endswith(first)
    (found,) = alice.until(1, "Archive")
    assert (found.octets, {"\\Seen", "\\Flagged"} <= found.flags) == (first, True)
    (gone,) = alice.until(1, "Trash")
    assert (gone.octets, "Work" in alice.folders()) == (second, True)
    thunderbird.run(SEND, bob.address)
    (got,) = bob.until(1)
    (kept,) = alice.until(1, "Sent")
    assert all("Bis Dienstag." in each.octets.decode() for each in (got, kept))


def test_thunderbird_finds_calendars_by_itself_and_keeps_them(
    server: RunningServer, thunderbird: Thunderbird, alice: Account
) -> None:
    there = thunderbird.remember(alice)
    path = f"/dav/calendars/{alice.address}/Calendar/"
    _put(server, alice, path + "1.ics", event("1", "20261201T100000Z", summary="On the server"))
    titles = thunderbird.run(
        """
        const found = await cal.provider.detection.detect(args[1], args[2], args[0], true, [], {});
        const all = [...found.values()].flat();
        const calendar = all.find(each => each.uri.spec.endsWith("/Calendar/"));
        cal.manager.registerCalendar(calendar);
        const items = async () => await calendar.getItemsAsArray(Ci.calICalendar.ITEM_FILTER_ALL_ITEMS, 0, null, null);
        const old = await until(async () => (await items()).find(each => each.id == "1"));
        const {CalEvent} = ChromeUtils.importESModule("resource:///modules/CalEvent.sys.mjs");
        const lines = ["BEGIN:VCALENDAR", "BEGIN:VEVENT", "UID:2", "DTSTART:20261202T100000Z", "DTEND:20261202T110000Z",
          "RRULE:FREQ=WEEKLY;COUNT=3", "SUMMARY:From Thunderbird", "END:VEVENT", "END:VCALENDAR", ""];
        await calendar.addItem(new CalEvent(lines.join("\\r\\n")));
        const changed = old.clone();
        changed.title = "Changed in Thunderbird";
        await calendar.modifyItem(changed, old);
        return (await items()).map(each => each.title).sort();
        """,
        there,
        alice.address,
        alice.password,
    )
    assert titles == ["Changed in Thunderbird", "From Thunderbird"]
    assert "Changed in Thunderbird" in _get(server, alice, path + "1.ics")
    assert "RRULE:FREQ=WEEKLY;COUNT=3" in _get(server, alice, path + "2.ics")


def test_thunderbird_sets_and_dismisses_alarms_of_its_own_in_a_shared_calendar(
    server: RunningServer, thunderbird: Thunderbird, alice: Account, bob: Account
) -> None:
    there = thunderbird.remember(bob)
    path = f"/dav/calendars/{alice.address}/Calendar/1.ics"
    alarm = ("BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:x", "TRIGGER:-PT90M", "END:VALARM")
    _put(server, alice, path, event("1", "20261201T100000Z", *alarm, summary="Hers"))
    server.grant(alice.person, "Calendar", bob.person, "lrswite")
    seen = thunderbird.run(
        """
        const found = await cal.provider.detection.detect(args[1], args[2], args[0], true, [], {});
        const calendar = [...found.values()].flat().find(each => each.name.includes(args[3]));
        cal.manager.registerCalendar(calendar);
        const items = async () => await calendar.getItemsAsArray(Ci.calICalendar.ITEM_FILTER_ALL_ITEMS, 0, null, null);
        const old = await until(async () => (await items()).find(each => each.id == "1"));
        const {CalAlarm} = ChromeUtils.importESModule("resource:///modules/CalAlarm.sys.mjs");
        const alarm = new CalAlarm();
        alarm.action = "DISPLAY";
        alarm.description = "mine";
        alarm.related = Ci.calIAlarm.ALARM_RELATED_START;
        alarm.offset = cal.createDuration("-PT5M");
        const changed = old.clone();
        changed.addAlarm(alarm);
        const kept = await calendar.modifyItem(changed, old);
        const service = Cc["@mozilla.org/calendar/alarm-service;1"].getService(Ci.calIAlarmService);
        await service.dismissAlarm(kept, kept.getAlarms()[0]);
        await until(async () => (await items())[0].alarmLastAck);
        return [old.getAlarms().length, (await items())[0].getAlarms().map(each => each.offset.icalString)];
        """,
        there,
        bob.address,
        bob.password,
        alice.address,
    )
    assert seen == [0, ["-PT5M"]]
    hers, his = _get(server, alice, path), _get(server, bob, path)
    assert ("TRIGGER:-PT90M" in hers, "PT5M" in hers, "X-MOZ-LASTACK" in hers) == (True, False, False)
    assert ("TRIGGER:-PT90M" in his, "-PT5M" in his, "X-MOZ-LASTACK" in his) == (False, True, True)


def test_thunderbird_finds_address_books_by_itself_and_keeps_them(
    server: RunningServer, thunderbird: Thunderbird, alice: Account
) -> None:
    there = thunderbird.remember(alice)
    path = f"/dav/contacts/{alice.address}/Contacts/"
    _put(server, alice, path + "1.vcf", card("1", "Zoë"))
    names, name = thunderbird.run(
        """
        const {CardDAVUtils} = ChromeUtils.importESModule("resource:///modules/CardDAVUtils.sys.mjs");
        const books = await CardDAVUtils.detectAddressBooks(args[1], args[2], args[0], false);
        const synced = told("addrbook-directory-synced");  // what is done before it is over may be undone by it
        const book = await books.find(each => each.url.href.endsWith("/Contacts/")).create();
        await synced;
        await until(() => book.childCards.find(each => each.displayName == "Zoë"));
        const added = Cc["@mozilla.org/addressbook/cardproperty;1"].createInstance(Ci.nsIAbCard);
        added.displayName = "Ann from Thunderbird";
        added.primaryEmail = "ann@example.test";
        book.addCard(added);
        const kept = await until(() => book.childCards.find(
          each => each.displayName == added.displayName && each.getProperty("_href", "")));
        return [book.childCards.map(each => each.displayName).sort(), kept.getProperty("_href", "")];
        """,
        there,
        alice.address,
        alice.password,
    )
    assert names == ["Ann from Thunderbird", "Zoë"]
    assert "ann@example.test" in _get(server, alice, name)


def test_thunderbird_changes_a_contact_that_was_written_in_the_other_version(
    server: RunningServer, thunderbird: Thunderbird, alice: Account
) -> None:
    there = thunderbird.remember(alice)
    path = f"/dav/contacts/{alice.address}/Contacts/1.vcf"
    four = card("1", "Zoë", "N:Maier;Zoë;;;", "GENDER:F", "LANG:fr", "TEL;VALUE=uri:tel:+4912").replace("3.0", "4.0")
    _put(server, alice, path, card("1", "Zoë", "N:Maier;Zoë;;;", "CLASS:PRIVATE"))
    _put(server, alice, path, four)
    thunderbird.run(
        """
        const {CardDAVUtils} = ChromeUtils.importESModule("resource:///modules/CardDAVUtils.sys.mjs");
        const books = await CardDAVUtils.detectAddressBooks(args[1], args[2], args[0], false);
        const synced = told("addrbook-directory-synced");  // what is done before it is over may be undone by it
        const book = await books.find(each => each.url.href.endsWith("/Contacts/")).create();
        await synced;
        const contact = await until(() => book.childCards.find(each => each.displayName == "Zoë"));
        contact.vCardProperties.getFirstEntry("fn").value = "Zoë Maier";
        const tag = contact.getProperty("_etag", "");
        await book.modifyCard(contact);
        await until(() => book.childCards.find(
          each => each.displayName == "Zoë Maier" && each.getProperty("_etag", "") != tag));
        """,
        there,
        alice.address,
        alice.password,
    )
    after = _get(server, alice, path)
    assert all(each in after for each in ("FN:Zoë Maier", "GENDER:F", "LANG:fr", "X-CLASS;X-OF=3.0:PRIVATE"))


def _request(server: RunningServer, who: Account, method: str, path: str, body: bytes | None = None) -> str:
    said = b64encode(f"{who.address}:{who.password}".encode()).decode()
    headers = {"Authorization": f"Basic {said}", "Content-Type": "application/octet-stream"}
    where = f"http://127.0.0.1:{server.port('http')}{path}"
    request = urllib.request.Request(where, body, headers, method=method)
    with urllib.request.urlopen(request) as answer:
        return str(answer.read().decode())


def _get(server: RunningServer, who: Account, path: str) -> str:
    return _request(server, who, "GET", path)


def _put(server: RunningServer, who: Account, path: str, text: str) -> None:
    _request(server, who, "PUT", path, text.encode())


def test_thunderbird_understands_how_it_is_to_be_set_up(
    server: RunningServer, thunderbird: Thunderbird, alice: Account
) -> None:
    there = f"http://127.0.0.1:{server.port('http')}/mail/config-v1.1.xml?emailaddress={alice.address}"
    with urllib.request.urlopen(there, timeout=20) as answer:
        told = answer.read().decode()
    found = thunderbird.run(
        """
        const {JXON} = ChromeUtils.importESModule("resource:///modules/JXON.sys.mjs");
        const {readFromXML} = ChromeUtils.importESModule("resource:///modules/accountcreation/readFromXML.sys.mjs");
        const config = readFromXML(JXON.build(new DOMParser().parseFromString(args[0], "text/xml")), "test");
        const shown = each => [each.type, each.port, each.socketType, each.auth, each.username];
        return {
          name: config.displayName,
          incoming: [config.incoming, ...config.incomingAlternatives].map(shown),
          outgoing: [config.outgoing, ...config.outgoingAlternatives].map(shown),
        };
        """,
        told,
    )
    tls, start, password, name = 3, 2, 3, "%EMAILADDRESS%"
    assert found["name"] == alice.address.partition("@")[2]
    assert found["incoming"][:2] == [
        ["imap", server.port("imaps"), tls, password, name],
        ["imap", server.port("imap"), start, password, name],
    ]
    assert found["outgoing"] == [
        ["smtp", server.port("submissions"), tls, password, name],
        ["smtp", server.port("submission"), start, password, name],
    ]

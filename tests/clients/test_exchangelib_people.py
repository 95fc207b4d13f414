"""What exchangelib asks of people, rules and the server itself, against a server process."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from exchangelib import Account as Exchange
from exchangelib import CalendarItem, DLMailbox, EWSDateTime, Message, OofSettings
from exchangelib.errors import ErrorAccessDenied, ErrorItemNotFound
from exchangelib.properties import Actions, Address, Conditions, MoveToFolder
from exchangelib.properties import Rule as InboxRule

from groupware.model.principal import NewAccount, PrincipalKind
from tests.clients.account import Account
from tests.clients.ewsclient import ZONE, account, trusting
from tests.support.server import RunningServer


@pytest.fixture(scope="module", autouse=True)
def trusted(server: RunningServer) -> Iterator[None]:
    with trusting(server):
        yield


@pytest.fixture
def ews(server: RunningServer, alice: Account) -> Exchange:
    return account(server, alice.person)


def test_names_are_resolved(ews: Exchange, bob: Account) -> None:
    [found] = ews.protocol.resolve_names([bob.address])
    assert found.email_address == bob.address
    [(box, contact)] = ews.protocol.resolve_names([bob.address], return_full_contact_data=True)
    assert box.email_address == bob.address and contact.email_addresses[0].email == f"SMTP:{bob.address}"


def test_groups_are_told_to_who_administers_them(server: RunningServer, alice: Account, bob: Account) -> None:
    server.write(lambda tx: tx.put_account(NewAccount(f"team@{server.domain}", PrincipalKind.GROUP)))
    server.write(lambda tx: tx.put_member(f"team@{server.domain}", bob.address))
    boss = account(server, alice.person)
    with pytest.raises(ErrorAccessDenied):
        list(boss.protocol.expand_dl(DLMailbox(email_address=f"team@{server.domain}", mailbox_type="PublicDL")))


def test_rooms_are_listed(ews: Exchange, server: RunningServer) -> None:
    server.write(lambda tx: tx.put_account(NewAccount(f"room1@{server.domain}", PrincipalKind.RESOURCE, "Room 1")))
    [rooms] = ews.protocol.get_roomlists()
    assert f"room1@{server.domain}" in {room.email_address for room in ews.protocol.get_rooms(rooms.email_address)}


def test_when_somebody_is_busy_is_told(ews: Exchange, server: RunningServer, bob: Account) -> None:
    theirs = account(server, bob.person)
    start = EWSDateTime(2027, 2, 1, 9, 0, tzinfo=ZONE)
    end = start + timedelta(hours=1)
    CalendarItem(account=theirs, folder=theirs.calendar, subject="x", start=start, end=end).save()
    server.grant(bob.person, "Calendar", ews_person(ews), "9")
    [view] = ews.protocol.get_free_busy_info(
        accounts=[(bob.address, "Required", False)],
        start=start - timedelta(hours=1),
        end=start + timedelta(hours=3),
        merged_free_busy_interval=30,
        requested_view="DetailedMerged",
    )
    assert view.merged == "00220000"
    [event] = view.calendar_events
    assert (event.start, event.end, event.busy_type) == (start, start + timedelta(hours=1), "Busy")


def ews_person(ews: Exchange) -> str:
    return str(ews.primary_smtp_address)


def test_who_is_away_answers(ews: Exchange) -> None:
    assert ews.oof_settings.state == "Disabled"
    start = EWSDateTime(2027, 7, 1, 0, 0, tzinfo=ZONE)
    ews.oof_settings = OofSettings(
        state="Scheduled",
        external_audience="All",
        internal_reply="Away until <b>July</b>",
        external_reply="Away",
        start=start,
        end=start + timedelta(days=9),
    )
    found = ews.oof_settings
    assert found.state == "Scheduled" and "<b>July</b>" in found.internal_reply
    assert (found.start, found.end) == (start, start + timedelta(days=9))
    ews.oof_settings = OofSettings(state="Disabled", internal_reply="", external_reply="")
    assert ews.oof_settings.state == "Disabled"


def test_configurations_are_kept(ews: Exchange) -> None:
    folder = ews.inbox
    folder.create_user_configuration(name="Ours", dictionary={"a": "b", "n": 5}, xml_data=b"<x/>")
    found = folder.get_user_configuration(name="Ours")
    assert found.dictionary == {"a": "b", "n": 5} and found.xml_data == b"<x/>"
    folder.update_user_configuration(name="Ours", binary_data=b"123")
    assert folder.get_user_configuration(name="Ours").binary_data == b"123"
    folder.delete_user_configuration(name="Ours")
    with pytest.raises(ErrorItemNotFound):
        folder.get_user_configuration(name="Ours")


def test_rules_sort_what_comes(ews: Exchange, alice: Account, bob: Account, server: RunningServer) -> None:
    alice.create("Lists")
    lists = ews.msg_folder_root / "Lists"
    rule = InboxRule(
        account=ews,
        display_name="Lists",
        priority=1,
        is_enabled=True,
        conditions=Conditions(contains_subject_strings=["[list]"], from_addresses=[Address(email_address=bob.address)]),
        actions=Actions(move_to_folder=MoveToFolder(folder_id=lists.to_id()), mark_as_read=True),
    )
    rule.save()
    [found] = ews.rules
    assert found.display_name == "Lists" and found.conditions.contains_subject_strings == ["[list]"]
    theirs = account(server, bob.person)
    Message(account=theirs, subject="[list] one", body="x", to_recipients=[alice.address]).send()
    [came] = alice.until(1, "Lists")
    assert "\\Seen" in came.flags
    assert [each.email_address for each in found.conditions.from_addresses] == [bob.address]
    found.delete()
    assert list(ews.rules) == []


def test_items_are_exported_and_uploaded(ews: Exchange, alice: Account) -> None:
    octets = b"From: a@x.test\r\nSubject: whole\r\n\r\nAll of it\r\n"
    alice.put(octets, flags="\\Flagged")
    one = ews.inbox.get(subject="whole")
    [data] = ews.export([one])
    ews.upload([(ews.drafts, data)])
    [came] = alice.messages("Drafts")
    assert came.octets == octets and "\\Flagged" in came.flags


def test_the_server_knows_zones(ews: Exchange) -> None:
    names = {zone.id for zone in ews.protocol.get_timezones(return_full_timezone_data=True)}
    assert {"W. Europe Standard Time", "UTC"} <= names


def test_delegates_are_rights(ews: Exchange, server: RunningServer, alice: Account, bob: Account) -> None:
    assert list(ews.delegates) == []
    server.grant(alice.person, "Calendar", bob.person, "lrsiwte")
    [found] = ews.delegates
    assert found.user_id.primary_smtp_address == bob.address
    assert found.delegate_permissions.calendar_folder_permission_level == "Editor"

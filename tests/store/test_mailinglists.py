"""Who is on mail lists, who may change that, and how a message to a list arrives."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from groupware.model.errors import AlreadyExists, NoRight, NotFound, Refused
from groupware.model.event import Landing, Target
from groupware.model.ids import EVERY, AccountId, FolderId, Uid
from groupware.model.mailinglist import Progress, Subscriber
from groupware.model.principal import DELIVERY, OPERATOR, Principal, PrincipalKind
from groupware.model.rights import Right, parse_rights
from groupware.store import upkeep
from tests.store.world import World, letter

LIST = "news@example.test"


def grant(world: World, at: FolderId, who: Principal, rights: str) -> None:
    world.write(OPERATOR, lambda tx: tx.grant(at, who.name, parse_rights(rights)))


@pytest.fixture
def news(world: World) -> AccountId:
    return world.house.add(LIST, PrincipalKind.LIST).id


def on(world: World, news: AccountId) -> list[str]:
    return [each.address for each in world.read(OPERATOR, lambda tx: tx.subscribers(news))]


def put(world: World, address: str, **values: object) -> Subscriber:
    new = dataclasses.replace(Subscriber(address), **values)  # type: ignore[arg-type]
    return world.write(OPERATOR, lambda tx: tx.put_subscriber(LIST, new))


def test_subscribers_are_kept_in_the_one_form_of_their_address_whether_or_not_they_are_here(
    world: World, news: AccountId
) -> None:
    put(world, "Rita@Elsewhere.test", name="Rita")
    put(world, "anna@Bücher.test")
    assert on(world, news) == ["rita@elsewhere.test", "anna@xn--bcher-kva.test"]
    found = world.read(OPERATOR, lambda tx: tx.subscriber(news, "RITA@elsewhere.test"))
    assert found is not None
    assert (found.name, found.state, found.delivery, found.bounces) == ("Rita", "active", "mail", 0)


def test_who_is_put_again_is_changed_and_keeps_number_and_date(world: World, news: AccountId) -> None:
    first = put(world, "rita@elsewhere.test")
    when = datetime(2026, 11, 1, tzinfo=UTC)
    again = put(world, "rita@elsewhere.test", state="suspended", moderated=True, bounces=3, bounced=when)
    assert (again.number, again.joined) == (first.number, first.joined)
    assert world.read(OPERATOR, lambda tx: tx.subscriber(news, first.number)) == again
    assert (again.state, again.moderated, again.bounces, again.bounced) == ("suspended", True, 3, when)


def test_a_number_is_never_somebody_elses(world: World, news: AccountId) -> None:
    first = put(world, "rita@elsewhere.test")
    world.write(OPERATOR, lambda tx: tx.drop_subscriber(news, "Rita@elsewhere.test"))
    assert put(world, "bob@elsewhere.test").number > first.number
    with pytest.raises(NotFound, match=r"not on news@example\.test"):
        world.write(OPERATOR, lambda tx: tx.drop_subscriber(news, "rita@elsewhere.test"))


def test_pages_follow_numbers(world: World, news: AccountId) -> None:
    numbers = [put(world, f"m{each}@elsewhere.test").number for each in range(5)]
    page = world.read(OPERATOR, lambda tx: tx.subscribers(news, numbers[1], 2))
    assert [each.number for each in page] == numbers[2:4]


@pytest.mark.parametrize(
    "address", ["rita", "@x", "a b@x", "<a@x>", "a@x,b@y", "a\r\nb@x", "x" * 65 + "@x", "a@" + "x" * 255, "a@", ""]
)
def test_what_mail_cannot_be_sent_to_is_refused(world: World, news: AccountId, address: str) -> None:
    with pytest.raises(Refused):
        put(world, address)
    assert on(world, news) == []


def test_a_list_is_not_on_itself_and_states_are_known(world: World, news: AccountId) -> None:
    with pytest.raises(AlreadyExists):
        put(world, LIST)
    with pytest.raises(Refused, match="suspended"):
        put(world, "rita@elsewhere.test", state="asleep")


def test_who_has_a_on_the_root_runs_the_list_and_nobody_else(world: World, news: AccountId) -> None:
    with pytest.raises(NoRight):
        world.read(world.alice, lambda tx: tx.subscribers(news))
    root = world.read(OPERATOR, lambda tx: tx.account(news)).root
    assert root is not None
    grant(world, root, world.alice, "la")
    world.write(world.alice, lambda tx: tx.put_subscriber(LIST, Subscriber("rita@elsewhere.test")))
    assert on(world, news) == ["rita@elsewhere.test"]
    with pytest.raises(NoRight):
        world.write(world.bob, lambda tx: tx.drop_subscriber(LIST, "rita@elsewhere.test"))


def test_only_lists_have_subscribers_and_lists_have_no_members(world: World, news: AccountId) -> None:
    with pytest.raises(Refused, match="no mail list"):
        world.read(OPERATOR, lambda tx: tx.subscribers(world.alice.account))
    with pytest.raises(Refused, match="subscribers"):
        world.write(OPERATOR, lambda tx: tx.put_member(LIST, world.bob.name))


def test_with_the_list_go_its_subscribers(world: World, news: AccountId) -> None:
    put(world, "rita@elsewhere.test")
    world.write(OPERATOR, lambda tx: tx.drop_account(LIST))
    again = world.house.add(LIST, PrincipalKind.LIST).id
    assert on(world, again) == []


@pytest.mark.parametrize(
    ("address", "tag"),
    [
        ("news@example.test", ""),
        ("news-request@example.test", "request"),
        ("NEWS-Bounces+17-abc@example.test", "bounces+17-abc"),
        ("news+confirm+AbC@example.test", "confirm+AbC"),
        ("news-confirm+AbC@example.test", "confirm+AbC"),
    ],
)
def test_the_addresses_of_a_list_lead_to_it(world: World, news: AccountId, address: str, tag: str) -> None:
    found = world.read(OPERATOR, lambda tx: tx.resolve(address))
    assert found == [Target("list", news, None, LIST, tag)]


@pytest.mark.parametrize(
    "address", ["news-nothing@example.test", "alice-request@example.test", "-request@example.test"]
)
def test_other_words_and_others_words_lead_nowhere(world: World, news: AccountId, address: str) -> None:
    with pytest.raises(NotFound):
        world.read(OPERATOR, lambda tx: tx.resolve(address))


def test_somebody_whose_name_looks_like_a_lists_word_gets_the_mail(world: World, news: AccountId) -> None:
    owner = world.house.add("news-owner@example.test")
    found = world.read(OPERATOR, lambda tx: tx.resolve("news-owner@example.test"))
    assert found == [Target("account", owner.id, None, "news-owner@example.test")]


def deliver(world: World, *targets: Target) -> tuple[FolderId, Uid]:
    ends = world.write(DELIVERY, lambda tx: tx.deliver(targets, letter()))
    at = ends[0]
    assert isinstance(at, Landing)
    return at.folder, at.uid


def test_a_message_to_a_list_lies_in_its_inbox_with_the_way_it_came(world: World, news: AccountId) -> None:
    at, uid = deliver(world, Target("list", news, None, LIST, "confirm+x"))
    assert at == world.read(OPERATOR, lambda tx: tx.role(news, "inbox")).id
    assert world.read(OPERATOR, lambda tx: tx.list_progress(at, uid)) == Progress("confirm+x", 0)
    world.write(OPERATOR, lambda tx: tx.note_list_progress(at, uid, 7))
    assert world.read(OPERATOR, lambda tx: tx.list_progress(at, uid)) == Progress("confirm+x", 7)
    world.write(OPERATOR, lambda tx: tx.note_list_progress(at, uid, None))
    assert world.read(OPERATOR, lambda tx: tx.list_progress(at, uid)) == Progress()


def test_a_tag_never_names_a_folder_of_the_list(world: World, news: AccountId) -> None:
    at, _ = deliver(world, Target("list", news, None, LIST, "Approved"))
    assert at == world.read(OPERATOR, lambda tx: tx.role(news, "inbox")).id


def test_what_goes_to_the_list_and_to_a_word_of_it_came_to_the_list(world: World, news: AccountId) -> None:
    at, uid = deliver(world, Target("list", news, None, LIST, "request"), Target("list", news, None, LIST))
    assert world.read(OPERATOR, lambda tx: tx.uids(at)) == [uid]
    assert world.read(OPERATOR, lambda tx: tx.list_progress(at, uid)).tag == ""


def test_progress_takes_the_right_to_run_the_folder(world: World, news: AccountId) -> None:
    at, uid = deliver(world, Target("list", news, None, LIST))
    grant(world, at, world.alice, "lrswite")
    world.read(world.alice, lambda tx: tx.list_progress(at, uid))
    with pytest.raises(NoRight):
        world.write(world.alice, lambda tx: tx.note_list_progress(at, uid, 7))


def test_lists_that_are_enabled_are_found(world: World, news: AccountId) -> None:
    other = world.house.add("talk@example.test", PrincipalKind.LIST).id

    def found() -> list[tuple[AccountId, int, int]]:
        return [(each.list, each.letters, each.digest) for each in world.read(OPERATOR, lambda tx: tx.mail_lists())]

    assert found() == [(news, 0, 0), (other, 0, 0)]
    at, _ = deliver(world, Target("list", news, None, LIST))
    [work, _] = world.read(OPERATOR, lambda tx: tx.mail_lists())
    approved = world.read(OPERATOR, lambda tx: tx.locate(news, "Approved").id)
    assert (work.inbox, work.approved, work.letters) == (at, approved, 1)
    digest = world.write(OPERATOR, lambda tx: tx.add_folder(news, "Digest").id)
    world.write(OPERATOR, lambda tx: tx.copy(at, EVERY, digest))
    assert found() == [(news, 1, 1), (other, 0, 0)]
    world.write(OPERATOR, lambda tx: tx.update_account("talk@example.test", enabled=False))
    assert found() == [(news, 1, 1)]


def test_a_moderator_needs_rights_on_two_folders_alone(world: World, news: AccountId) -> None:
    held = world.read(OPERATOR, lambda tx: tx.locate(news, "Moderation")).id
    approved = world.read(OPERATOR, lambda tx: tx.locate(news, "Approved")).id
    grant(world, held, world.alice, "lrste")
    grant(world, approved, world.alice, "li")
    world.write(OPERATOR, lambda tx: tx.append(held, [letter()]))
    world.write(world.alice, lambda tx: tx.move(held, ((1, 1),), approved))
    assert world.read(OPERATOR, lambda tx: tx.folder(approved, Right.READ)).total == 1


def test_who_was_asked_and_has_not_answered_is_forgotten_and_nobody_else(world: World, news: AccountId) -> None:
    for name, state in (("asked", "unconfirmed"), ("member", "active"), ("waiting", "pending")):
        put(world, f"{name}@far.test", state=state)
    now = datetime.now(UTC)
    asyncio.run(upkeep.forget_unused(world.house.store, now=now + upkeep.UNCONFIRMED_KEPT - timedelta(hours=1)))
    assert len(on(world, news)) == 3
    asyncio.run(upkeep.forget_unused(world.house.store, now=now + upkeep.UNCONFIRMED_KEPT + timedelta(hours=1)))
    assert on(world, news) == ["member@far.test", "waiting@far.test"]

"""Where mail to an address goes."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from groupware.model.errors import AlreadyExists, NotFound, Refused
from groupware.model.event import Target
from groupware.model.mailinglist import Subscriber
from groupware.model.principal import DELIVERY, NewAccount, PrincipalKind
from groupware.store.api import WriteTx
from tests.store.house import House

A, B, C = (f"{name}@example.test" for name in ("alice", "bob", "carol"))
SALES, ALL, LIST = (f"{name}@example.test" for name in ("sales", "all", "list"))


def resolve(house: House, address: str) -> list[Target]:
    return list(house.read(lambda tx: tx.resolve(address), DELIVERY))


def addresses(house: House, address: str) -> list[str]:
    return sorted(each.address for each in resolve(house, address))


def put_setting(house: House, name: str, value: str | bool | int, of: int) -> None:
    house.write(lambda tx: tx.put_setting(name, value, of))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given_address", "tag"),
    [
        (A, ""),
        ("Alice@EXAMPLE.test", ""),
        (" alice@example.test ", ""),
        ("alice@alias.test", ""),
        ("alice+Work/2026@example.test", "Work/2026"),
        ("alice+Work+x@alias.test", "Work+x"),
        ("info@example.test", ""),
        ("info+x@alias.test", "x"),
    ],
)
def test_an_account_by_every_form_of_its_address(house: House, given_address: str, tag: str) -> None:
    alice = house.add(A)
    house.write(lambda tx: tx.put_alias(A, "info@example.test"))
    assert resolve(house, given_address) == [Target("account", alice.id, None, A, tag)]


@pytest.mark.parametrize(
    "address",
    [
        "nobody@example.test",
        "nobody+x@example.test",
        "+x@example.test",
        "alice",
        "",
        "@example.test",
        "a\0@example.test",
    ],
)
def test_nobody_is_there(house: House, address: str) -> None:
    with pytest.raises(NotFound):
        resolve(house, address)


def test_an_account_that_has_a_plus_in_its_name_comes_before_the_sub_address(house: House) -> None:
    house.add(A)
    plus = house.add("alice+x@example.test")
    assert resolve(house, "alice+x@example.test") == [Target("account", plus.id, None, "alice+x@example.test")]


def test_what_is_not_of_this_server_is_away(house: House) -> None:
    assert resolve(house, "Someone@Elsewhere.test") == [Target("remote", address="Someone@Elsewhere.test")]


@pytest.mark.parametrize("address", ["postmaster@example.test", "POSTMASTER@alias.test"])
def test_every_domain_has_its_postmaster(house: House, address: str) -> None:
    assert addresses(house, address) == ["postmaster@example.test"]


def test_a_disabled_account_is_not_there(house: House) -> None:
    house.add(A)
    house.write(lambda tx: tx.update_account(A, enabled=False))
    with pytest.raises(NotFound):
        resolve(house, A)


def test_a_folder_recipient_leads_to_its_folder_while_that_is_there(house: House) -> None:
    alice = house.add(A)
    folder = house.write(lambda tx: tx.add_folder(alice.id, "Tickets"))
    new = NewAccount("tickets@example.test", PrincipalKind.RECIPIENT, folder=folder.id)
    house.write(lambda tx: tx.put_account(new))
    assert resolve(house, "tickets@example.test") == [Target("folder", alice.id, folder.id, "tickets@example.test")]
    house.write(lambda tx: tx.delete_folder(folder.id))
    with pytest.raises(NotFound):
        resolve(house, "tickets@example.test")


# --- groups


@pytest.fixture
def grouped(house: House) -> House:
    """ALL has SALES, LIST and carol; SALES has alice, bob and one from elsewhere."""
    for address in (A, B, C):
        house.add(address)
    house.add(SALES, PrincipalKind.GROUP)
    house.add(ALL, PrincipalKind.GROUP)
    house.add(LIST, PrincipalKind.LIST)
    house.member(SALES, A, B, "Rita@Elsewhere.test")
    house.member(ALL, SALES, LIST, C)
    return house


def test_nested_groups_give_each_member_once_and_a_list_as_one(grouped: House) -> None:
    found = resolve(grouped, "ALL+x@alias.test")
    assert sorted((each.kind, each.address) for each in found) == [
        ("account", A),
        ("account", B),
        ("account", C),
        ("list", LIST),
        ("remote", "rita@elsewhere.test"),
    ]


def test_a_disabled_member_or_nested_group_is_left_out(grouped: House) -> None:
    grouped.write(lambda tx: tx.update_account(B, enabled=False))
    assert addresses(grouped, SALES) == [A, "rita@elsewhere.test"]
    grouped.write(lambda tx: tx.update_account(f"group:{SALES}", enabled=False))
    assert addresses(grouped, ALL) == [C, LIST]
    with pytest.raises(NotFound):
        resolve(grouped, SALES)


def test_mail_to_a_group_goes_where_it_is_set_to(grouped: House) -> None:
    group = grouped.read(lambda tx: tx.account(f"group:{SALES}")).id
    everybody = {A, B, C, "postmaster@example.test"}
    grouped.domain("other.test")
    grouped.add("dora@other.test")
    for value, wanted in (
        ("domain", everybody),
        ("server", everybody | {"dora@other.test", "postmaster@other.test"}),
        ("members", {A, B, "rita@elsewhere.test"}),
    ):
        put_setting(grouped, "distributeEmailTo", value, group)
        assert set(addresses(grouped, SALES)) == wanted
    put_setting(grouped, "distributeEmailTo", "nobody", group)
    with pytest.raises(Refused, match="goes to nobody"):
        resolve(grouped, SALES)


@pytest.mark.parametrize(
    ("value", "takes"),
    [
        ("anybody", {A, C, "dora@other.test", "x@far.test"}),
        ("server", {A, C, "dora@other.test"}),
        ("domain", {A, C}),
        ("members", {A, C}),
        ("directMembers", {C}),
        ("nobody", set()),
    ],
)
def test_a_group_takes_mail_from_whom_it_is_set_to(grouped: House, value: str, takes: set[str]) -> None:
    grouped.domain("other.test")
    grouped.add("dora@other.test")
    put_setting(grouped, "receiveEmailFrom", value, grouped.read(lambda tx: tx.account(f"group:{ALL}")).id)
    for sender in (A, C, "dora@other.test", "x@far.test"):
        proven = sender != "x@far.test"
        found = grouped.read(lambda tx, sender=sender, proven=proven: tx.group_takes(ALL, sender, proven=proven))  # type: ignore[misc]
        assert found is (sender in takes)
        if proven and value != "anybody":
            assert not grouped.read(lambda tx, sender=sender: tx.group_takes(ALL, sender, proven=False))  # type: ignore[misc]
    assert grouped.read(lambda tx: tx.group_takes(A, "x@far.test", proven=False))


def test_an_empty_group_takes_no_mail(house: House) -> None:
    house.add(SALES, PrincipalKind.GROUP)
    with pytest.raises(NotFound, match="nobody is in this group"):
        resolve(house, SALES)


def test_members_are_listed_and_dropped(grouped: House) -> None:
    assert grouped.read(lambda tx: tx.members(SALES)) == [A, B, "rita@elsewhere.test"]
    grouped.write(lambda tx: tx.drop_member(SALES, "rita@elsewhere.test"))
    grouped.write(lambda tx: tx.drop_member(SALES, "bob@alias.test"))
    assert grouped.read(lambda tx: tx.members(SALES)) == [A]
    for gone in ("rita@elsewhere.test", B, "nobody@example.test"):
        with pytest.raises(NotFound):
            grouped.write(lambda tx, gone=gone: tx.drop_member(SALES, gone))  # type: ignore[misc]
    with grouped.store.database.readers.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM principal WHERE kind = 'remote'").scalar_one() == 0


@pytest.mark.parametrize(("group", "member"), [(SALES, SALES), (SALES, ALL)])
def test_a_circle_is_refused(grouped: House, group: str, member: str) -> None:
    with pytest.raises(Refused, match="is in it"):
        grouped.member(group, member)


def test_what_cannot_be_a_member(grouped: House) -> None:
    with pytest.raises(AlreadyExists):
        grouped.member(SALES, A)
    for nobody in ("nobody@example.test", "nobody", "a b@elsewhere.test", ""):
        with pytest.raises(NotFound):
            grouped.member(SALES, nobody)
    with pytest.raises(Refused, match="no group"):
        grouped.member(A, B)


def test_rights_come_by_groups_at_any_depth_but_not_by_lists(grouped: House) -> None:
    who = grouped.who(A)
    assert {f"group:{SALES}", f"group:{ALL}"} <= who.identifiers
    assert LIST not in who.identifiers
    grouped.write(lambda tx: tx.drop_member(SALES, A))
    grouped.write(lambda tx: tx.put_subscriber(LIST, Subscriber(A)))
    assert not any(each.startswith("group:") for each in grouped.who(A).identifiers)


def test_a_session_loses_the_group_at_its_next_call(grouped: House) -> None:
    who = grouped.who(A)
    grouped.write(lambda tx: tx.drop_member(SALES, A))
    assert f"group:{SALES}" not in grouped.read(lambda tx: tx.who, who).identifiers


# --- switches and the catch-all


def test_an_address_that_takes_no_mail_says_so_and_is_left_out_of_groups(grouped: House) -> None:
    bob = grouped.read(lambda tx: tx.account(B))
    put_setting(grouped, "smtpIncoming", False, bob.id)
    with pytest.raises(Refused, match="takes no mail"):
        resolve(grouped, B)
    assert addresses(grouped, SALES) == [A, "rita@elsewhere.test"]


def catch_all(house: House, address: str) -> None:
    domain = house.read(lambda tx: tx.domains())[0]
    assert domain.id is not None
    put_setting(house, "catchAll", address, domain.id)


@pytest.mark.parametrize("address", ["nobody@example.test", "nobody@alias.test", "nobody+x@example.test"])
def test_the_catch_all_takes_what_nobody_takes(house: House, address: str) -> None:
    alice = house.add(A)
    catch_all(house, "alice+caught@example.test")
    assert resolve(house, address) == [Target("account", alice.id, None, A, "caught")]
    house.write(lambda tx: tx.update_account(A, enabled=False))
    with pytest.raises(NotFound):
        resolve(house, A)


def test_a_catch_all_may_lead_away_and_one_that_leads_nowhere_ends(house: House) -> None:
    catch_all(house, "box@elsewhere.test")
    assert resolve(house, "nobody@example.test") == [Target("remote", address="box@elsewhere.test")]
    catch_all(house, "nobody@example.test")
    with pytest.raises(NotFound):
        resolve(house, "nobody2@example.test")


# --- any text


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=40), domain=st.sampled_from(["", "@example.test", "@alias.test", "@ALIAS.test\0", "@x"]))
def test_any_text_is_an_address_or_is_not(house: House, text: str, domain: str) -> None:
    try:
        found = resolve(house, text + domain)
    except NotFound:
        return
    assert [each.kind for each in found] == ["remote"] or text.strip().lower().startswith("postmaster")


# --- any graph

NAMES = ("g0", "g1", "g2", "g3", "g4", "g5")
PEOPLE = ("p0", "p1", "p2", "p3")
EDGES = st.sets(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES + PEOPLE)), max_size=18)


def expected(start: str, graph: Mapping[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    todo = [start]
    while todo:
        at = todo.pop()
        if at not in seen:
            seen.add(at)
            todo.extend(graph.get(at, ()))
    return {f"{each}@example.test" for each in seen if each in PEOPLE}


def link(tx: WriteTx, edges: set[tuple[str, str]]) -> Callable[[], None]:
    """Put rows straight into the table, circles too: the door would refuse them."""
    numbers = {name: tx.account(f"{name}@example.test").id for name in NAMES + PEOPLE}
    sql = tx.sql.connection  # type: ignore[attr-defined]
    sql.exec_driver_sql("DELETE FROM member")
    for group, member in edges:
        sql.exec_driver_sql(f"INSERT INTO member (group_id, member_id) VALUES ({numbers[group]}, {numbers[member]})")
    tx.move_memberships()  # type: ignore[attr-defined]
    return lambda: None


@pytest.fixture
def graph_house(house: House) -> House:
    for name in NAMES:
        house.add(f"{name}@example.test", PrincipalKind.GROUP)
    for name in PEOPLE:
        house.add(f"{name}@example.test")
    return house


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edges=EDGES)
def test_any_graph_of_groups_ends_and_gives_everybody_once(graph_house: House, edges: set[tuple[str, str]]) -> None:
    graph_house.write(lambda tx: link(tx, edges))
    graph = {name: {to for at, to in edges if at == name} for name in NAMES}
    for name in NAMES:
        wanted = expected(name, graph)
        try:
            found = [each.address for each in resolve(graph_house, f"{name}@example.test")]
        except NotFound:
            found = []
        assert len(found) == len(set(found))
        assert set(found) == wanted
    for person in PEOPLE:
        above = {g for g in NAMES if reached_by_groups(g, person, edges)}
        who = graph_house.who(f"{person}@example.test")
        assert {f"group:{g}@example.test" for g in above} == {i for i in who.identifiers if i.startswith("group:")}


def reached_by_groups(group: str, person: str, edges: set[tuple[str, str]]) -> bool:
    below, size = {group}, 0
    while len(below) != size:
        size = len(below)
        below |= {to for at, to in edges if at in below}
    return any(at[0] == "g" and to == person for at, to in itertools.product(below, [person]) if (at, to) in edges)


def test_what_delivery_asks_of_a_recipient_comes_with_where_mail_goes(grouped: House) -> None:
    alice, group = (grouped.read(lambda tx, key=key: tx.account(key)).id for key in (A, f"group:{SALES}"))  # type: ignore[misc]

    def asked(address: str) -> list[tuple[int | None, bool | None, tuple[str, str]]]:
        return [(each.group, each.ruled, each.takes_from) for each in resolve(grouped, address)]

    assert asked(A) == [(None, False, ("anyDomain", ""))]
    grouped.write(lambda tx: (tx.put_script("own", b"keep;", alice), tx.activate_script("own", alice)))
    put_setting(grouped, "receiveRestriction", "localDomain", alice)
    put_setting(grouped, "receiveExceptions", "far.test", alice)
    assert asked(A) == [(None, True, ("localDomain", "far.test"))]
    assert (group, True, ("anyDomain", "")) in asked(SALES)
    grouped.write(lambda tx: tx.activate_script("", alice))
    assert asked(A)[0][1] is False
    put_setting(grouped, "forwardTo", "x@far.test", alice)
    assert asked(A)[0][1] is True


def test_whether_senders_are_looked_at_comes_with_where_mail_goes_for_members_too(grouped: House) -> None:
    alice = grouped.read(lambda tx: tx.account(A)).id

    def screened(address: str) -> list[bool | None]:
        return [each.screened for each in resolve(grouped, address) if each.account == alice]

    assert (screened(A), screened(SALES)) == ([False], [False])
    put_setting(grouped, "blacklist", "far.test", alice)
    assert (screened(A), screened(SALES)) == ([True], [True])
    put_setting(grouped, "blacklist", "", alice)
    put_setting(grouped, "filteringOption", "discard", alice)
    assert screened(A) == [True]


def test_how_much_room_is_left_is_said_where_there_is_a_limit(house: House) -> None:
    alice = house.add(A)
    assert [each.room for each in resolve(house, A)] == [None]
    put_setting(house, "mailboxSize", 2, alice.id)
    assert [each.room for each in resolve(house, A)] == [2048]
    put_setting(house, "mailboxMessageCount", 5, alice.id)
    assert [each.room for each in resolve(house, A)] == [2048]
    put_setting(house, "forwardTo", B, alice.id)
    assert [each.room for each in resolve(house, A)] == [None]

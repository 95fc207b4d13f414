"""Requests for access: who is told what of them, what an answer does, and how many there may be. Decision 314."""

from __future__ import annotations

import pytest

from groupware.model.errors import NotFound, Refused
from groupware.model.principal import Principal
from groupware.model.rights import LEVELS, Right, letters
from groupware.model.sharing import AccessRequest, RequestState
from groupware.store.sql.access_requests import A_DAY
from tests.store.world import World

ALICE, BOB = "alice@example.test", "bob@example.test"
VIEWER, EDITOR = LEVELS["viewer"], LEVELS["editor"]


def ask(
    world: World, path: str = "Work", wanted: Right = VIEWER, whom: str = ALICE, who: Principal | None = None
) -> None:
    world.write(who or world.bob, lambda tx: tx.ask_access(whom, path, wanted, "please"))


def told(world: World, who: Principal) -> list[AccessRequest]:
    return list(world.read(who, lambda tx: tx.access_requests()))


def test_an_owner_is_asked_and_what_is_granted_comes_to_what_there_was(world: World) -> None:
    world.grant("Work", BOB, "l9")
    ask(world, "work ", EDITOR)
    [one] = told(world, world.alice)
    assert (one.mine, one.other, one.folder, one.wanted, one.text) == (False, BOB, world.work, EDITOR, "please")
    world.write(world.alice, lambda tx: tx.answer_access(one.number, world.work, VIEWER))
    assert set(letters(world.rights(world.bob))) == set("lrs9")
    assert told(world, world.alice) == []
    assert [each.state for each in told(world, world.bob)] == [RequestState.GRANTED]
    with pytest.raises(NotFound):
        world.write(world.alice, lambda tx: tx.answer_access(one.number, None))


def test_who_asks_learns_nothing_of_what_there_is(world: World) -> None:
    ask(world, "Work/Deep")
    ask(world, "Nowhere")
    ask(world, "")
    mine = told(world, world.bob)
    assert [(each.path, each.folder, each.state) for each in mine] == [
        (path, None, RequestState.WAITING) for path in ("Work/Deep", "Nowhere", "")
    ]
    meant = {each.path: each.folder for each in told(world, world.alice)}
    assert (meant["Work/Deep"], meant["Nowhere"]) == (world.deep, None)
    assert told(world, world.carol) == []


def test_nobody_asks_outside_of_the_domain_or_for_everything(world: World) -> None:
    for whom in ("nobody@example.test", world.carol.name, "example.test"):
        with pytest.raises(NotFound):
            ask(world, whom=whom)
    for wanted, whom in ((VIEWER | Right.ADMIN, ALICE), (Right.NONE, ALICE), (VIEWER, BOB)):
        with pytest.raises(Refused):
            ask(world, wanted=wanted, whom=whom)


def test_what_was_refused_is_not_asked_for_again_soon(world: World) -> None:
    ask(world)
    [one] = told(world, world.alice)
    for other in (world.bob, world.carol):
        with pytest.raises(NotFound):
            world.write(other, lambda tx: tx.answer_access(one.number, world.work, VIEWER))
    world.write(world.alice, lambda tx: tx.answer_access(one.number, None))
    assert (letters(world.rights(world.bob)), told(world, world.bob)[0].state) == ("", RequestState.REFUSED)
    with pytest.raises(Refused, match="refused lately"):
        ask(world)


def test_requests_of_a_day_are_counted_and_one_that_waits_is_taken_back(world: World) -> None:
    for number in range(A_DAY):
        ask(world, f"Folder {number}")
    with pytest.raises(Refused, match="tomorrow"):
        ask(world, "One more")
    first = told(world, world.bob)[0].number
    with pytest.raises(NotFound):
        world.write(world.alice, lambda tx: tx.withdraw_request(first))
    world.write(world.bob, lambda tx: tx.withdraw_request(first))
    assert len(told(world, world.alice)) == A_DAY - 1
    for path in ("Folder 0", "Folder 1", "One more"):
        with pytest.raises(Refused):
            ask(world, path)

"""What moves into Junk and out of it say to scanners."""

from __future__ import annotations

import pytest

from groupware.model.ids import EVERY, FolderId
from groupware.model.principal import OPERATOR, Principal
from tests.store.world import World, letter


def at(world: World, role: str, who: Principal | None = None) -> FolderId:
    who = who or world.alice
    return world.read(who, lambda tx: tx.role(who.account, role).id)


def told(world: World) -> list[tuple[str, bool]]:
    found = world.read(OPERATOR, lambda tx: tx.lessons())
    if found:
        world.write(OPERATOR, lambda tx: tx.drop_lessons(found[-1].number))
    return [(each.account, each.spam) for each in found]


def move(world: World, source: str, to: str, *, copy: bool = False) -> None:
    here, there = at(world, source), at(world, to)
    world.write(world.alice, lambda tx: tx.append(here, [letter()]))
    world.write(world.alice, lambda tx: (tx.copy if copy else tx.move)(here, EVERY, there))


@pytest.mark.parametrize("copy", [False, True])
@pytest.mark.parametrize(
    ("source", "to", "says"),
    [
        ("inbox", "junk", [True]),
        ("junk", "inbox", [False]),
        ("junk", "archive", [False]),
        ("junk", "trash", []),
        ("sent", "junk", []),
        ("inbox", "archive", []),
    ],
)
def test_a_move_teaches(world: World, source: str, to: str, says: list[bool], copy: bool) -> None:
    move(world, source, to, copy=copy)
    assert told(world) == [("alice@example.test", spam) for spam in says]
    assert told(world) == []


def test_who_does_not_want_to_teach_does_not(world: World) -> None:
    world.write(OPERATOR, lambda tx: tx.put_setting("learnFromJunk", False, world.alice.account))
    move(world, "inbox", "junk")
    assert told(world) == []


def test_somebody_elses_junk_teaches_nothing(world: World) -> None:
    junk = at(world, "junk")
    world.grant(junk, world.bob, "lrswite")
    here = at(world, "inbox", world.bob)
    world.write(world.bob, lambda tx: tx.append(here, [letter()]))
    world.write(world.bob, lambda tx: tx.move(here, EVERY, junk))
    assert told(world) == []


def test_what_is_gone_is_not_learned(world: World) -> None:
    move(world, "inbox", "junk")
    (lesson,) = world.read(OPERATOR, lambda tx: tx.lessons())
    assert lesson.blob is not None
    world.write(OPERATOR, lambda tx: tx.drop_account("alice@example.test"))
    assert told(world) == []

"""Invitations to what is shared: what becomes of them, who is told, and that rights are the grant's alone."""

from __future__ import annotations

import pytest

from groupware.model.errors import NoRight, NotFound
from groupware.model.rights import letters, parse_rights
from groupware.model.sharing import NoticeKind, ShareState
from tests.store.world import World

LRS, EDITOR = parse_rights("lrs"), parse_rights("lrswipte")
VIEW = "Other Users/alice@example.test/Work"


def invite(world: World, rights: str = "lrs", whom: str = "bob@example.test") -> None:
    world.write(world.alice, lambda tx: tx.share("Work", whom, parse_rights(rights), title="Our work"))


def state(world: World) -> ShareState | None:
    return world.read(world.bob, lambda tx: tx.share_states()).get(world.work)


def answer(world: World, *, accept: bool) -> None:
    world.write(world.bob, lambda tx: tx.answer_share(world.work, accept=accept))


def test_an_invitation_is_a_grant_and_a_notice(world: World) -> None:
    invite(world)
    assert (letters(world.rights(world.bob)), state(world)) == ("lrs", ShareState.INVITED)
    [notice] = world.read(world.bob, lambda tx: tx.notices())
    said = (notice.kind, notice.folder, notice.owner, notice.path, notice.other, notice.title, notice.rights)
    assert said == (
        NoticeKind.INVITATION, world.work, "alice@example.test", "Work", "alice@example.test", "Our work", LRS,
    )  # fmt: skip
    assert [each.state for each in world.read(world.alice, lambda tx: tx.grants("Work"))] == ["invited"]


@pytest.mark.parametrize("accept", [True, False])
def test_an_answer_is_told_to_the_owner_and_changes_no_right(world: World, accept: bool) -> None:
    invite(world)
    answer(world, accept=accept)
    wanted = ShareState.ACCEPTED if accept else ShareState.DECLINED
    assert (letters(world.rights(world.bob)), state(world)) == ("lrs", wanted)
    assert world.read(world.bob, lambda tx: tx.notices()) == []
    [notice] = world.read(world.alice, lambda tx: tx.notices())
    assert (notice.kind, notice.other, notice.state) == (NoticeKind.ANSWER, "bob@example.test", wanted)
    listed = {each.path: each for each in world.read(world.bob, lambda tx: tx.folders())}
    assert listed[VIEW].subscribed is accept


def test_who_declined_may_think_again(world: World) -> None:
    invite(world)
    answer(world, accept=False)
    answer(world, accept=True)
    assert state(world) is ShareState.ACCEPTED
    assert len(world.read(world.alice, lambda tx: tx.notices())) == 1


def test_who_has_accepted_is_not_asked_again(world: World) -> None:
    invite(world)
    answer(world, accept=True)
    invite(world, "lrswipte")
    assert (letters(world.rights(world.bob)), state(world)) == ("lrswipte", ShareState.ACCEPTED)
    assert world.read(world.bob, lambda tx: tx.notices()) == []


def test_who_has_declined_is_asked_again(world: World) -> None:
    invite(world)
    answer(world, accept=False)
    invite(world)
    assert state(world) is ShareState.INVITED
    assert len(world.read(world.bob, lambda tx: tx.notices())) == 1


def test_a_grant_by_other_means_is_nobodys_invitation(world: World) -> None:
    world.grant("Work", world.bob, "lrs")
    assert (state(world), world.read(world.bob, lambda tx: tx.notices())) == (None, [])


def test_a_grant_that_is_changed_by_other_means_keeps_its_answer(world: World) -> None:
    invite(world)
    answer(world, accept=True)
    world.grant("Work", world.bob, "lrswi")
    assert state(world) is ShareState.ACCEPTED


def test_what_is_denied_stays_denied(world: World) -> None:
    world.grant("Work", world.bob, "", "s")
    invite(world)
    assert letters(world.rights(world.bob)) == "lr"


def test_a_grant_that_is_taken_back_takes_its_notice_along(world: World) -> None:
    invite(world)
    world.grant("Work", world.bob)
    assert world.read(world.bob, lambda tx: tx.notices()) == []
    with pytest.raises(NotFound):
        answer(world, accept=True)


def test_a_group_is_granted_and_nobody_is_asked(world: World) -> None:
    invite(world, whom="group:sales@example.test")
    assert (letters(world.rights(world.bob)), state(world)) == ("lrs", None)
    assert world.read(world.bob, lambda tx: tx.notices()) == []
    with pytest.raises(NotFound, match="by name"):
        answer(world, accept=False)


def test_inviting_takes_a(world: World) -> None:
    world.grant("Work", world.bob, "lrswipkxte")
    with pytest.raises(NoRight, match="'a'"):
        world.write(world.bob, lambda tx: tx.share(world.work, "carol@other.test", LRS))


def test_a_notice_is_taken_away_by_whom_it_is_for(world: World) -> None:
    invite(world)
    [notice] = world.read(world.bob, lambda tx: tx.notices())
    with pytest.raises(NotFound):
        world.write(world.carol, lambda tx: tx.drop_notice(notice.number))
    world.write(world.bob, lambda tx: tx.drop_notice(notice.number))
    assert (world.read(world.bob, lambda tx: tx.notices()), state(world)) == ([], ShareState.INVITED)


def test_a_notice_goes_with_its_folder(world: World) -> None:
    invite(world)
    world.write(world.alice, lambda tx: tx.delete_folder(world.deep))
    world.write(world.alice, lambda tx: tx.delete_folder(world.work))
    assert world.read(world.bob, lambda tx: tx.notices()) == []


def test_a_notice_is_not_there_while_one_may_not_look_the_folder_up(world: World) -> None:
    invite(world)
    world.grant("Work", "everyone", deny="l")
    assert world.read(world.bob, lambda tx: tx.notices()) == []


def test_whose_root_names_somebody_is_told_with_what_it_allows(world: World) -> None:
    def told() -> list[tuple[str, str]]:
        found = world.read(world.bob, lambda tx: tx.delegations())
        return [(address, letters(rights)) for _, address, rights in found]

    root = world.read(world.alice, lambda tx: tx.locate(world.alice.account, "").id)
    assert told() == []
    world.grant(root, world.bob, "9")
    world.grant(root, "group:sales@example.test", "1")
    world.grant(root, "everyone", "l")
    assert told() == [("alice@example.test", "91")]

"""Rights in random trees: the store's word against the design's words, said once more and as simply as can be."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from groupware.model.ids import FolderId
from groupware.model.principal import OPERATOR
from groupware.model.rights import STANDARD, Right, letters
from groupware.model.times import moment, now_micros
from groupware.store.api import WriteTx
from groupware.store.sql import grants, tree
from tests.store.world import World

PATHS = ("A", "A/B", "A/B/C", "A/D", "E")
NAMES = ("bob@example.test", "group:sales@example.test", "group:staff@example.test", "domain:example.test",
         "everyone", "anyone", "carol@other.test", "domain:other.test")  # fmt: skip
ALWAYS = {"bob@example.test", "domain:example.test", "everyone", "anyone"}
RIGHTS = st.integers(0, STANDARD.value).map(Right)
ROWS = st.dictionaries(
    st.tuples(st.sampled_from(PATHS), st.sampled_from(NAMES)), st.tuples(RIGHTS, RIGHTS, st.booleans()), max_size=8
)


def oracle(rows: dict[tuple[str, str], tuple[Right, Right, bool]], path: str, names: set[str]) -> Right:
    """Any deny on the folder or an ancestor: denied; else any allow: allowed; else denied. What has ended is silent."""
    levels = path.split("/")
    chain = {"/".join(levels[:depth]) for depth in range(1, len(levels) + 1)}
    held = Right.NONE
    for right in STANDARD:
        mine = [row for (where, name), row in rows.items() if where in chain and name in names and not row[2]]
        if any(right in allow for allow, _, _ in mine) and not any(right in deny for _, deny, _ in mine):
            held |= right
    return held


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=ROWS, in_sales=st.booleans(), sales_in_staff=st.booleans())
def check(
    world: World, rows: dict[tuple[str, str], tuple[Right, Right, bool]], in_sales: bool, sales_in_staff: bool
) -> None:
    rows = {key: (allow & ~deny, deny, ends) for key, (allow, deny, ends) in rows.items()}
    names = ALWAYS | ({NAMES[1]} if in_sales else set()) | ({NAMES[2]} if in_sales and sales_in_staff else set())
    ends = moment(now_micros()) + timedelta(minutes=30)

    def member(tx: WriteTx, group: str, one: str, on: bool) -> None:
        if (one in tx.members(group)) is not on:
            (tx.put_member if on else tx.drop_member)(group, one)

    def make(tx: WriteTx) -> dict[str, FolderId]:
        there = {each.path: each.id for each in tx.folders()}
        for path in reversed(PATHS):
            if path in there:
                tx.delete_folder(path)
        made = {path: tx.create_folder(path).id for path in PATHS}
        for (path, name), (allow, deny, ending) in rows.items():
            tx.grant(path, name, allow, deny, ends if ending else None)
        return made

    world.write(OPERATOR, lambda tx: member(tx, "sales@example.test", "bob@example.test", in_sales))
    world.write(OPERATOR, lambda tx: member(tx, "staff@example.test", "sales@example.test", sales_in_staff))
    made = world.write(world.alice, make)
    for path, at in made.items():
        said = oracle(rows, path, names)
        told = world.read(world.alice, lambda tx, at=at: tx.explain(at, "bob@example.test"))  # type: ignore[misc]
        allowed = denied = Right.NONE
        for each in told.reasons:
            allowed, denied = allowed | each.allow, denied | each.deny
        assert (letters(told.rights), letters(allowed & ~denied)) == (letters(said), letters(said)), path
        assert world.rights(world.bob, at) == (said if Right.LOOKUP in said else Right.NONE), path


def test_rights_are_what_the_design_says(world: World, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    for module in (tree, grants):  # an hour later those that end have ended
        monkeypatch.setattr(module, "now_micros", lambda: now_micros() + 3_600_000_000)
    monkeypatch.setattr(grants, "_check", lambda *_: None)
    check(world)

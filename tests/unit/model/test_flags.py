"""Each flag has a right of its own, and what the rights do not cover stays as it is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from groupware.model.flags import FlagChange, Flags, apply
from groupware.model.rights import ALL, Right

flags = st.integers(0, 31).map(Flags)
words = st.frozensets(st.sampled_from(["$Forwarded", "work", "later"]))
changes = st.builds(FlagChange, add=flags, remove=flags, add_words=words, remove_words=words, replace=st.booleans())


@given(changes, flags, words)
def test_without_rights_nothing_changes(change: FlagChange, old: Flags, old_words: frozenset[str]) -> None:
    assert apply(change, Right.NONE, old, old_words) == (old, old_words)


@given(changes, flags, words)
def test_seen_takes_s_and_only_seen(change: FlagChange, old: Flags, old_words: frozenset[str]) -> None:
    new, new_words = apply(change, Right.SEEN, old, old_words)
    assert (new & ~Flags.SEEN, new_words) == (old & ~Flags.SEEN, old_words)


@given(changes, flags, words)
def test_deleted_takes_t_and_only_deleted(change: FlagChange, old: Flags, old_words: frozenset[str]) -> None:
    new, new_words = apply(change, Right.TRASH, old, old_words)
    assert (new & ~Flags.DELETED, new_words) == (old & ~Flags.DELETED, old_words)


@given(flags, words, flags, words)
def test_replace_with_every_right_leaves_what_was_named(
    named: Flags, named_words: frozenset[str], old: Flags, old_words: frozenset[str]
) -> None:
    change = FlagChange(add=named, add_words=named_words, replace=True)
    assert apply(change, ALL, old, old_words) == (named, named_words)


@given(flags, flags)
def test_add_and_remove_with_every_right(add: Flags, old: Flags) -> None:
    assert apply(FlagChange(add=add), ALL, old, frozenset())[0] == old | add
    assert apply(FlagChange(remove=add), ALL, old, frozenset())[0] == old & ~add

"""Keys of flags alone are one table: it says what each of them says."""

from __future__ import annotations

from datetime import UTC, datetime
from unittest.mock import Mock

from hypothesis import given
from hypothesis import strategies as st

from groupware.model.flags import FLAGS, Flags
from mailcore.imap.commands.search_keys import Both, Either, Every, Flagged, Key, Not, Size
from mailcore.imap.commands.search_run import Search, fitting_flags, of_flags

BARE: st.SearchStrategy[Key] = st.one_of(
    st.just(Every()), st.sampled_from([Flags.SEEN, Flags.DELETED, Flags.DRAFT]).map(Flagged)
)
KEYS = st.recursive(
    BARE,
    lambda inner: st.one_of(
        inner.map(Not), st.builds(Either, inner, inner), st.lists(inner, max_size=4).map(lambda keys: Both(tuple(keys)))
    ),
    max_leaves=12,
)


def fits(key: Key, flags: Flags) -> bool:
    match key:
        case Flagged(flag):
            return flag in flags
        case Not(inner):
            return not fits(inner, flags)
        case Either(one, other):
            return fits(one, flags) or fits(other, flags)
        case Both(keys):
            return all(fits(each, flags) for each in keys)
    return True


@given(KEYS)
def test_the_table_says_what_the_keys_say(key: Key) -> None:
    assert of_flags(key)
    assert [bool(octet) for octet in fitting_flags(key)[:32]] == [fits(key, flags) for flags in FLAGS]


@given(KEYS)
def test_a_key_of_something_else_makes_no_table(key: Key) -> None:
    assert not of_flags(Both((key, Size(1, larger=True))))
    assert not of_flags(Not(Either(Size(1, larger=True), key)))


@given(st.lists(st.sampled_from([0, Flags.SEEN.value]), max_size=60), st.data())
async def test_those_that_fit_are_found_however_many_they_are(bits: list[int], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(bits)))
    places = range(start, len(bits))
    run = Search(Mock(), Mock(flags=bytearray(bits)), datetime.now(UTC), Mock())
    found = await run.run(Flagged(Flags.SEEN), places)
    assert list(found) == [at for at in places if bits[at]]

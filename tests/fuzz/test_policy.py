"""Whatever is given as rules: they are read, or it is said what is wrong; nothing else happens."""

from __future__ import annotations

from contextlib import suppress
from ipaddress import ip_address

from hypothesis import given, settings
from hypothesis import strategies as st

from groupware.model.errors import Refused
from mailcore.smtp import xclient
from mailcore.smtp.policy import actions, conditions, words
from mailcore.smtp.policy.rules import from_tables, from_toml, to_toml
from mailcore.smtp.policy.variables import EVENTS, VARIABLES
from mailcore.smtp.wire import Bad

PIECES = st.sampled_from(
    [
        "[[rule]]\n",
        "name = ",
        '"a"',
        "at = ",
        '"mail"',
        "\n",
        "then = ",
        "['reject']",
        "all = [",
        "]",
        "'",
        '"',
        "#",
        "\0",
    ]
)
LINES = st.one_of(
    st.text(),
    st.lists(
        st.sampled_from(
            [*VARIABLES, *conditions.OPERATORS, *actions.VERBS, "not", "'", '"', "\\", "(", "9", "a@b", "*"]
        )
    ).map(" ".join),
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), st.lists(PIECES).map("".join)))
def test_any_text_as_a_file(text: str) -> None:
    with suppress(Refused):
        assert from_toml(to_toml(from_toml(text))) == from_toml(text)


ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.sampled_from([*EVENTS, "name", "at"])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=8,
)
TABLE = st.dictionaries(st.sampled_from(["name", "at", "all", "any", "then", "enabled", "note", "x"]), ANYTHING)


@settings(max_examples=300, deadline=None)
@given(st.one_of(ANYTHING, st.lists(TABLE, max_size=3)))
def test_any_tables(tables: object) -> None:
    with suppress(Refused):
        found = from_tables(tables)
        assert from_toml(to_toml(found)) == found


@settings(max_examples=400, deadline=None)
@given(LINES, st.sampled_from(EVENTS))
def test_any_line_as_a_condition_and_as_an_action(text: str, event: str) -> None:
    for parse in (conditions.parse, actions.parse):
        with suppress(ValueError):
            found = parse(text, event)  # type: ignore[arg-type, operator]
            assert parse(str(found), event) == found  # type: ignore[arg-type, operator]
    with suppress(ValueError):
        assert words.split(words.joined(words.split(text))) == words.split(text)


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.text(),
        st.lists(
            st.builds(
                "{}={}".format,
                st.sampled_from(xclient.NAMES),
                st.one_of(st.text(), st.sampled_from(["[UNAVAILABLE]", "IPV6:::1", "1.2.3.4", "25", "a+20b", "esmtp"])),
            )
        ).map(" ".join),
    )
)
def test_any_argument_of_xclient(argument: str) -> None:
    with suppress(Bad):
        named = xclient.parse(argument)
        for ip in (named.ip, named.to_ip):
            assert not ip or ip_address(ip)
        for text in (named.name, named.hello, named.login):
            assert text is None or text.isprintable()

"""Where keys stand in a TOML file."""

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from mailcore.server.toml_lines import key_lines

SAMPLE = '''# comment with [brackets] and = signs
[server]
primary_domain = "example.test" # comment
text = """
[not.a.table]
key = 1
"""
raw = \'\'\'
x = 2 \'\'\'
a."quoted key".c = 1979-05-27T07:32:00Z

[[listener]]
name = "one"
allow_rules = [
  { ip_set = ["192.0.2.1", "192.0.2.2"], priority = 5 }, # comment ]
  { ip_set = ["x # y",
    ""], priority = 6 },
]
[listener.tls]
minimum = '1.2'

[[listener]]
name = "two"
[service.imap]
enabled=true
'''


def test_keys_are_found_on_their_lines() -> None:
    lines = key_lines(SAMPLE)
    assert lines["server",] == 2
    assert lines["server", "primary_domain"] == 3
    assert lines["server", "raw"] == 8
    assert lines["server", "a", "quoted key", "c"] == 10
    assert lines["listener", 0] == 12
    assert lines["listener", 0, "allow_rules"] == 14
    assert lines["listener", 0, "allow_rules", 0, "priority"] == 15
    assert lines["listener", 0, "allow_rules", 1, "priority"] == 17
    assert lines["listener", 0, "tls", "minimum"] == 20
    assert lines["listener", 1, "name"] == 23
    assert lines["service", "imap", "enabled"] == 25
    assert ("not",) not in lines
    assert ("server", "key") not in lines


def paths(value: object, at: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
    found = {at} if at else set()
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found |= paths(inner, (*at, key))
    return found


def test_every_key_of_a_document_has_a_line() -> None:
    assert paths(tomllib.loads(SAMPLE)) == set(key_lines(SAMPLE))


KEYS = st.text("abc_-", min_size=1, max_size=3)
SCALARS = st.one_of(
    st.integers().map(str),
    st.booleans().map(lambda value: str(value).lower()),
    st.text("ab #[]{}=,.'\n\"\\", max_size=8).map(
        lambda value: '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    ),
    st.text('ab #[]{}=,."\n', max_size=8).map(lambda value: f"'''{value}'''"),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3).map(lambda parts: "[ " + ",\n ".join(parts) + " ]"), max_leaves=5
)


@given(st.dictionaries(KEYS, VALUES, max_size=4), st.dictionaries(KEYS, st.dictionaries(KEYS, VALUES, max_size=3)))
def test_any_document_is_walked_whole(top: dict[str, str], tables: dict[str, dict[str, str]]) -> None:
    text = "".join(f"{key} = {value}\n" for key, value in top.items())
    text += "".join(
        f"[t_{name}] # {name}\n" + "".join(f"{key} = {value}\n" for key, value in inner.items())
        for name, inner in tables.items()
        if f"t_{name}" not in top
    )
    assert paths(tomllib.loads(text)) == set(key_lines(text))

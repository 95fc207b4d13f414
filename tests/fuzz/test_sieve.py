"""Sieve: any octets compile or are refused with a line, and whatever compiles ends with an outcome."""

from __future__ import annotations

import json
import pickle
import random
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from mailcore.sieve.actions import AddHeader, DeleteHeader, Keep, Rewrite
from mailcore.sieve.bounds import Limits
from mailcore.sieve.check import compiled
from mailcore.sieve.compare import FOLDS, glob
from mailcore.sieve.errors import SieveError
from mailcore.sieve.grammar import parse
from mailcore.sieve.letter import applied
from mailcore.sieve.machine import run
from mailcore.sieve.message import Environment, read
from mailcore.sieve.regexes import TooSlow, check_regex, found
from mailcore.sieve.table import COMMANDS, EXTENSIONS, TESTS, Spec

WORDS = st.sampled_from(
    [
        "if", "elsif", "else", "require", "keep", "stop", "anyof", "allof", "not", "true", "header", "address", ":is",
        ":matches", ":comparator", ":over", "10K", "5", "(", ")", "[", "]", "{", "}", ",", ";", '"', '"a"', '"*"',
        '"subject"', "text:\n", "\n.\n", "# x\n", "/*", "*/", "\\", "\r\n", " ", "é", "\0", '"${hex:40}"', '"fileinto"',
    ]
)  # fmt: skip
OCTETS = st.one_of(st.lists(WORDS, max_size=40).map(lambda words: " ".join(words).encode()), st.binary(max_size=300))


@given(OCTETS)
def test_any_octets_are_a_script_or_are_refused_with_a_line(octets: bytes) -> None:
    lines = octets.count(b"\n") + 1
    for read_ in (parse, compiled):
        try:
            read_(octets)
        except SieveError as refused:
            assert 1 <= refused.line <= lines
            assert refused.text and refused.text.isprintable()


STRINGS = (
    ["", "a", "*", "?*", "subject", "from", "to", "received", "ann@example.com", "i;octet", "i;ascii-casemap", "gt",
     "hour", "date", "+0100", "${a}", "${1}", "${global.a}", "x${a}", "\\Seen", "INBOX", "fileinto", "online", "one",
     "mailto:a@example.com", "mailto:${a}", "2", "[a-z]+", "(a|b)*", "content-type", "text", "X-A", "${a}${a}", "bad b",
     "é\u1e9eⅧ", "\\", "${unicode:20ac}"]
)  # fmt: skip
FITTING = {
    "address": "from", "header": "subject", "field": "X-A", "comparator": "i;octet", "relation": "ge", "zone": "+0100",
    "part": "hour", "method": "mailto:a@example.com", "variable": "a", "importance": "1", "flags": "\\Seen",
    "envelope": "from", "scripts": "one",
}  # fmt: skip


class Writer:
    """Writes scripts at random out of the table: most of what it writes compiles."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def text(self, rule: str, shape: str) -> str:
        text = FITTING[rule] if rule in FITTING and self.chance.random() < 0.8 else self.chance.choice(STRINGS)
        if rule == "address" and shape == "text" and text == "from":
            text = "ann@example.com"
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    def value(self, shape: str, rule: str) -> str:
        if shape == "number":
            return self.chance.choice(["0", "1", "2", "7", "3K"])
        if shape == "text" or self.chance.random() < 0.6:
            return self.text(rule, shape)
        return f"[{', '.join(self.text(rule, shape) for _ in range(self.chance.randint(1, 3)))}]"

    def arguments(self, spec: Spec) -> str:
        words = []
        tags = {each.name: each for each in spec.tags}
        chosen = self.chance.sample(sorted(tags), k=min(len(tags), self.chance.choice([0, 1, 1, 2, 3])))
        chosen += [tags[name].with_ for name in chosen if tags[name].with_ and tags[name].with_ not in chosen]
        chosen += [each.name for each in spec.tags if each.must and not chosen]
        for tag in map(tags.__getitem__, dict.fromkeys(chosen)):
            words.append(f":{tag.name}")
            if tag.shape is not None:
                words.append(self.value(tag.shape, tag.rule))
        for arg in spec.args:
            if not arg.optional or self.chance.random() < 0.5:
                words.append(self.value(arg.shape, arg.rule))
        return " ".join(words)

    def test(self, deep: int = 0) -> str:
        name = self.chance.choice(sorted(TESTS))
        holds = TESTS[name].holds
        if not holds:
            return f"{name} {self.arguments(TESTS[name])}"
        if deep > 3:
            return "true"
        if holds == "one":
            return f"{name} {self.test(deep + 1)}"
        return f"{name}({', '.join(self.test(deep + 1) for _ in range(self.chance.randint(1, 3)))})"

    def command(self, deep: int = 0, *, looping: bool = False) -> str:
        names = COMMANDS.keys() - {"require", "elsif", "else"} - (set() if looping else {"break", "extracttext"})
        name = self.chance.choice(sorted(names))
        if not COMMANDS[name].block:
            return f"{name} {self.arguments(COMMANDS[name])};"
        looping = looping or name == "foreverypart"
        most = 2 if deep < 4 else 0
        commands = [self.command(deep + 1, looping=looping) for _ in range(self.chance.randint(0, most))]
        if name == "foreverypart":
            return f"{name} {{ {' '.join(commands)} }}"
        return f"if {self.test()} {{ {' '.join(commands[:1])} }} else {{ {' '.join(commands[1:])} }}"


EVERYTHING = f"require {json.dumps(sorted(EXTENSIONS))};\n"
HEADS = st.sampled_from([EVERYTHING, EVERYTHING.replace('"ihave", ', "")])
MESSAGES = st.one_of(
    st.binary(max_size=200),
    st.sampled_from(
        [
            b"",
            b"\r\n",
            b"Subject: x",
            b"Subject: Re: [a] b\r\nFrom: ann@example.com\r\nTo: bob@example.com\r\n\r\ntext\r\n",
            b"Content-Type: multipart/mixed; boundary=b\nX-A: 1\nX-A: 2\n\n--b\n\none\n--b\n"
            b"Content-Type: message/rfc822\n\nSubject: in\n\ninner\n--b\nContent-Type: text/html\n\n<p>t</p>\n--b--\n",
            b"Content-Type: message/rfc822\r\n\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\n--c--",
        ]
    ),
)


@settings(max_examples=300)
@given(st.integers(0, 2**32), HEADS, MESSAGES)
def test_whatever_compiles_ends_with_an_outcome(seed: int, head: str, octets: bytes) -> None:
    writer = Writer(seed)
    try:
        script = compiled((head + "\n".join(writer.command() for _ in range(writer.chance.randint(1, 6)))).encode())
    except SieveError:
        return
    assert pickle.loads(pickle.dumps(script)) == script
    message = read(octets, "ann@example.com", "bob@example.com")
    env = Environment(
        datetime(2026, 11, 26, tzinfo=UTC),
        folder_exists=lambda name: name == "INBOX",
        list_exists=lambda name: True,
        list_reaches=lambda name: True,
        in_list=lambda name, value: name == value,
        seen=lambda handle, key: bool(handle),
        script=lambda place, name: script if name == "one" else None,
    )
    limits = Limits(instructions=5_000, regex_seconds=0.2)
    outcome = run(script, message, env, limits)
    again = run(script, message, env, limits)
    assert outcome.error == again.error
    assert len(outcome.actions) == len(again.actions) <= limits.actions + 1
    assert outcome.instructions <= 5_000 or outcome.error is not None
    if outcome.error is not None:
        assert outcome.actions == (Keep(implicit=True),)
    for action in outcome.actions:
        if isinstance(action, AddHeader | DeleteHeader):
            octets = applied(octets, action)
        elif isinstance(action, Rewrite):
            octets = action.octets
    assert isinstance(read(octets).size, int)


@given(
    st.text(alphabet="abAB?*\\éßⅧ", max_size=12),
    st.text(alphabet="abAB?*\\éßⅧ", max_size=8),
    st.sampled_from(sorted(FOLDS)),
)
def test_a_glob_gives_back_what_its_signs_stand_for(text: str, pattern: str, comparator: str) -> None:
    matched = glob(comparator, text, pattern)
    if matched is not None:
        assert matched[0] == text
        assert all(piece in text for piece in matched)
        fold = FOLDS[comparator]
        assert comparator != "i;octet" or _filled(pattern, matched[1:]) == fold(text)


def _filled(pattern: str, pieces: tuple[str, ...]) -> str:
    """The pattern with what its signs stood for in their places."""
    rest, out, at = list(pieces), "", 0
    while at < len(pattern):
        if pattern[at] in "*?":
            out += rest.pop(0)
        else:
            at += pattern[at] == "\\" and at + 1 < len(pattern)
            out += pattern[at]
        at += 1
    return out


@given(st.text(alphabet="ab()[]{}*+?|^$.\\-:,0123]é", max_size=20), st.text(alphabet="ab.-", max_size=10))
def test_any_text_is_a_regular_expression_or_is_refused(pattern: str, text: str) -> None:
    try:
        check_regex(pattern, 1)
    except SieveError as refused:
        assert "is no regular expression" in refused.text
        return
    try:
        matched = found(pattern, text, fold=True, seconds=0.5)
    except TooSlow:
        return
    assert matched is None or all(piece in text for piece in matched)

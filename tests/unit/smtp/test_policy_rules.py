"""Rules of the policy: how they are written, what they mean, and that whatever they say they come to an end."""

from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groupware.model.errors import Refused
from mailcore.smtp.policy import actions, conditions, words
from mailcore.smtp.policy.engine import Decision, compiled
from mailcore.smtp.policy.rules import Rule, from_toml, parse, read, stored, table, to_toml
from mailcore.smtp.policy.variables import EVENTS, VARIABLES, Event, Value

FACTS: dict[str, Value] = {
    "remoteSmtpIp": "192.0.2.7",
    "ehloHost": "Mail.Example.org",
    "isESMTP": True,
    "mailFrom": "ann@example.org",
    "mailFromDomain": "example.org",
    "rcpt": ("bob@example.test", "eve@example.test"),
    "messageSize": 3_000_001,
    "authUser": "",
    "header.subject": ("Buy now",),
    "dnsbl.bl.test": ("127.0.0.2", "127.0.0.10"),
}


def holds(text: str) -> bool:
    rule = parse({"name": "r", "at": "data", "all": text, "then": "stop"})
    return bool(compiled([rule]).decide("data", FACTS).matched)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mailFromDomain is EXAMPLE.org other.test", True),
        ("mailFromDomain not is example.org", False),
        ("rcpt is eve@example.test", True),
        ("rcpt not is nobody@example.test", True),
        ("rcpt not is eve@example.test", False),
        ("mailFrom is ''", False),
        ("authUser is ''", True),
        ("authUser exists", False),
        ("authUser not exists", True),
        ("messageSize greater 3000000", True),
        ("messageSize less 3000000", False),
        ("messageSize is 3000001", True),
        ("isESMTP is yes", True),
        ("isESMTP not is no", True),
        ("remoteSmtpIp in-network 192.0.2.0/24 2001:db8::/32", True),
        ("remoteSmtpIp in-network 192.0.2.1-192.0.2.6", False),
        ("remoteSmtpIp is 192.0.2.7", True),
        ("ehloHost ends .example.ORG", True),
        ("ehloHost starts mail.", True),
        ("ehloHost like *.example.org", True),
        ("ehloHost like [m]ail.example.org", False),
        ("header.Subject contains 'buy NOW'", True),
        (r"header.subject matches ^buy\s+now$", True),
        ("header.x-none exists", False),
        ("dnsbl.BL.test is 127.0.0.10", True),
        ("dnsbl.other.test exists", False),
    ],
)
def test_a_condition_holds_when_it_says_so(text: str, expected: bool) -> None:
    assert holds(text) is expected


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "no spaces"}, "rule 'no spaces', name: 1 to 64 letters"),
        ({"at": "monday"}, "rule 'r', at: 'monday' is no event; there are connect"),
        ({"whne": []}, "rule 'r', whne: there is no such field; there are name"),
        ({"then": []}, "rule 'r', then: a rule does something"),
        ({"then": "explode"}, "rule 'r', then 1: there is no action 'explode'"),
        ({"then": "reject 250 ok"}, "rule 'r', then 1: its code begins with 5, not 250"),
        ({"then": "reject 550 4.7.1 x"}, "rule 'r', then 1: its status begins with 5"),
        ({"then": ["stop", "route x"]}, "rule 'r', then 2: route does nothing at data; it is for relay"),
        ({"then": "set maxDataSize 5"}, "rule 'r', then 1: set does nothing at data"),
        ({"at": "mail", "then": "set maxDataSize 0"}, "rule 'r', then 1: maxDataSize is a number from 1 to"),
        ({"at": "mail", "then": "set mailFrom x"}, "rule 'r', then 1: mailFrom is not set at mail; it can only be"),
        ({"then": "remove-header Received"}, "rule 'r', then 1: Received stays"),
        ({"then": "add-header 'X Y' z"}, "rule 'r', then 1: 'X Y' is no name of a header field"),
        ({"then": "add-recipient nobody"}, "rule 'r', then 1: 'nobody' is no whole address"),
        ({"all": "colour is red"}, "rule 'r', all 1: there is no variable 'colour'"),
        ({"all": "header. exists"}, "rule 'r', all 1: there is no variable 'header.'"),
        ({"all": "rcpt resembles x"}, "rule 'r', all 1: there is no operator 'resembles'"),
        ({"all": "messageSize contains 3"}, "rule 'r', all 1: contains is not for messageSize, which is a number"),
        ({"all": "rcpt is"}, "rule 'r', all 1: is takes one value or more, and here are 0"),
        ({"all": "remoteSmtpIp in-network 300.0.0.0/8"}, "rule 'r', all 1: '300.0.0.0/8' is not an IP address"),
        ({"any": ["rcpt exists", "rcpt matches ("]}, "rule 'r', any 2: '(' is no pattern"),
        ({"all": 'rcpt is "x'}, "rule 'r', all 1: a quote is not closed"),
        ({"at": "connect", "all": "mailFrom exists"}, "rule 'r', all 1: mailFrom is not known at connect; it is known"),
        ({"enabled": "yes"}, "rule 'r', enabled: it is true or false"),
        ({"all": 5}, "rule 'r', all: it is a list of texts"),
    ],
)
def test_what_is_wrong_is_named_by_rule_and_field(changes: dict[str, object], said: str) -> None:
    with pytest.raises(Refused) as error:
        parse({"name": "r", "at": "data", "then": "stop", **changes})
    assert str(error.value).startswith(said)


def test_all_and_any_have_to_hold_together() -> None:
    conditions = {"all": "isESMTP is yes", "any": ["rcpt is x@y.test", "messageSize greater 1"]}
    assert compiled([parse({"name": "r", "at": "data", "then": "stop", **conditions})]).decide("data", FACTS).matched
    conditions["any"] = ["rcpt is x@y.test"]
    assert (
        not compiled([parse({"name": "r", "at": "data", "then": "stop", **conditions})]).decide("data", FACTS).matched
    )


def decided(text: str, event: Event = "rcpt") -> Decision:
    return compiled(from_toml(text)).decide(event, FACTS)


def test_rules_are_asked_in_their_order_until_one_ends_the_event() -> None:
    decision = decided(
        """
        [[rule]]
        name = "limit"
        at = "rcpt"
        then = ["set maxRcptCount 5"]
        [[rule]]
        name = "off"
        at = "rcpt"
        enabled = false
        then = ["close"]
        [[rule]]
        name = "taken"
        at = "rcpt"
        all = ["mailFromDomain is example.org"]
        then = ["add-recipient archive@example.test", "accept", "discard-recipient"]
        [[rule]]
        name = "refused"
        at = "rcpt"
        then = ["reject"]
        """
    )
    assert decision.names == "limit,taken"
    assert decision.sets == {"maxRcptCount": 5}
    assert decision.words("add-recipient") == [("archive@example.test",)]
    assert decision.refusal is None and not decision.does("discard-recipient")


@pytest.mark.parametrize(
    ("action", "code", "status", "text"),
    [
        ("reject", 550, "5.7.1", "This server does not take that."),
        ("reject 552 'Too big.'", 552, "5.7.1", "Too big."),
        ("reject 552 5.3.4 'Too big.'", 552, "5.3.4", "Too big."),
        ("reject 'From {remoteSmtpIp}, {rcpt}: {nothing} {mailfrom}'", 550, "5.7.1",
         "From 192.0.2.7, bob@example.test, eve@example.test: {nothing} ann@example.org"),
        ("tempreject", 451, "4.7.1", "Not now; try again later."),
        ("close 'Go away'", 421, "4.7.0", "Go away"),
    ],
)  # fmt: skip
def test_what_a_client_is_told(action: str, code: int, status: str, text: str) -> None:
    refusal = compiled([parse({"name": "r", "at": "data", "then": action})]).decide("data", FACTS).refusal
    assert refusal is not None
    assert (refusal[0], refusal[1].code, refusal[1].status, refusal[1].text) == (action.split()[0], code, status, text)


def test_a_pattern_that_never_ends_fits_nothing_and_neither_does_its_opposite() -> None:
    facts: dict[str, Value] = {"mailFrom": "a" * 5000 + "!"}
    for negation in ("", "not "):
        rule = parse({"name": "r", "at": "mail", "all": f"mailFrom {negation}matches ^(a|a|aa)+$", "then": "reject"})
        rules = [rule] * 20
        assert compiled(rules).decide("mail", facts).matched == ()


def test_a_file_says_everything_that_is_wrong() -> None:
    with pytest.raises(Refused) as error:
        from_toml('[[rule]]\nname = "a"\nat = "x"\n[[rule]]\nname = "b"\nat = "mail"\nthen = "fly"\n[colour]\n')
    assert [line.split(":")[0] for line in str(error.value).splitlines()] == [
        "there is no table 'colour'; rules are written as [[rule]]",
        "rule 'a', at",
        "rule 'b', then 1",
    ]
    with pytest.raises(Refused, match="there are two of it"):
        from_toml('[[rule]]\nname="a"\nat="mail"\nthen="stop"\n[[rule]]\nname="A"\nat="mail"\nthen="stop"\n')


# --- anything at all ------------------------------------------------------------------------------------------------

TEXT = st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" "), max_size=30)
WORD = st.one_of(TEXT, st.sampled_from(["not", "is", "a'b", 'a"b', "\\", '\\"', "", " ", "'", "#x"]))


def _conditions(event: Event) -> st.SearchStrategy[str]:
    known = [each for each in VARIABLES.values() if event in each.known]

    @st.composite
    def make(draw: st.DrawFn) -> str:
        variable = draw(st.sampled_from(known))
        name = variable.name + ("x-y" if variable.family else "")
        operator = draw(st.sampled_from(list(conditions.OPERATORS)))
        values = draw(st.lists(st.one_of(WORD, st.sampled_from(["5", "yes", "10.0.0.0/8", "::1"])), max_size=3))
        text = words.joined([name, *draw(st.sampled_from([[], ["not"]])), operator, *values])
        return text if _parses(conditions.parse, text, event) else f"{name} exists"

    return make()


def _actions(event: Event) -> st.SearchStrategy[str]:
    more = st.one_of(
        WORD, st.sampled_from(["550", "451", "5.7.1", "X-Y", "a@b.test", "maxRcptCount", "{rcpt}", "host:25"])
    )
    made = st.builds(lambda verb, rest: words.joined([verb, *rest]), st.sampled_from(list(actions.VERBS)),
                     st.lists(more, max_size=3))  # fmt: skip
    return made.map(lambda text: text if _parses(actions.parse, text, event) else "stop")


def _parses(parser: Any, text: str, event: Event) -> bool:
    try:
        parser(text, event)
    except ValueError:
        return False
    return True


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    event = draw(st.sampled_from(EVENTS))
    return parse(
        {
            "name": draw(st.text(string.ascii_letters + string.digits, min_size=1, max_size=20)),
            "at": event,
            "enabled": draw(st.booleans()),
            "note": draw(TEXT),
            "all": draw(st.lists(_conditions(event), max_size=3)),
            "any": draw(st.lists(_conditions(event), max_size=2)),
            "then": draw(st.lists(_actions(event), min_size=1, max_size=3)),
        }
    )


RULESETS = st.lists(rules(), max_size=5, unique_by=lambda each: each.name.lower())
VALUES = st.one_of(TEXT, st.integers(0, 10**9), st.booleans(), st.lists(TEXT, max_size=3).map(tuple))
NAMES = [each.name + ("x-y" if each.family else "") for each in VARIABLES.values()]


@settings(max_examples=60, deadline=None)
@given(RULESETS)
def test_what_is_written_is_what_is_read(rules: list[Rule]) -> None:
    assert list(from_toml(to_toml(rules))) == rules
    assert [parse(table(each)) for each in rules] == rules
    assert [read(stored(each)) for each in rules] == rules


@settings(max_examples=60, deadline=None)
@given(RULESETS, st.dictionaries(st.sampled_from(NAMES), VALUES), st.sampled_from(EVENTS))
def test_any_rules_decide_over_any_facts(rules: list[Rule], facts: dict[str, Value], event: Event) -> None:
    decision = compiled(rules).decide(event, facts)
    assert set(decision.matched) <= {each for each in rules if each.enabled and each.at == event}
    refusal = decision.refusal
    assert refusal is None or 400 <= refusal[1].code < 600
    assert all(name in VARIABLES for name in decision.sets)


@given(st.lists(WORD, max_size=5))
def test_words_are_what_they_were(given: list[str]) -> None:
    assert list(words.split(words.joined(given))) == given

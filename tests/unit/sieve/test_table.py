"""The table says what there is, the machine does it, and each extension has its test."""

from __future__ import annotations

from mailcore.sieve.check import LATER
from mailcore.sieve.constants import NUMBER_RULES, TEXT_RULES
from mailcore.sieve.machine import COMMANDS, TESTS
from mailcore.sieve.table import ALWAYS, EXTENSIONS, Tag
from mailcore.sieve.table import COMMANDS as COMMAND_SPECS
from mailcore.sieve.table import TESTS as TEST_SPECS
from tests.support.sievetest import FOLDER

IN_THE_CHECK = {"require", "if", "elsif", "else"}
BY_THE_CALLER = {"address", "capability", "flags", "header", "label"}
"""Rules that depend on where they stand, or that the check looks at itself."""


def test_each_command_and_test_of_the_table_is_done_by_somebody() -> None:
    assert COMMANDS.keys() - {LATER} == COMMAND_SPECS.keys() - IN_THE_CHECK
    assert TESTS.keys() - {LATER} == TEST_SPECS.keys()


def test_whatever_the_table_asks_for_can_be_required() -> None:
    needed = {name for spec in (*COMMAND_SPECS.values(), *TEST_SPECS.values()) for name in spec.needs}
    needed |= {tag.needs for tag in _tags() if tag.needs}
    assert needed <= EXTENSIONS
    assert EXTENSIONS - needed == {name for name in EXTENSIONS if name.startswith("comparator-")} | {
        "encoded-character",
        "imapsieve",
    }


def test_each_rule_of_the_table_is_looked_at() -> None:
    rules = {tag.rule for tag in _tags()}
    rules |= {arg.rule for spec in (*COMMAND_SPECS.values(), *TEST_SPECS.values()) for arg in spec.args}
    assert rules - {""} <= TEXT_RULES.keys() | NUMBER_RULES.keys() | BY_THE_CALLER


def test_each_extension_is_in_a_scripted_test() -> None:
    texts = "\n".join(path.read_text() for path in FOLDER.glob("*.sievetest"))
    assert {name for name in EXTENSIONS - ALWAYS if name not in texts} == set()


def _tags() -> list[Tag]:
    return [tag for spec in (*COMMAND_SPECS.values(), *TEST_SPECS.values()) for tag in spec.tags]

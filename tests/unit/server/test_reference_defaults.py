"""The parameters of receiving, processing and sending that the reference product has: names, defaults and ranges."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import annotated_types
import pytest
from pydantic.fields import FieldInfo

from groupware.model.settings import SETTINGS
from mailcore.queue.retries import retries_of
from mailcore.server.config import load
from mailcore.server.declare import Section
from mailcore.server.sections import ServiceSection
from mailcore.server.sections_mail import GreylistingSection, QueueSection, SmtpSection
from mailcore.smtp.policy.variables import VARIABLES


def known(section: type[Section], name: str) -> FieldInfo:
    """The key that the reference product calls so."""
    [found] = [each for each in section.model_fields.values() if _known_as(each) == name]
    return found


def _known_as(field: FieldInfo) -> Any:
    return field.json_schema_extra.get("known_as") if isinstance(field.json_schema_extra, dict) else None


def bounds(field: FieldInfo) -> Iterator[object]:
    for each in field.metadata:
        if isinstance(each, annotated_types.Ge):
            yield each.ge
        elif isinstance(each, annotated_types.Le):
            yield each.le


@pytest.mark.parametrize(
    ("section", "name", "default", "least", "most"),
    [
        (ServiceSection, "logLevel", 15, 0, 31),
        (ServiceSection, "minConnThreads", 1, 1, 128),
        (ServiceSection, "maxConnThreads", 20, 1, 128),
        (ServiceSection, "maxErrors", 20, 0, 100),
        (ServiceSection, "maxAuthErrors", 5, 0, 100),
        (SmtpSection, "maxReceivedHeaders", 30, 1, 1000),
        (SmtpSection, "maxRcptCount", 1000, 1, 1000),
        (QueueSection, "schedInterval", 300, 1, 86_400),
        (QueueSection, "maxSchedInterval", 28_800, 5, 86_400),
        (QueueSection, "maxRetryCount", 20, 1, 1000),
        (QueueSection, "deliveryThreads", 20, 1, 128),
        (QueueSection, "filteringThreads", 20, 1, 128),
        (QueueSection, "disableInterval", 300, 0, 86_400),
        (QueueSection, "messagesPerSecond", 0, 0, 1000),  # 20 there: mailings and moves would be put off for it
    ],
)
def test_numbers_have_its_defaults_and_ranges(
    section: type[Section], name: str, default: int, least: int, most: int
) -> None:
    field = known(section, name)
    assert (field.default, *bounds(field)) == (default, least, most)


@pytest.mark.parametrize(
    ("section", "name", "default"),
    [
        (ServiceSection, "logType", "internal"),
        (ServiceSection, "logHost", "127.0.0.1:2000"),
        (SmtpSection, "maxDataSize", 10_240),
        (SmtpSection, "localDelivery", "all"),
        (SmtpSection, "remoteDelivery", "auth"),
    ],
)
def test_choices_have_its_defaults(section: type[Section], name: str, default: object) -> None:
    assert known(section, name).default == default


def test_tries_are_as_far_apart_as_there() -> None:
    retries = retries_of(QueueSection())
    waits = [int(retries.delay(tries).total_seconds()) for tries in range(1, 20)]
    assert waits == [300, 600, 1200, 2400, 4800, 9600, 19_200, *[28_800] * 12]
    assert next(each for each in range(1, 25) if retries.exhausted(each)) == 20
    assert retries.notice_after == 4


def test_greylisting_waits_five_minutes_and_remembers_for_36_days() -> None:
    section = GreylistingSection()
    assert (section.enabled, section.delay, section.keep_passed) == (False, 300, 36)


def test_smtp_listens_at_loopback_and_waits_for_five_minutes() -> None:
    listener = next(each for each in load(None, environ={}).listeners if each.name == "smtp")
    assert (listener.address, listener.port, listener.idle) == ("127.0.0.1", 25, 300)


@pytest.mark.parametrize(
    ("name", "default", "choices"),
    [
        ("filteringOption", "pass", {"pass", "discard", "sendNDR", "moveToFilteredEmail", "moveToFilteredEmailWithIC"}),
        ("distributeEmailTo", "members", {"members", "domain", "server", "nobody"}),
        (
            "receiveEmailFrom",
            "anybody",
            {"anybody", "server", "domain", "members", "directMembers", "nobody"},
        ),
        ("listSenderAllow", "all", {"all", "members", "admin"}),
        ("listContentAllow", "any", {"any", "text"}),
    ],
)
def test_settings_have_its_choices(name: str, default: str, choices: set[str]) -> None:
    assert (SETTINGS[name].default, set(SETTINGS[name].choices)) == (default, choices)


def test_rules_set_what_its_policy_sets() -> None:
    names = """smtpGreeting allowStartTLS allowPipelining allow8bitMime allowBinaryData secureConnAuthTypes
        plainConnAuthTypes remoteDelivery localDelivery maxRcptCount maxDataSize maxReceivedHeaders"""
    assert all(VARIABLES[each].settable for each in names.split())

"""The log that the server's parts are given is the log that there is."""

import logging

import pytest

from mailcore.server import log
from tests.support.parts import only_log


def test_events_said_through_the_parts_reach_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "postroom.SERVER"):
        only_log(log.get).log("SERVER").info("ready", services="imap")
    (record,) = [each for each in caplog.records if each.name == "postroom.SERVER"]
    assert (record.getMessage(), record.__dict__["facts"]) == ("ready", {"services": "imap"})

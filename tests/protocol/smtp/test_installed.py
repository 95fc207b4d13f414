"""What others have installed is found by its entry point, as a package has it: plug-ins of the policy, filters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailcore.queue.filters import chain
from mailcore.server.config import load
from mailcore.server.parts import ServiceSetup, installed_filters
from mailcore.smtp.policy import plugins
from tests.support.house import house
from tests.support.smtpstand import stand, talker

ALICE = "alice@example.test"
MODULE = """
from mailcore.queue.filters import Said, Verdict

async def friday(event, facts):
    return [f"reject 550 'Not on a Friday, {facts['mailFrom']} ({event}).'"]

class Stamp:
    name, level, priority, fails = "stamp", "server", 10, "open"

    async def judges(self, targets, octets):
        return dict.fromkeys(targets, self._judge)

    async def _judge(self, case):
        return Verdict(octets=b"X-Stamp: seen\\r\\n" + case.octets, said=(Said("stamped"),))

def stamps(parts, setup):
    return (Stamp(),)
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package of somebody else's, as pip leaves it."""
    site = tmp_path / "site-packages"
    info = site / "others_rules-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "others_rules.py").write_text(MODULE)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: others-rules\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[postroom.policy]\nfriday = others_rules:friday\n[postroom.filters]\nstamps = others_rules:stamps\n"
    )
    monkeypatch.syspath_prepend(str(site))
    plugins.installed.cache_clear()
    yield
    plugins.installed.cache_clear()


async def test_a_rule_asks_a_plug_in_that_is_installed(tmp_path: Path, installed: None) -> None:
    rules = "[[rule]]\nname = 'r'\nat = 'mail'\nall = ['mailFromUser is bad']\nthen = 'ask friday'\n"
    async with stand(tmp_path, rules=rules) as here, talker(here.port) as caller:
        assert await caller.ask("MAIL FROM:<bad@far.test>") == "550 5.7.1 Not on a Friday, bad@far.test (mail)."
        assert (await caller.ask("MAIL FROM:<good@far.test>")).startswith("250 ")
        assert here.log.named("policy_plugin_failed") == []


async def test_a_filter_that_is_installed_is_a_link_of_the_chain(tmp_path: Path, installed: None) -> None:
    assert "stamps" in installed_filters()
    async with house(tmp_path) as here:
        config = load(None, data=tmp_path, environ={})
        made = chain(here.parts, ServiceSetup("processing", config.services["processing"], config))
        assert len(made) == len(installed_filters()) + 3  # Sieve has three, senders two
        async with stand(tmp_path, real=here.parts) as there, talker(there.port) as caller:
            await caller.deliver("x@far.test", [ALICE], b"Subject: hi\r\n\r\nhello\r\n")
        (octets,) = await here.bodies("alice")
        assert octets.startswith(b"Return-Path: <x@far.test>\r\nX-Stamp: seen\r\nReceived: ")

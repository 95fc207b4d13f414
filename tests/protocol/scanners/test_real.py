"""Real scanners: what each says of a plain message, of EICAR and of GTUBE."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import pytest

from connectors.scanners.clamd import Clamd
from connectors.scanners.milter import Milter
from connectors.scanners.report import Letter, Unavailable
from connectors.scanners.rspamd import Rspamd
from connectors.scanners.spamd import Spamd
from mailcore.queue.quarantine import Desk, listed, one, release
from tests.support.house import house
from tests.support.scanners import EICAR, GTUBE, Scanners, scanners
from tests.support.smtpstand import stand, talker


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scanners]:
    folder: Path = tmp_path_factory.mktemp("scanners")
    for each in (folder, *takewhile(lambda above: "pytest" in str(above), folder.parents)):
        each.chmod(0o755)  # some of them give up root
    with scanners(folder) as found:
        yield found


def letter(body: bytes) -> Letter:
    head = (
        b"From: a@example.test\r\nTo: b@example.test\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n folded\r\n"
        b"Date: Thu, 26 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@example.test>\r\n\r\n"
    )
    known = {"peer": "192.0.2.1", "hello": "mail.example.test", "host": "here.test", "message": "m1"}
    return Letter(head + body + b"\r\n", "a@example.test", ("b@example.test",), **known)


PLAIN = letter(b"Shall we meet on Tuesday?\r\n.\r\nYours")


async def test_clamd_finds_eicar_and_nothing_in_a_plain_message(there: Scanners) -> None:
    clamd = Clamd("clamd", there.clamd)
    assert (await clamd.scan(PLAIN)).virus == ""
    found = await clamd.scan(letter(b"x" * 300_000 + b"\r\n" + EICAR))
    assert (found.wish, found.virus) == ("reject", "Eicar-Test.UNOFFICIAL")


async def test_what_is_too_large_for_clamd_is_not_called_clean(there: Scanners) -> None:
    with pytest.raises(Unavailable, match=r"size limit exceeded|at 127\.0\.0\.1"):
        await Clamd("clamd", there.clamd).scan(letter(b"x" * 2_000_000))


async def test_spamd_gives_score_threshold_and_rules(there: Scanners) -> None:
    spamd = Spamd("spamd", there.spamd)
    plain, spam = await spamd.scan(PLAIN), await spamd.scan(letter(GTUBE))
    assert plain.score is not None
    assert plain.score < 5
    assert (plain.wish, plain.threshold) == ("accept", 5.0)
    assert (spam.wish, spam.threshold, "GTUBE" in spam.rules) == ("junk", 5.0, True)


async def test_spamd_learns(there: Scanners) -> None:
    spamd = Spamd("spamd", there.spamd)
    await spamd.learn(letter(GTUBE).octets, spam=True)
    await spamd.learn(PLAIN.octets, spam=False)
    assert there.learned() == (1, 1)


async def test_rspamd_says_what_it_would_do(there: Scanners) -> None:
    rspamd = Rspamd("rspamd", f"http://{there.rspamd}")
    plain, spam = await rspamd.scan(PLAIN), await rspamd.scan(letter(GTUBE))
    assert (plain.wish, plain.threshold) == ("accept", 15.0)
    assert (spam.wish, spam.text) == ("reject", "Gtube pattern")


async def test_a_filter_that_speaks_milter_refuses_with_its_own_words(there: Scanners) -> None:
    milter = Milter("milter", there.milter)
    plain, spam = await milter.scan(PLAIN), await milter.scan(letter(GTUBE))
    assert plain.wish == "accept"
    assert (spam.wish, spam.code, spam.text) == ("reject", "554 5.7.1", "Gtube pattern")


async def test_one_that_is_not_there_is_unavailable() -> None:
    for scanner in (
        Clamd("a", "127.0.0.1:1"),
        Spamd("b", "127.0.0.1:1"),
        Rspamd("c", "http://127.0.0.1:1"),
        Milter("d", "/nowhere/at.all"),
    ):
        with pytest.raises(Unavailable, match=rf"^{scanner.name} at "):
            await scanner.scan(PLAIN)


@pytest.mark.parametrize(
    ("kind", "more", "found", "reason"),
    [
        ("clamd", 'virus = "quarantine"', EICAR, "scanner: virus Eicar-Test.UNOFFICIAL"),
        ("spamd", "quarantine_score = 100.0", GTUBE, "scanner: spam score 10"),
    ],
)
async def test_what_they_find_can_be_held_back_and_released_as_it_came(
    there: Scanners, tmp_path: Path, kind: str, more: str, found: bytes, reason: str
) -> None:
    address = {"clamd": there.clamd, "spamd": there.spamd}[kind]
    config = f'[[scanner]]\nname = "scanner"\nkind = "{kind}"\naddress = "{address}"\n{more}\n'
    octets = b"From: a@far.test\r\nSubject: x\r\n\r\n" + found + b"\r\n"
    async with house(tmp_path) as here, stand(tmp_path, real=here.parts, config=config) as at:
        async with talker(at.port) as caller:
            assert (await caller.deliver("a@far.test", ("alice@example.test",), octets)).startswith("250")
        assert await here.items("alice") == []
        desk = Desk(here.store, here.blobs, here.parts.secret, here.log)
        [entry] = await listed(desk)
        assert entry.held is not None
        assert entry.held.reason.startswith(reason)
        assert entry.held.octets.endswith(octets)
        await release(desk, await one(desk, entry.item.id), "the operator")
        [waiting] = await here.queued()
        assert waiting.envelope.cleared
        assert await here.blobs.read(waiting.envelope.blob) == entry.held.octets

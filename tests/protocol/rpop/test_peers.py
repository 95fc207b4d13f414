"""What another server may be, and what it may say: TLS or nothing, the Internet or nothing, bounds on everything."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest

from mailcore.rpop import pop
from tests.protocol.rpop.test_fetching import ONE, subjects
from tests.protocol.rpop.test_fetching import authority as authority
from tests.protocol.rpop.test_fetching import rpop as rpop
from tests.support.certificates import Authority
from tests.support.poppeer import PASSWORD, Fetching, Names, PopPeer, fetching_at, pop_peer, served_by
from tests.support.postoffice import Place, post_office


@pytest.fixture
async def peer(authority: Authority) -> AsyncIterator[PopPeer]:
    async with pop_peer(served_by(authority), ONE) as made:
        yield made


async def test_stls_comes_before_the_password_and_forgets_what_was_said_before(
    rpop: Fetching, authority: Authority
) -> None:
    async with pop_peer(served_by(authority), ONE, tls="start") as peer:
        await rpop.add(peer, tls="start")
        assert (await rpop.once()).said == ""
        assert peer.heard[0] == "STLS" and subjects(await rpop.letters()) == ["one"]


async def test_a_server_without_stls_hears_no_password(rpop: Fetching, authority: Authority) -> None:
    async with pop_peer(served_by(authority), ONE, tls="start") as peer:
        peer.answers["STLS"] = b"-ERR no\r\n"
        await rpop.add(peer, tls="start")
        assert "offers no TLS" in (await rpop.once()).said
        assert peer.heard == ["STLS"]


@pytest.mark.parametrize("tls", ["implicit", "start"])
async def test_a_certificate_for_another_name_hears_no_password(rpop: Fetching, authority: Authority, tls: Any) -> None:
    async with pop_peer(served_by(authority, "other.test"), ONE, tls=tls) as peer:
        await rpop.add(peer, tls=tls)
        assert "cannot be trusted" in (await rpop.once()).said
        assert not any(PASSWORD in each for each in peer.heard)


async def test_a_certificate_that_nobody_known_has_signed_hears_no_password(rpop: Fetching, tmp_path: Path) -> None:
    folder = tmp_path / "stranger"
    folder.mkdir()
    async with pop_peer(served_by(Authority(folder)), ONE) as peer:
        await rpop.add(peer)
        assert "cannot be trusted" in (await rpop.once()).said
        assert peer.heard == []


async def test_addresses_of_ones_own_network_are_not_asked(tmp_path: Path, authority: Authority, peer: PopPeer) -> None:
    async with post_office(Place(tmp_path)) as office:
        rpop = fetching_at(office, authority, private=False)
        await rpop.add(peer)
        box = await rpop.once()
        assert box.said == "[notPublic] pop.far.test is no server of the Internet"  # and not where it is
        assert peer.connections == 0


async def test_ports_that_the_operator_has_not_named_are_not_asked(
    tmp_path: Path, authority: Authority, peer: PopPeer
) -> None:
    async with post_office(Place(tmp_path)) as office:
        rpop = fetching_at(office, authority, ports=(995,))
        await rpop.add(peer)
        assert f"port {peer.port}" in (await rpop.once()).said
        assert peer.connections == 0


async def test_a_server_that_is_not_there_is_counted_and_told(rpop: Fetching, authority: Authority) -> None:
    async with pop_peer(served_by(authority)) as gone:
        pass
    await rpop.add(gone)
    box = await rpop.once()
    assert str(gone.port) in box.said and box.tries == 1
    counters = rpop.office.parts.counters
    assert (counters.total("RPOP_ConnectionFailed"), counters.total("RPOP_Connection")) == (1, 0)


async def test_a_name_that_leads_nowhere_is_told(rpop: Fetching, peer: PopPeer) -> None:
    class Nowhere(Names):
        async def addresses(self, host: str) -> tuple[str, ...]:
            return ()

    rpop.desk.dns = cast(Any, Nowhere())
    await rpop.add(peer)
    assert "has no address" in (await rpop.once()).said


@pytest.mark.parametrize(
    ("word", "answer", "said"),
    [
        ("", b"-ERR busy\r\n", "busy"),
        ("", b"220 mail.far.test ESMTP\r\n", "does not begin a conversation"),
        ("PASS", b"-ERR [IN-USE] somebody else\x07 is here\r\n", "somebody else"),
        ("UIDL", b"-ERR what?\r\n", "no lasting names"),
        ("UIDL", b"+OK\r\n1 u1\r\nnonsense\r\n.\r\n", "no POP3"),
        ("UIDL", b"+OK\r\n1 " + b"u" * 200 + b"\r\n.\r\n", "no POP3"),
        ("LIST", b"", "does not answer within"),
        ("RETR", b"-ERR lost\r\n", "does not give message 1"),
        ("USER", b"x" * 20_000, "too long"),
    ],
)
async def test_odd_answers_are_told_in_one_line_and_bring_nothing(
    rpop: Fetching, peer: PopPeer, word: str, answer: bytes, said: str
) -> None:
    rpop.desk.section = rpop.desk.section.model_copy(update={"answer_timeout": 0.2 if not answer else 5})
    peer.answers[word] = answer
    await rpop.add(peer, keep=False)
    box = await rpop.once()
    assert said in box.said and box.said.isprintable() and box.tries == 1
    assert list(peer.letters) == ["u1"] and await rpop.letters() == []


async def test_a_listing_without_end_is_not_kept(
    rpop: Fetching, peer: PopPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pop, "LISTING", 100_000)
    peer.answers["UIDL"] = b"+OK\r\n" + b"".join(b"%d u%d\r\n" % (n, n) for n in range(1, 20_000))
    await rpop.add(peer)
    assert "too long" in (await rpop.once()).said

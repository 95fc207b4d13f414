"""What leaves is signed: by the keys of its domain, once, and only what is ours."""

from __future__ import annotations

import dkim as dkimpy
import pytest

from groupware.model.event import Envelope, Recipient
from groupware.model.ids import AccountId
from groupware.model.principal import OPERATOR, Domain
from groupware.model.signing import ALGORITHMS, Algorithm
from groupware.store.api import WriteTx
from mailcore.queue.circles import mark
from mailcore.smtp.authentication.private import make, record
from tests.support.postoffice import Place, PostOffice, post_office
from tests.support.smtppeer import Peer, serving

LETTER = b"From: alice@example.test\r\nTo: carl@elsewhere.test\r\nSubject: x\r\n\r\nhello\r\n"
TRACE = b"Received: from far.test ([192.0.2.1])\r\n\tby mx.example.test with ESMTP id 1; now\r\n"


async def key(office: PostOffice, selector: str, algorithm: Algorithm = "rsa-2048", state: str = "active") -> None:
    made = make(algorithm, office.parts.secret)
    await office.store.write(
        OPERATOR,
        lambda tx: (
            tx.put_signing_key("example.test", selector, algorithm, made.sealed, made.public),
            tx.turn_signing_key("example.test", selector, state),
        ),
    )


async def sent(office: PostOffice, peer: Peer, octets: bytes = LETTER, **more: str) -> bytes:
    """What the peer gets of a message that Alice has submitted, or, with a `sender`, that came from outside."""
    office.start("smtp_outgoing")
    by = None if "sender" in more else await alices(office)
    await office.accept("carl@elsewhere.test", octets=octets, by=by, **more)  # type: ignore[arg-type]
    await office.emptied()
    return peer.taken[-1].octets


async def alices(office: PostOffice) -> AccountId:
    return await office.read(lambda tx: tx.account("alice@example.test").id)


async def written(office: PostOffice, peer: Peer, sender: str, octets: bytes) -> bytes:
    """What the peer gets of a message that this server has written itself, or sends on to a list's subscribers."""
    office.start("smtp_outgoing")
    stored = await office.parts.blobs.put(octets)
    to = (Recipient("carl@elsewhere.test"),)
    envelope = Envelope(sender, to, stored.blob, stored.size, body=stored.body, message="own", own=True)
    await office.store.write(OPERATOR, lambda tx: tx.enqueue(envelope))
    await office.emptied()
    return peer.taken[-1].octets


async def dns(office: PostOffice) -> dict[str, bytes]:
    keys = await office.read(lambda tx: tx.signing_keys("example.test"))
    return {f"{each.selector}._domainkey.example.test.": record(each).encode() for each in keys}


async def test_the_active_keys_sign_and_another_program_believes_them(place: Place) -> None:
    async with serving(Peer()) as peer, post_office(place, smart_host=f"127.0.0.1:{peer.port}") as office:
        for algorithm in ALGORITHMS:
            await key(office, algorithm, algorithm)
        await key(office, "new", state="published")
        await key(office, "old", state="retired")
        octets = await sent(office, peer)
        records = await dns(office)
        checker = dkimpy.DKIM(octets)
        assert octets.count(b"DKIM-Signature:") == 2
        assert octets.endswith(LETTER)
        for number in (0, 1):
            assert checker.verify(number, dnsfunc=lambda name, timeout=5: records[name.decode()])


async def test_without_a_key_mail_goes_as_it_is(place: Place) -> None:
    async with serving(Peer()) as peer, post_office(place, smart_host=f"127.0.0.1:{peer.port}") as office:
        assert await sent(office, peer) == LETTER


@pytest.mark.parametrize("before", [TRACE, mark("bob@example.test") + TRACE, b"X-Added: by a rule\r\n", b""])
@pytest.mark.parametrize("sender", ["mallory@far.test", "alice@example.test", ""])
async def test_mail_from_outside_never_gets_a_signature_of_ours(place: Place, before: bytes, sender: str) -> None:
    async with serving(Peer()) as peer, post_office(place, smart_host=f"127.0.0.1:{peer.port}") as office:
        await key(office, "s")
        assert await sent(office, peer, before + LETTER, sender=sender) == before + LETTER


async def test_what_a_forwarding_passes_on_is_signed_for_who_has_submitted_it(place: Place) -> None:
    async with serving(Peer()) as peer, post_office(place, smart_host=f"127.0.0.1:{peer.port}") as office:
        await key(office, "s")
        await office.store.write(
            OPERATOR, lambda tx: tx.put_setting("forwardTo", "carl@elsewhere.test", tx.account("bob@example.test").id)
        )
        office.start("smtp_outgoing", "processing")
        for by, signatures in ((await alices(office), 1), (None, 0)):
            await office.accept("bob@example.test", octets=LETTER, by=by)
            await office.emptied()
            assert peer.taken[-1].octets.count(b"DKIM-Signature:") == signatures


async def test_a_list_signs_for_itself_and_not_for_who_wrote_to_it(place: Place) -> None:
    async with serving(Peer()) as peer, post_office(place, smart_host=f"127.0.0.1:{peer.port}") as office:
        await key(office, "s")
        await office.store.write(OPERATOR, lambda tx: tx.put_domain(Domain("lists.test")))
        assert await written(office, peer, "team-bounces+1@lists.test", LETTER) == LETTER
        assert b"\td=example.test;" in await written(office, peer, "team-bounces+1@example.test", LETTER)


async def test_a_bounce_is_signed(place: Place) -> None:
    async with serving(Peer()) as peer, post_office(place, smart_host=f"127.0.0.1:{peer.port}") as office:
        await key(office, "s")
        letter = b"From: Postroom <MAILER-DAEMON@example.test>\r\nSubject: x\r\n\r\nno\r\n"
        assert (await written(office, peer, "", letter)).startswith(b"DKIM-Signature: ")


async def test_a_key_that_cannot_be_opened_stops_no_mail(place: Place) -> None:
    async with serving(Peer()) as peer, post_office(place, smart_host=f"127.0.0.1:{peer.port}") as office:
        await office.store.write(
            OPERATOR,
            lambda tx: (
                tx.put_signing_key("example.test", "s", "ed25519", "rubbish", "x"),
                tx.turn_signing_key("example.test", "s", "active"),
            ),
        )
        assert await sent(office, peer) == LETTER
        assert office.log.named("signing_key_unreadable")


@pytest.mark.parametrize(
    ("said", "led"), [("", "info@example.test"), ("; arc=fail", "info@example.test"), ("", "x@up.test")]
)
async def test_what_is_passed_on_is_sealed(place: Place, said: str, led: str) -> None:
    async with serving(Peer()) as peer, post_office(place, smart_host=f"127.0.0.1:{peer.port}") as office:
        await key(office, "s")
        host = office.config.host.encode()
        found = b"Authentication-Results: " + host + b"; dmarc=pass header.from=far.test" + said.encode() + b"\r\n"
        letter = TRACE + found + LETTER.replace(b"alice@example.test", b"x@far.test")
        office.start("smtp_outgoing")
        to = Recipient("carl@elsewhere.test", orcpt=f"rfc822;{led}")
        await office.accept(to, sender="x@far.test", octets=letter)
        await office.emptied()
        octets, records = peer.taken[-1].octets, await dns(office)
        assert octets.startswith(b"ARC-Seal: i=1; a=rsa-sha256; ")
        assert octets.endswith(letter)
        assert dkimpy.arc_verify(octets, dnsfunc=lambda name, timeout=5: records[name.decode()])[0] == b"pass"


async def test_two_servers_get_the_same_signature(place: Place) -> None:
    async with serving(Peer()) as peer, post_office(place, smart_host=f"127.0.0.1:{peer.port}") as office:
        await key(office, "s")
        office.start("smtp_outgoing")
        await office.accept("carl@elsewhere.test", "dora@far.test", octets=LETTER, by=await alices(office))
        await office.emptied()
        assert len(peer.taken) == 2
        assert peer.taken[0].octets == peer.taken[1].octets


# --- footers --------------------------------------------------------------------------------------------------------


async def footer(office: PostOffice, text: str, to: str = "outside") -> AccountId:
    """The domain has a footer; Alice's number."""

    def work(tx: WriteTx) -> AccountId:
        [domain] = tx.domains()
        tx.put_setting("footerText", text, domain.id)
        tx.put_setting("footerTo", to, domain.id)
        tx.update_account("alice@example.test", name="Alice A.")
        return tx.account("alice@example.test").id

    return await office.store.write(OPERATOR, work)


async def test_what_people_send_to_others_has_the_footer_of_their_domain_and_is_signed_with_it(place: Place) -> None:
    async with serving(Peer()) as peer, post_office(place, smart_host=f"127.0.0.1:{peer.port}") as office:
        await key(office, "s")
        alice = await footer(office, "Example Ltd, registered in England.\n$name, $domain")
        office.start("smtp_outgoing", "processing")
        await office.accept("carl@elsewhere.test", "bob@example.test", octets=LETTER, by=alice)
        await office.emptied()
        [taken], records = peer.taken, await dns(office)
        end = b"hello\r\n\r\nExample Ltd, registered in England.\r\nAlice A., example.test\r\n"
        assert taken.octets.endswith(end)
        assert dkimpy.verify(taken.octets, dnsfunc=lambda name, timeout=5: records[name.decode()])
        [inside] = await office.inbox("bob@example.test")
        assert inside.endswith(b"hello\r\n")


async def test_what_others_have_sent_gets_none(place: Place) -> None:
    async with serving(Peer()) as peer, post_office(place, smart_host=f"127.0.0.1:{peer.port}") as office:
        await footer(office, "Example Ltd, registered in England.")
        assert await sent(office, peer, sender="alice@example.test") == LETTER


async def test_who_is_excepted_gets_none(place: Place) -> None:
    async with serving(Peer()) as peer, post_office(place, smart_host=f"127.0.0.1:{peer.port}") as office:
        alice = await footer(office, "Example Ltd, registered in England.")
        await office.store.write(OPERATOR, lambda tx: tx.put_setting("footerTo", "nobody", alice))
        office.start("smtp_outgoing")
        await office.accept("carl@elsewhere.test", octets=LETTER, by=alice)
        await office.emptied()
        assert peer.taken[-1].octets == LETTER

"""Rules for what is in the queue: where it goes, and what its sender is told."""

from __future__ import annotations

import gc

from groupware.model.principal import OPERATOR
from mailcore.smtp.policy.rules import from_toml, stored
from tests.support.postoffice import Place, PostOffice, post_office
from tests.support.smtppeer import Peer, serving


async def rules(office: PostOffice, text: str) -> None:
    await office.store.write(OPERATOR, lambda tx: tx.put_policy([stored(each) for each in from_toml(text)]))


async def test_a_rule_names_the_host_for_a_domain(place: Place) -> None:
    async with serving(Peer()) as usual, serving(Peer()) as other:
        async with post_office(place, smart_host=f"127.0.0.1:{usual.port}") as office:
            await rules(
                office,
                f"""
                [[rule]]
                name = "partner"
                at = "relay"
                all = ["relayDomain is partner.test", "mailFromDomain is example.test", "submitted is no"]
                then = ["route 127.0.0.1:{other.port}"]
                """,
            )
            office.start("processing", "smtp_outgoing")
            await office.accept("carl@elsewhere.test", "dora@partner.test")
            await office.emptied()
        assert [each.recipients for each in usual.taken] == [["carl@elsewhere.test"]]
        assert [each.recipients for each in other.taken] == [["dora@partner.test"]]


async def test_the_password_of_the_smart_host_is_for_no_other_host(place: Place) -> None:
    async with serving(Peer()) as other:
        async with post_office(
            place, smart_host="127.0.0.1:9", smart_host_user="me", smart_host_password="secret", smart_host_tls="none"
        ) as office:
            await rules(office, f'[[rule]]\nname="r"\nat="relay"\nthen="route 127.0.0.1:{other.port}"\n')
            office.start("smtp_outgoing")
            await office.accept("carl@elsewhere.test")
            await office.emptied()
        assert len(other.taken) == 1
        assert other.commands("AUTH") == []


async def test_a_failure_is_kept_from_the_sender(place: Place) -> None:
    peer = Peer(answers={"RCPT": "550 5.1.1 no such user"})
    async with serving(peer), post_office(place, smart_host=f"127.0.0.1:{peer.port}") as office:
        await rules(
            office,
            """
            [[rule]]
            name = "quiet"
            at = "failure"
            all = ["failureCode is 5.1.1", "failureText contains such", "rcptDomain is quiet.test", "tries is 1"]
            then = ["no-report"]
            """,
        )
        office.start("processing", "smtp_outgoing")
        await office.accept("carl@quiet.test")
        await office.emptied()
        assert await office.inbox("alice@example.test") == []
        await office.accept("carl@elsewhere.test")
        await office.emptied()
        assert len(await office.inbox("alice@example.test")) == 1


async def test_a_temporary_failure_is_made_final(place: Place) -> None:
    peer = Peer(answers={"RCPT": "450 4.2.0 come back"})
    async with serving(peer), post_office(place, smart_host=f"127.0.0.1:{peer.port}") as office:
        await rules(office, "[[rule]]\nname='r'\nat='temporary-failure'\nthen=\"give-up 'They never let us in.'\"\n")
        office.start("processing", "smtp_outgoing")
        await office.accept("carl@elsewhere.test")
        await office.emptied()
        (report,) = await office.inbox("alice@example.test")
        assert b"They never let us in." in report and b"5.2.0" in report


async def test_a_failure_here_is_asked_for_as_well(place: Place) -> None:
    async with post_office(place) as office:
        await rules(office, "[[rule]]\nname='r'\nat='failure'\nall=['failureHost is \"\"']\nthen='no-report'\n")
        office.start("processing")
        await office.accept("nobody@example.test", early=False)
        await office.emptied()
        gc.collect()  # why there is nobody hangs on to the connection that was asked
        assert await office.inbox("alice@example.test") == []

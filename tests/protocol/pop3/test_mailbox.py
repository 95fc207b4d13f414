"""The open mailbox: a snapshot with numbers that never shift, and what QUIT does to it."""

import asyncio

from groupware.model.flags import Flags
from tests.protocol.pop3.box import NAME, PASSWORD, Box, connected, lines, octets, say
from tests.protocol.pop3.conftest import Opening
from tests.support.talk import Client

ONE = b"Subject: one\r\n\r\nfirst\r\n"
TWO = b"Subject: two\r\n\r\nthe second\r\n"
THREE = b"Subject: three\r\n\r\nthe third of them\r\n"


async def ids(caller: Client) -> list[str]:
    await say(caller, "> UIDL\n< +OK *")
    return [line.partition(" ")[2] for line in await lines(caller)]


async def test_stat_and_list_count_octets_as_sent(box: Box) -> None:
    await box.put(ONE, b"Subject: bare\n\nline feeds\n")
    async with connected(box, login=True) as caller:
        assert await say(caller, "> STAT\n< +OK 2 52\n> LIST\n< +OK *\n< 1 23\n< 2 29\n< .\n> LIST 2\n< +OK 2 29")


async def test_numbers_that_are_none_are_refused(box: Box) -> None:
    await box.put(ONE)
    async with connected(box, login=True) as caller:
        for wrong in ("0", "2", "-1", "x", "1 1", "99999999999", "", "\u0661"):
            await say(caller, f"> RETR {wrong}\n< -ERR *")
        await say(caller, "> TOP 1\n< -ERR *\n> TOP 1 x\n< -ERR *\n> NOOP x\n< -ERR *\n> RETR 1\n< +OK 23 octets")
        assert await octets(caller) == ONE


async def test_ids_are_unique_short_and_the_same_in_the_next_session(box: Box) -> None:
    await box.put(ONE, ONE, TWO)
    async with connected(box, login=True) as caller:
        first = await ids(caller)
        await say(caller, f"> UIDL 2\n< +OK 2 {first[1]}\n> DELE 1\n< +OK *\n> QUIT\n< +OK *")
    await box.put(THREE)
    async with connected(box, login=True) as caller:
        second = await ids(caller)
    assert len(set(first)) == 3
    assert second[:2] == first[1:]
    assert second[2] not in first
    assert all(0 < len(each) <= 70 and each.isascii() and each.isprintable() and " " not in each for each in second)


async def test_deleted_messages_go_at_quit_and_not_before(box: Box) -> None:
    uids = await box.put(ONE, TWO, THREE)
    async with connected(box, login=True) as caller:
        await say(
            caller, "> DELE 2\n< +OK *\n> STAT\n< +OK 2 60\n> RETR 2\n< -ERR *\n> DELE 2\n< -ERR *\n> LIST 2\n< -ERR *"
        )
        await say(caller, "> LIST\n< +OK *\n< 1 23\n< 3 37\n< .\n> UIDL\n< +OK *\n< 1 *\n< 3 *\n< .")
        assert set(await box.flags()) == set(uids)
        await say(caller, "> QUIT\n< +OK *")
        assert await caller.line() == ""
    assert set(await box.flags()) == {uids[0], uids[2]}
    await box.until_ended()
    assert box.counters.total("POP3_DeletedMessage") == 1


async def test_rset_takes_the_marks_off(box: Box) -> None:
    uids = await box.put(ONE, TWO)
    async with connected(box, login=True) as caller:
        await say(caller, "> DELE 1\n< +OK *\n> RSET\n< +OK *\n> LIST 1\n< +OK 1 23\n> QUIT\n< +OK *")
    assert set(await box.flags()) == set(uids)


async def test_a_dropped_connection_removes_nothing_but_marks_what_was_read(box: Box) -> None:
    uids = await box.put(ONE, TWO)
    async with connected(box, login=True) as caller:
        await say(caller, "> RETR 1\n< +OK *")
        await octets(caller)
        await say(caller, "> DELE 1\n< +OK *\n> DELE 2\n< +OK *")
    await box.until_ended()
    assert await box.flags() == {uids[0]: Flags.SEEN, uids[1]: Flags.NONE}


async def test_retr_marks_as_seen_before_it_answers_and_top_does_not(box: Box) -> None:
    uids = await box.put(ONE, TWO)
    async with connected(box, login=True) as caller:
        await say(caller, "> TOP 2 10\n< +OK *")
        await octets(caller)
        await say(caller, "> RETR 1\n< +OK *")
        await octets(caller)
        assert await box.flags() == {uids[0]: Flags.SEEN, uids[1]: Flags.NONE}


async def test_every_message_of_a_burst_is_marked_as_seen(box: Box) -> None:
    uids = await box.put(*[ONE] * 150)
    async with connected(box, login=True) as caller:
        caller.send(b"".join([b"RETR %d\r\n" % number for number in range(1, 151)]) + b"QUIT\r\n")
        for _ in uids:
            assert (await caller.line()).startswith("+OK")
            await octets(caller)
        assert (await caller.line()).startswith("+OK")
        assert await caller.line() == ""
    assert await box.flags() == dict.fromkeys(uids, Flags.SEEN)


async def test_what_others_remove_stays_as_an_empty_zombie(box: Box) -> None:
    uids = await box.put(ONE, TWO, THREE)
    async with connected(box, login=True) as caller:
        await say(caller, "> STAT\n< +OK 3 88")
        before = await ids(caller)
        await box.remove(uids[1])
        await say(caller, "> LIST\n< +OK *\n< 1 23\n< 2 0\n< 3 37\n< .\n> STAT\n< +OK 3 60\n> LIST 2\n< +OK 2 0")
        await say(
            caller, "> RETR 2\n< -ERR *removed*\n> TOP 2 0\n< -ERR *removed*\n> UIDL 2\n< +OK 2 *\n> RETR 3\n< +OK 37 *"
        )
        assert await octets(caller) == THREE
        assert await ids(caller) == before
        await say(caller, "> DELE 2\n< +OK *\n> QUIT\n< +OK *")
    assert set(await box.flags()) == {uids[0], uids[2]}


async def test_a_message_removed_before_its_size_was_asked_for_is_a_zombie_too(box: Box) -> None:
    uids = await box.put(ONE, TWO)
    async with connected(box, login=True) as caller:
        await box.remove(uids[0])
        assert await say(caller, "> RETR 1\n< -ERR *removed*\n> LIST\n< +OK *\n< 1 0\n< 2 *\n< .")


async def test_mail_that_comes_after_login_is_for_the_next_session(box: Box) -> None:
    await box.put(ONE)
    async with connected(box, login=True) as caller:
        await box.put(TWO)
        await say(caller, "> STAT\n< +OK 1 23\n> RETR 2\n< -ERR *\n> QUIT\n< +OK *")
    async with connected(box, login=True) as caller:
        assert await say(caller, "> STAT\n< +OK 2 51")


async def test_an_exclusive_mailbox_takes_one_session(opening: Opening) -> None:
    async with opening("[pop3]\nexclusive_lock = true\n") as box, connected(box) as other:
        async with connected(box, login=True) as caller:
            await say(
                other,
                f"> USER {NAME}\n< +OK *\n> PASS {PASSWORD}\n< -ERR [IN-USE] *\n"
                "> STAT\n< -ERR [SYS/PERM] Log in first.",
            )
            await say(caller, "> QUIT\n< +OK *")
        await box.until_ended(left=1)
        assert await say(other, f"> USER {NAME}\n< +OK *\n> PASS {PASSWORD}\n< +OK *")


async def test_an_account_has_as_many_sessions_as_it_may(opening: Opening) -> None:
    async with (
        opening("[pop3]\nmax_connections_per_account = 2\n") as box,
        connected(box, login=True),
        connected(box, login=True),
        connected(box) as third,
    ):
        assert await say(third, f"> USER {NAME}\n< +OK *\n> PASS {PASSWORD}\n< -ERR [IN-USE] *2 other*")


async def test_capabilities_and_languages_are_there_after_login_and_stls_is_not(box: Box) -> None:
    async with connected(box, login=True) as caller:
        await say(caller, "> CAPA\n< +OK *")
        assert "STLS" not in await lines(caller)
        await say(caller, "> LANG en\n< +OK *\n> STLS\n< -ERR *")


async def test_silence_ends_the_session_without_a_word_and_without_removing(opening: Opening) -> None:
    async with opening(idle=0.05) as box, connected(box) as caller:
        assert await caller.line() == ""


async def test_a_session_that_is_logged_in_may_be_silent_for_ten_minutes(opening: Opening) -> None:
    async with opening(idle=0.05) as box, connected(box, login=True) as caller:
        (connection,) = [each for each in box.service._open.values() if each is not None]
        assert connection.idle == 600
        await say(caller, "> NOOP\n< +OK *")


async def test_a_server_that_stops_says_so_and_removes_nothing(box: Box) -> None:
    uids = await box.put(ONE)
    async with connected(box, login=True) as caller:
        await say(caller, "> DELE 1\n< +OK *")
        stopping = asyncio.create_task(box.service.drain(5))
        await say(caller, "< -ERR [SYS/TEMP] The server is stopping.")
        assert await caller.line() == ""
        await stopping
    assert set(await box.flags()) == set(uids)

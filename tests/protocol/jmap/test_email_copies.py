"""Emails that are several messages, beside a plain account of what two people should see of them.

The messages are copied, moved, marked and taken away as IMAP does it, and emails are changed as JMAP does it. What is
told of emails, mailboxes and their changes is then what follows from the messages that each may read.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from groupware.model.flags import FlagChange, Flags
from groupware.model.ids import FolderId, Uid
from tests.support.jmapstand import Client, Stand, jmap_stand, letter

PATHS = ("INBOX", "Archive", "Trash")
SHARED = PATHS[:2]
"""What somebody else may read as well; \\Seen is each person's own there."""
KEYWORDS = {Flags.SEEN: "$seen", Flags.FLAGGED: "$flagged", Flags.DRAFT: "$draft"}
OF_ALL = {"$seen", "$draft"}
OURS = ["put", "copy", "move", "drop", "flag", "unflag"]
THEIRS = ["add", "take", "only", "mark", "unmark", "destroy"]
steps = st.lists(
    st.tuples(st.sampled_from([*OURS, "copy", "flag", *THEIRS, "sync"]), st.integers(0, 7), st.integers(0, 2)),
    min_size=10,
    max_size=30,
)


@dataclass
class Message:
    """One message, where it is."""

    email: str
    at: FolderId
    uid: Uid
    marks: set[str] = field(default_factory=set)


class Truth:
    """All messages that there should be, and both ways in which they change."""

    def __init__(self, stand: Stand, alice: Client, places: list[FolderId]) -> None:
        self.stand, self.alice, self.places = stand, alice, places
        self.messages: list[Message] = []

    # --- as IMAP does it

    async def put(self, which: int, place: int) -> None:
        name = await self.stand.put("alice", letter(str(which)), PATHS[place])
        at = self.places[place]
        uid = await self.stand.house.read(lambda tx: Uid(tx.folder(at).uidnext - 1))
        self.messages.append(Message(name, at, uid))

    async def ours(self, what: str, one: Message, to: FolderId, flag: Flags) -> None:
        at, uids = one.at, ((one.uid, one.uid),)
        if what == "copy":
            [(_, uid)] = await self.stand.house.write(lambda tx: tx.copy(at, uids, to))
            self.messages.append(Message(one.email, to, uid, set(one.marks)))
        elif what == "move" and to != at:
            [(_, uid)] = await self.stand.house.write(lambda tx: tx.move(at, uids, to))
            one.at, one.uid = to, uid
        elif what == "drop":
            await self.stand.house.write(lambda tx: tx.expunge(at, uids, deleted_only=False))
            self.messages.remove(one)
        elif what in ("flag", "unflag"):
            change = FlagChange(add=flag) if what == "flag" else FlagChange(remove=flag)
            await self.stand.house.write(lambda tx: tx.update_flags(at, uids, change))
            (one.marks.add if what == "flag" else one.marks.discard)(KEYWORDS[flag])

    # --- as JMAP does it

    async def theirs(self, what: str, email: str, to: FolderId, word: str) -> None:
        some = self.of(email)
        here = {each.at for each in some}
        if what in ("mark", "unmark"):
            await self.change(email, {f"keywords/{word}": True if what == "mark" else None})
            if (word in self.keywords(some)) != (what == "mark"):
                for each in some:
                    (each.marks.add if what == "mark" else each.marks.discard)(word)
        elif what == "destroy":
            got = await self.alice.call("Email/set", destroy=[email])
            assert got["destroyed"] == [email], got
            self.messages = [each for each in self.messages if each.email != email]
        elif what == "take" and to in here and len(here) > 1:
            await self.change(email, {f"mailboxIds/F{to}": None})
            self.messages = [each for each in self.messages if each.email != email or each.at != to]
        elif what in ("add", "only"):
            await self.change(
                email, {"mailboxIds": {f"F{to}": True}} if what == "only" else {f"mailboxIds/F{to}": True}
            )
            if to in here:
                stay = [each for each in some if each.at == to or what == "add"]
            else:  # one that goes there keeps its marks, and of several the first goes
                stay = [] if what == "only" else some
                stay = [*stay, await self._came(email, to)]
            self.messages = [each for each in self.messages if each.email != email] + stay

    async def change(self, email: str, patch: dict[str, Any]) -> None:
        got = await self.alice.call("Email/set", update={email: patch})
        assert got["updated"] == {email: None}, got

    async def _came(self, email: str, to: FolderId) -> Message:
        def work(tx: Any) -> tuple[Uid, int, int]:
            uid = Uid(tx.folder(to).uidnext - 1)
            return tx.columns(to, ("bits", "email"), ((uid, uid),))[0]  # type: ignore[no-any-return]

        uid, bits, number = await self.stand.house.read(work)
        assert f"M{number}" == email
        return Message(email, to, uid, {word for flag, word in KEYWORDS.items() if flag.value & bits})

    # --- what follows

    def of(self, email: str, readable: Iterable[FolderId] | None = None) -> list[Message]:
        return [each for each in self.messages if each.email == email and (readable is None or each.at in readable)]

    def keywords(self, some: list[Message]) -> set[str]:
        every = set.intersection(*[each.marks for each in some]) & OF_ALL
        return every | (set.union(*[each.marks for each in some]) - OF_ALL)

    def emails(self, readable: list[FolderId], seen: Callable[[Message], bool]) -> dict[str, Any]:
        """What `Email/get` should tell of all of them."""
        found = {}
        for email in {each.email for each in self.messages if each.at in readable}:
            some = [Message(email, e.at, e.uid, set(e.marks)) for e in self.of(email, readable)]
            for each in some:
                (each.marks.add if seen(each) else each.marks.discard)("$seen")
            found[email] = {
                "id": email,
                "mailboxIds": dict.fromkeys([f"F{at}" for at in sorted({each.at for each in some})], True),
                "keywords": dict.fromkeys(sorted(self.keywords(some)), True),
            }
        return found


class View:
    """What somebody is told, and what is held who only applies changes."""

    def __init__(self, client: Client, account: str, most: int | None) -> None:
        self.client, self.account, self.most = client, account, most
        self.emails: dict[str, Any] = {}
        self.lists: dict[str, tuple[str, list[str]]] = {}
        self.counts: dict[str, tuple[int, int]] = {}
        self.state = self.boxes = ""

    async def ask(self, method: str, **given: Any) -> dict[str, Any]:
        return await self.client.call(method, accountId=self.account, **given)

    async def begin(self, places: list[FolderId]) -> None:
        self.state = (await self.ask("Email/get", ids=[]))["state"]
        got = await self.ask("Mailbox/get", ids=[f"F{at}" for at in places])
        self.boxes = got["state"]
        self.counts = _counts(got)
        for at in places:
            found = await self.ask("Email/query", filter={"inMailbox": f"F{at}"})
            self.lists[f"F{at}"] = (found["queryState"], found["ids"])

    async def sync(self) -> None:
        more = True
        while more:
            told = await self.ask("Email/changes", sinceState=self.state, maxChanges=self.most)
            for each in told["destroyed"]:
                self.emails.pop(each, None)
            assert not set(told["created"]) & set(told["updated"])
            assert set(told["updated"]) <= self.emails.keys()
            assert not set(told["created"]) & self.emails.keys()
            self.emails |= await self.get([*told["created"], *told["updated"]])
            self.state, more = told["newState"], told["hasMoreChanges"]
        for box, (state, held) in self.lists.items():
            told = await self.ask("Email/queryChanges", filter={"inMailbox": box}, sinceQueryState=state)
            now = [each for each in held if each not in told["removed"]]
            for each in told["added"]:
                now.insert(each["index"], each["id"])
            self.lists[box] = (told["newQueryState"], now)
        told = await self.ask("Mailbox/changes", sinceState=self.boxes)
        updated = [each for each in told["updated"] if each in self.counts]
        self.counts |= _counts(await self.ask("Mailbox/get", ids=updated))
        self.boxes = told["newState"]

    async def get(self, ids: list[str]) -> dict[str, Any]:
        got = await self.ask("Email/get", ids=ids, properties=["mailboxIds", "keywords"])
        return {each["id"]: each for each in got["list"]}

    async def check(self, wanted: dict[str, Any]) -> None:
        """All ways to ask give what should be there."""
        await self.sync()
        assert self.emails == wanted
        assert await self.get(list(wanted)) == wanted
        every = (await self.ask("Email/query"))["ids"]
        assert sorted(every) == sorted(wanted)
        for word in KEYWORDS.values():
            for condition, has in (("hasKeyword", True), ("notKeyword", False)):
                found = (await self.ask("Email/query", filter={condition: word}))["ids"]
                assert sorted(found) == sorted(e for e, told in wanted.items() if (word in told["keywords"]) == has)
        for box, (_, held) in self.lists.items():
            here = [email for email, told in wanted.items() if box in told["mailboxIds"]]
            assert held == (await self.ask("Email/query", filter={"inMailbox": box}))["ids"]
            assert sorted(held) == sorted(here)
            page = await self.ask("Email/query", filter={"inMailbox": box}, position=1, limit=2, calculateTotal=True)
            assert (page["ids"], page["total"]) == (held[1:3], len(held))
            unread = await self.ask("Email/query", filter={"inMailbox": box, "notKeyword": "$seen"})
            assert sorted(unread["ids"]) == sorted(e for e in here if "$seen" not in wanted[e]["keywords"])
            assert self.counts[box] == (len(here), len(unread["ids"])), box
        threads = {each["threadId"] for each in (await self.ask("Email/get", ids=list(wanted)))["list"]}
        told = (await self.ask("Thread/get", ids=sorted(threads)))["list"]
        assert sorted(email for each in told for email in each["emailIds"]) == sorted(wanted)


def _counts(got: dict[str, Any]) -> dict[str, tuple[int, int]]:
    return {each["id"]: (each["totalEmails"], each["unreadEmails"]) for each in got["list"]}


async def _run(todo: list[tuple[str, int, int]], most: int | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with jmap_stand(Path(folder)) as stand:
            alice, bob = stand.client("alice"), stand.client("bob")
            for path in SHARED:
                await stand.share("alice", path, "bob@example.test", "lr")
            owner = await alice.account()
            places = [
                await stand.house.read(lambda tx, path=path: tx.locate(tx.account("alice@example.test").id, path).id)  # type: ignore[misc]
                for path in PATHS
            ]
            truth = Truth(stand, alice, places)
            views = (View(alice, owner, most), View(bob, owner, most))
            await views[0].begin(places)
            await views[1].begin(places[:2])
            for what, which, place in todo:
                messages = truth.messages
                if what == "put" or not messages:
                    await truth.put(which, place)
                elif what == "sync":
                    for each in views:
                        await each.sync()
                elif what in OURS:
                    await truth.ours(what, messages[which % len(messages)], places[place], [*KEYWORDS][place])
                else:
                    emails = sorted({each.email for each in messages})
                    email = emails[which % len(emails)]
                    await truth.theirs(what, email, places[place], [*KEYWORDS.values()][place])
            await views[0].check(truth.emails(places, lambda each: "$seen" in each.marks))
            await views[1].check(truth.emails(places[:2], lambda each: False))


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps, st.sampled_from([None, 2, 5]))
def test_emails_are_what_their_messages_say(todo: list[tuple[str, int, int]], most: int | None) -> None:
    asyncio.run(_run(todo, most))

"""One IMAP session: commands in, one after the other; each has its handler, and its answer is written at once.

Invariants
1. Only a handler that the table names for the session's state runs.
2. What the client is told of the selected folder is told behind the handler, by the view.
3. Whatever a handler raises, the client gets an answer with its tag; only what the connection raises ends the session.
4. A selected folder that is deleted, or that the user may no longer read, ends the session with BYE as soon as the
   session looks at it (RFC 2180 §3.3): there is no state in IMAP4rev1 for a folder that was selected and is no more.
"""

from __future__ import annotations

import secrets
import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, TypeVar

from groupware.model.errors import BadCredentials, GroupwareError, NoRight, NotFound
from groupware.model.folder import Folder
from groupware.model.ids import FolderId
from groupware.model.item import Kind
from groupware.model.principal import Principal
from groupware.model.rights import Right
from groupware.store.api import Blobs, ReadTx, WriteTx
from mailcore.imap import names
from mailcore.imap.annotation_news import AnnotationNews
from mailcore.imap.bodies import bodies
from mailcore.imap.capability import Announced, capabilities
from mailcore.imap.grammar import BadSyntax, begin
from mailcore.imap.modes import Modes
from mailcore.imap.notice import Happening, Notices
from mailcore.imap.phrases import BYES, DISABLED, GOING, NUMBERED, SHOW_ALL, UIDREQUIRED, why_not
from mailcore.imap.phrases import Absent as Absent
from mailcore.imap.reply import Reply, bad, no, ok, refused, sentence, status_line
from mailcore.imap.selected import Following, announce, caught_up
from mailcore.imap.shared import Shared
from mailcore.imap.table import COMMANDS, Spec, State
from mailcore.imap.view import NeedsUid, NoSuchMessage, View
from mailcore.imap.waiting import over_while_silent
from mailcore.imap.wire import Limits, OutOfStep, Raw, Reader, TooBig
from mailcore.server.connection import GATHER, Connection
from mailcore.server.dialogue import ConnectionClosed, Farewell, IdleTimeout
from mailcore.server.signin import SignIn
from mailcore.server.spoken import answered, heard

T = TypeVar("T")
LOGIN_SECONDS: Final = 120.0
"""Silence of a client that has not signed in."""


class Session:
    """The dialogue on one connection."""

    __slots__ = (
        "_drained",
        "_errors",
        "_reader",
        "_service",
        "annotations",
        "by_jmap",
        "client",
        "connection",
        "counted",
        "following",
        "home",
        "idling",
        "modes",
        "notices",
        "over",
        "parting",
        "sent",
        "shared",
        "signin",
        "tag",
        "view",
        "who",
    )

    def __init__(self, connection: Connection, shared: Shared) -> None:
        self.connection, self.shared = connection, shared
        self.signin = SignIn(shared.desk, connection)
        self.who: Principal | None = None
        self.view: View | None = None
        self.tag = b"*"
        self.client = ""
        self._service = ""
        self.modes = Modes()
        self.notices: Notices | None = None
        self.idling = False
        """IDLE is at work: then EXPUNGE may be told at any time."""
        self.annotations: AnnotationNews | None = None
        """There once the client has enabled METADATA."""
        self.over = False
        self.parting = ""
        """Why the server is the one to end the session."""
        self.counted = self.by_jmap = False
        """The account's session count has this one in it; JMAP takes what it has signed in with."""
        self.sent = self._drained = self._errors = 0
        self.home: FolderId | None = None
        """The root of the user's own tree, once it is known: what becomes of the user is marked there."""
        self.following = Following()
        self._reader = Reader(connection, self._limits, shared.spool)
        self._wait_for_login()

    # --- the dialogue

    async def run(self) -> None:
        """Speak until the end."""
        greeting = self.shared.greeting.replace("%D", self.shared.host).replace("%U", secrets.token_hex(8))
        self.send(status_line(b"*", ok(greeting, b"CAPABILITY " + self.capabilities())))
        try:
            while not self.over:
                if await over_while_silent(self):
                    break
                try:
                    raw = await self._reader.command()
                except TooBig as error:
                    self._tell(error.tag or b"*", no(sentence(str(error)), error.code))
                    continue
                try:
                    await self._run(raw)
                finally:
                    raw.close()
                del raw  # a message in it is no longer held while the client is silent
                await self.keep_pace()
        except OutOfStep as error:
            self.send(status_line(b"*", Reply(b"BYE", f"The connection is out of step: {error}", b"CLIENTBUG")))
        finally:
            self._leave()

    def goodbye(self, why: Farewell) -> bytes:
        """The last words of the server when it is the one to hang up."""
        text, code = GOING[self.connection.parting] if why == "gone" else BYES[why]
        return status_line(b"*", Reply(b"BYE", text, code))

    async def _run(self, raw: Raw) -> None:
        try:
            self.tag, name, cursor = begin(raw)
        except BadSyntax:
            self._tell(b"*", bad("A command begins with a tag"))
            return
        spec = COMMANDS.get(name)
        if spec is None or self.state not in spec.states:
            self._tell(self.tag, bad(why_not(name, spec, self.state)))
            return
        heard(self.shared.log, spec.name, raw.text[len(self.tag) + len(name) + 2 :])
        if self.modes.uidonly and spec.name in NUMBERED:
            self._tell(self.tag, bad(f"{spec.name} has message numbers; use its UID form", UIDREQUIRED))
            return
        try:
            value = spec.parse(cursor)
            cursor.end()
        except BadSyntax as error:
            self._tell(self.tag, bad(f"{spec.name}: {error}"))
            return
        if spec.waits:
            await self._obey(spec, value)
        else:
            with self.connection.command():
                await self._obey(spec, value)

    async def _obey(self, spec: Spec, value: Any) -> None:
        reply, failed = await self._handled(spec, value)
        for line in reply.lines:
            self.send(line)
        lost = not await caught_up(self, surely=spec.looks or failed)
        if not lost:
            await announce(self, expunges=not spec.numbers)
        if reply.modseq and self.view is not None and self.modes.condstore:
            reply = replace(reply, code=b"HIGHESTMODSEQ %d" % self.view.modseq)
        self._tell(self.tag, self._cut_short(reply))
        if reply.compress is not None:
            (self.connection.compress if reply.compress else self.connection.uncompress)()
        if lost:
            self.hang_up(self.parting)

    def _cut_short(self, reply: Reply) -> Reply:
        """The answer, with how far down the command came when it was given more messages than it may work on."""
        lowest = self.view.take_cut() if self.view is not None else 0
        if not lowest or reply.status != b"OK":
            return reply
        code = b"MESSAGELIMIT %d %d" % (self.shared.section.message_limit, lowest)
        if not reply.code:
            return replace(reply, code=code)
        self.send(status_line(b"*", no("Only the newest of those messages were worked on", code)))  # RFC 9738 §3.1
        return reply

    async def _handled(self, spec: Spec, value: Any) -> tuple[Reply, bool]:
        """The handler's answer, or what its error comes to; and whether the store may have changed under it."""
        try:
            return await spec.handler(self, value), False
        except GroupwareError as error:
            if isinstance(error, BadCredentials) and self.who is not None:
                self.hang_up(DISABLED)
            return refused(error), isinstance(error, NotFound | NoRight)
        except (BadSyntax, NoSuchMessage) as error:
            return bad(f"{spec.name}: {error}"), False
        except NeedsUid as error:
            return bad(f"{spec.name}: {error}", UIDREQUIRED), False
        except (ConnectionClosed, IdleTimeout, OutOfStep):
            raise
        except Exception as error:
            self.shared.log.error(
                "command_failed", command=spec.name, error=repr(error), traceback=traceback.format_exc()
            )
            return no("Something went wrong here; it has been noted", b"SERVERBUG"), True

    def capabilities(self) -> bytes:
        """What the server can do, as things are."""
        most = self.shared.section.max_message_size * 1024
        limit, known = self.shared.section.message_limit, self.who is not None
        more = Announced(known, limit, self.shared.scripts, self.by_jmap)
        return capabilities(self.connection, self.signin, most, more)

    # --- saying something

    def send(self, octets: bytes) -> None:
        """Whole response lines."""
        self.sent += len(octets)
        self.connection.write(octets)

    async def drain(self) -> None:
        """Wait while the client takes less than is written."""
        self._drained = self.sent
        await self.connection.drain()

    async def keep_pace(self) -> None:
        """Drain when much has been written since the last time."""
        if self.sent - self._drained > GATHER:
            await self.drain()

    async def answer_to(self, challenge: bytes) -> bytes:
        """Sends a challenge, and gives back the client's line."""
        self.send(b"+ %b\r\n" % challenge)
        return await self._reader.line(16_384)

    async def next_line(self, limit: int) -> bytes:
        """The client's next line, where it is no command."""
        return await self._reader.line(limit)

    def hang_up(self, why: str, code: bytes = b"") -> None:
        """Says BYE; the session ends behind this command."""
        if not self.over:
            self.over, self.parting = True, why
            code = code or (GOING["disabled"][1] if why == DISABLED else b"")
            self.send(status_line(b"*", Reply(b"BYE", why, code)))

    def _tell(self, tag: bytes, reply: Reply) -> None:
        if not reply.status:  # the handler has said it itself
            return
        line = status_line(tag, reply)
        answered(self.shared.log, line)
        self.send(line)
        if reply.status == b"BAD":
            self._errors += 1
            if 0 < self.shared.desk.section.max_errors <= self._errors:
                self.hang_up("Too many wrong commands", b"CLIENTBUG")

    # --- the store

    @property
    def bodies(self) -> Blobs:
        """Where the octets of the selected mailbox are read."""
        return bodies(self, withheld=self.view is not None and self.view.withheld)

    @property
    def state(self) -> State:
        """Where the session stands."""
        if self.who is None:
            return State.STRANGER
        return State.KNOWN if self.view is None else State.SELECTED

    @property
    def user(self) -> Principal:
        """Who has signed in."""
        assert self.who is not None
        return self.who

    @property
    def selected(self) -> View:
        """The view of the selected folder."""
        assert self.view is not None
        return self.view

    async def read(self, work: Callable[[ReadTx], T]) -> T:
        """What `work` reads in the store, in one hop."""
        async with self.shared.slot():
            return await self.shared.parts.store.read(self.user, work)

    async def glance(self, work: Callable[[ReadTx], T]) -> T:
        """`read` of a few rows, without waking a thread where that can be spared."""
        async with self.shared.slot():
            return await self.shared.parts.store.glance(self.user, work)

    async def write(self, work: Callable[[WriteTx], T]) -> T:
        """What `work` gives back, when it is committed."""
        async with self.shared.slot():
            return await self.shared.parts.store.write(self.user, work)

    def folder(self, tx: ReadTx, path: str, need: Right = Right.LOOKUP) -> Folder:
        """A mailbox by its name, as IMAP shows it: other kinds of folders are hidden unless asked for. `Absent`."""
        try:
            found = tx.folder(path, need)
        except NotFound:
            raise Absent from None
        if not found.exists or (found.kind is not Kind.MAIL and not self.shows_all(tx)):
            raise Absent
        return found

    def shows_all(self, tx: ReadTx) -> bool:
        """Whether calendars, contacts and their like are mailboxes too: for everybody, or for this account."""
        return self.shared.section.show_all_folders or bool(tx.setting(SHOW_ALL, tx.who.account).value)

    # --- the selected folder

    def use_condstore(self) -> None:
        """The client knows of MODSEQ from here on. RFC 7162 §3.1."""
        if not self.modes.condstore and self.view is not None:
            self.send(status_line(b"*", ok("Highest", b"HIGHESTMODSEQ %d" % self.view.modseq)))
        self.modes.condstore = True

    def leave_folder(self) -> None:
        """From here on the session is in no folder."""
        self.following.end()
        self.view = None

    def doubt(self) -> None:
        """The view may be behind: look when this command ends."""
        self.following.doubt()

    def watch_for(self, notices: Notices | None) -> None:
        """From here on this is told unasked, and nothing that was asked for before. RFC 5465 §3.1."""
        if self.notices is not None:
            self.notices.close()
        self.notices = notices
        wish = notices.wish.selected if notices is not None else None
        self.modes.notified = wish is not None and Happening.FLAGS in wish.events

    # --- limits and the end

    def _limits(self) -> tuple[Limits, Limits]:
        before, after, append = self.shared.limits
        return (before, before) if self.who is None else (after, append)

    def _wait_for_login(self) -> None:
        """Who is not known yet is not waited for as long: strangers could take all places there are."""
        if self.who is None:
            self.connection.idle = min(self.connection.listener.idle or LOGIN_SECONDS, LOGIN_SECONDS)

    def enter(self, who: Principal) -> bool:
        """The session is this user's from now on; False when the user has too many already."""
        most = self.shared.section.max_connections_per_account
        if not self.shared.parts.seats.take(f"imap {who.account}", most):
            self.shared.log.warning("too_many_sessions", user=who.name, limit=most)
            return False
        self.counted = True
        self.connection.idle = self.connection.listener.idle
        self._service = who.client or "imap"
        self.who = replace(who, client=f"{self._service} {self.client}".strip())
        return True

    def named(self, client: str) -> None:
        """What the client calls itself, for the journal."""
        self.client = client
        if self.who is not None:
            self.who = replace(self.who, client=f"{self._service} {client}".strip())

    def count(self, counter: str, by: float = 1) -> None:
        """Move one of the IMAP counters, for the user and the domain as well."""
        name = self.who.name if self.who is not None else ""
        self.shared.parts.counters.add(counter, by, domain=name.rpartition("@")[2], account=name)

    def forget(self) -> None:
        """The session is nobody's again, and knows of nothing that was switched on. RFC 8437 §3."""
        self.leave_folder()
        self.watch_for(None)
        self._discount()
        self.signin.released()
        self.by_jmap = False
        self.who, self.home, self.modes, self.annotations = None, None, Modes(), None
        self._wait_for_login()
        names.UTF8.set(False)

    def _discount(self) -> None:
        if self.counted and self.who is not None:
            self.shared.parts.seats.give(f"imap {self.who.account}")
        self.counted = False

    def _leave(self) -> None:
        self.leave_folder()
        self.watch_for(None)
        self.signin.closed()
        self._discount()
        name = self.who.name if self.who is not None else ""
        self.shared.log.info("logout", user=name, received=self._reader.octets, sent=self.sent)

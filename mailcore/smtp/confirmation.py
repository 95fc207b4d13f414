"""Identity Confirmation: a stranger is asked whether the mail is really theirs; with the answer what waited comes in.

1. The question carries a code that only this site can make, of the account and the sender's address: nothing is kept
   for it, and the code of one is of no use to another.
2. It goes to an address that has sent the message, by what this server has checked, once in three days; never to lists,
   programs or <>: nobody is asked about what somebody else has sent in their name.
3. What an answer does is done again without harm: should its delivery fail, it comes once more.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import uuid4

from groupware.contacts.card import read_item
from groupware.mime.headers import clean
from groupware.mime.summary import decode
from groupware.model.addresses import normal
from groupware.model.errors import AlreadyExists, GroupwareError, NotFound
from groupware.model.ids import EVERY, FolderId, Uid
from groupware.model.item import Kind, NewItem
from groupware.model.memory import Memory
from groupware.model.principal import OPERATOR
from groupware.model.rights import Right
from groupware.model.screening import COLLECTED, FILTERED, Screening
from groupware.store.api import Blobs, ReadTx, Store, WriteTx
from mailcore.lists.letter import Letter
from mailcore.queue.filters import Answer
from mailcore.queue.letters import Letter as Written
from mailcore.queue.letters import composed
from mailcore.queue.shelf import Shelf
from mailcore.queue.texts import Texts
from mailcore.server.clock import Clock
from mailcore.server.config import Config
from mailcore.server.parts import Parts

ASKED_AGAIN_SECONDS = 3 * 24 * 3600
MOST_WAITING = 10_000
"""Of the folder so many are looked through."""
_CODE = re.compile(r"\[confirm ([0-9a-f]{24})\]")


@dataclass(frozen=True, slots=True)
class Confirming:
    """Asks, and hears the answer."""

    store: Store
    blobs: Blobs
    clock: Clock
    host: str
    secret: bytes = field(repr=False)
    texts: Callable[[], Texts]

    @classmethod
    def of(cls, parts: Parts, config: Config) -> Confirming:
        """By the configuration."""
        shelf = Shelf(config, parts.log("PROCESSING"))
        return cls(parts.store, parts.blobs, parts.clock, config.host, parts.secret, shelf)

    def code(self, screening: Screening, author: str) -> str:
        """What an answer has in its subject."""
        said = f"confirm\0{screening.account}\0{author}".encode()
        return hmac.new(self.secret, said, "sha256").hexdigest()[:24]

    def question(self, screening: Screening, letter: Letter, author: str) -> Answer:
        """The question to a stranger, once in a while."""
        code = self.code(screening, author)
        subject = clean(letter.subject)[:200]
        facts = {"address": screening.address, "sender": author, "subject": subject, "code": f"[confirm {code}]"}
        own = self.texts().letter("confirm-sender", screening.language)
        title, text = own.filled(facts) if own is not None else (_TITLE.format(**facts), _TEXT.format(**facts))
        if facts["code"] not in title:
            title = f"{title} {facts['code']}"
        written = Written(letter.sender, title, text.split("\n"), screening.address, letter.letter_id or "none")
        octets = composed(written, self.host, self.clock.now())
        once = Memory("confirm", hmac.new(b"confirm", author.encode(), "sha256").hexdigest(), ASKED_AGAIN_SECONDS)
        return Answer("confirmation", (letter.sender,), octets, once)

    async def confirmed(self, screening: Screening, letter: Letter, author: str) -> bool:
        """Whether this is an answer with the code of its sender; what waits of that sender is in the INBOX then."""
        found = _CODE.search(letter.subject)
        if found is None or letter.is_automatic or not hmac.compare_digest(found[1], self.code(screening, author)):
            return False
        who = await self.store.read(OPERATOR, lambda tx: tx.identity(screening.account))
        waiting = await self.store.read(who, lambda tx: _waiting(tx, screening, author))
        card = await self._card(letter, author)

        def work(tx: WriteTx) -> None:
            if waiting is not None and waiting[1]:
                tx.move(waiting[0], [(uid, uid) for uid in waiting[1]], tx.role(screening.account, "inbox").id)
            _collect(tx, screening, author, card)

        await self.store.write(who, work)
        return True

    async def _card(self, letter: Letter, author: str) -> NewItem:
        uid = str(uuid4())
        name = re.sub(r"([\\,;])", r"\\\1", clean(letter.author.name or author))[:200]
        text = _CARD.format(uid=uid, name=name, address=author).replace("\n", "\r\n")
        return (await read_item(text.encode(), self.blobs, f"{uid}.vcf"))[1]


def _waiting(tx: ReadTx, screening: Screening, author: str) -> tuple[FolderId, list[Uid]] | None:
    """The sender's messages in the folder for those of strangers."""
    try:
        at = tx.locate(screening.account, FILTERED, Right.READ).id
    except NotFound:
        return None
    items = tx.items(at, EVERY, summary=True, limit=MOST_WAITING)
    return at, [each.uid for each in items if author in _authors(each.summary)]


def _authors(summary: bytes) -> list[str]:
    return [normal(each.address) for each in decode(summary).from_]


def _collect(tx: WriteTx, screening: Screening, author: str, card: NewItem) -> None:
    """Puts the sender into the address book of those who have confirmed."""
    if tx.addressbook_has(screening.account, COLLECTED, author):
        return
    try:
        book = tx.add_folder(screening.account, COLLECTED, Kind.CONTACTS).id
    except AlreadyExists:
        book = tx.locate(screening.account, COLLECTED, Right.INSERT).id
    try:
        tx.append(book, [card])
    except GroupwareError:
        return  # it is no address book, or full: the mail comes in all the same


_CARD = """BEGIN:VCARD
VERSION:3.0
UID:{uid}
FN:{name}
N:{name};;;;
EMAIL:{address}
END:VCARD
"""
_TITLE = "Please confirm your message: {subject} {code}"
_TEXT = """Your message to {address} has arrived, but it waits: this address does not know you yet.

To confirm that you have sent it, answer this message. The code in its subject has to stay there:

    {code}

You do this once. What you have sent, and what you will send from {sender}, is delivered then.
If you have not written to {address}, do nothing."""

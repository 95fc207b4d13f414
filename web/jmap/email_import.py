"""`Email/import` and `Email/copy`. RFC 8621 §4.7, §4.8."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from groupware.mime.headers import fields
from groupware.mime.threads import thread_id
from groupware.model.errors import NoRight
from groupware.model.flags import FlagChange
from groupware.model.ids import FolderId, Uid, ranges
from groupware.store.api import ReadTx, WriteTx
from web.jmap.arguments import argument, by_id, flag, ident, text
from web.jmap.blobs import octets_of
from web.jmap.email_get import Row, keywords, rows_of
from web.jmap.email_place import Place, flags_of, keywords_of, place_of, stored_words
from web.jmap.email_put import mailbox_in, put
from web.jmap.email_set import check_state, set_, state_of
from web.jmap.errors import MethodError, SetError
from web.jmap.ids import account_id, blob_id, email_id
from web.jmap.limits import IN_SET
from web.jmap.sets import Done, Given, SetArguments, create_each, invalid, unknown_property
from web.jmap.turn import Turn, owner_in, readable

_IMPORTED: Final = frozenset({"blobId", "mailboxIds", "keywords", "receivedAt"})
_COPIED: Final = frozenset({"id", "mailboxIds", "keywords", "receivedAt"})


@dataclass(frozen=True, slots=True)
class Arguments:
    """RFC 8621 §4.8."""

    account_id: str = argument(ident)
    emails: Mapping[str, Given] = argument(by_id)
    if_in_state: str | None = argument(text, None)


@dataclass(frozen=True, slots=True)
class CopyArguments:
    """RFC 8621 §4.7, RFC 8620 §5.4."""

    from_account_id: str = argument(ident)
    account_id: str = argument(ident)
    create: Mapping[str, Given] = argument(by_id)
    if_from_in_state: str | None = argument(text, None)
    if_in_state: str | None = argument(text, None)
    on_success_destroy_original: bool = argument(flag, False)
    destroy_from_if_in_state: str | None = argument(text, None)


async def import_(turn: Turn, arguments: Arguments) -> Mapping[str, Any]:
    """`Email/import`: messages that were uploaded."""
    _check_many(arguments.emails)
    account, done = arguments.account_id, Done()
    owner, before = await turn.read(lambda tx: state_of(tx, account))
    if arguments.if_in_state is not None:
        await check_state(turn, account, arguments.if_in_state)
    await create_each(turn, done, arguments.emails, lambda given: _imported(turn, account, given))
    _, after = await turn.read(lambda tx: state_of(tx, account))
    return {
        "accountId": account_id(owner),
        "oldState": before,
        "newState": after,
        "created": done.created or None,
        "notCreated": done.not_created or None,
    }


def _check_many(given: Mapping[str, Given]) -> None:
    if len(given) > IN_SET:
        raise MethodError("requestTooLarge", f"more than {IN_SET} emails in one call")


async def _imported(turn: Turn, account: str, given: Given) -> Mapping[str, Any]:
    unknown_property(given, (), _IMPORTED)
    place, blob = place_of(turn, given), given.get("blobId")
    if not isinstance(blob, str):
        raise invalid("blobId", "an id is wanted")
    found = (await octets_of(turn, account, [blob])).get(blob)
    if found is None:
        raise invalid("blobId", "there is no such blob, or it is not shared with you")
    if not any(name for name, _ in fields(found.octets[:65536])):
        raise SetError("invalidEmail", "it has no header: it is no message")
    return await put(turn, account, found.octets, place)


async def copy(turn: Turn, arguments: CopyArguments) -> Mapping[str, Any]:
    """`Email/copy`: from an account that shares with one to another."""
    _check_many(arguments.create)
    source, account, done = arguments.from_account_id, arguments.account_id, Done()
    if source == account:
        raise MethodError("invalidArguments", "'fromAccountId' and 'accountId' are the same")
    origin = await turn.read(lambda tx: _from(tx, source))
    owner, before = await turn.read(lambda tx: state_of(tx, account))
    for each, state in ((source, arguments.if_from_in_state), (account, arguments.if_in_state)):
        if state is not None:
            await check_state(turn, each, state)
    await create_each(turn, done, arguments.create, lambda given: _copied(turn, source, account, given))
    _, after = await turn.read(lambda tx: state_of(tx, account))
    if arguments.on_success_destroy_original and done.created:
        gone = tuple(turn.real(str(arguments.create[name]["id"])) for name in done.created)
        turn.follow("Email/set", await _original(turn, source, arguments.destroy_from_if_in_state, gone))
    return {
        "fromAccountId": origin,
        "accountId": account_id(owner),
        "oldState": before,
        "newState": after,
        "created": done.created or None,
        "notCreated": done.not_created or None,
    }


async def _original(turn: Turn, account: str, state: str | None, gone: Sequence[str]) -> Mapping[str, Any]:
    return await set_(turn, SetArguments(account, state, None, None, tuple(gone)))


def _from(tx: ReadTx, account: str) -> str:
    try:
        return account_id(owner_in(tx, account))
    except MethodError:
        raise MethodError("fromAccountNotFound", "there is no such account to copy from") from None


async def _copied(turn: Turn, source: str, account: str, given: Given) -> Mapping[str, Any]:
    unknown_property(given, (), _COPIED)
    place, name = place_of(turn, given), given.get("id")
    if not isinstance(name, str):
        raise invalid("id", "an id is wanted")
    name = turn.real(name)
    marked = keywords_of(given["keywords"]) if given.get("keywords") is not None else None
    if given.get("receivedAt") is not None:
        return await _anew(turn, source, account, name, place, marked)

    def work(tx: WriteTx) -> Mapping[str, Any]:
        row = _row(tx, source, name)
        owner, one = owner_in(tx, account), row.messages[0]
        first, *others = [mailbox_in(tx, owner, each).id for each in place.mailboxes]
        try:
            [(_, uid)] = tx.copy(one.folder, ranges([one.uid]), first, anew=True)
            several = marked is None and len(row.messages) > 1  # the one that is copied may have other keywords
            told = _told(tx, first, uid, keywords(row.bits, row.words) if several else marked)
            for at in others:
                tx.copy(first, ranges([uid]), at)
            return told
        except NoRight as error:
            raise SetError("forbidden", str(error)) from None

    return await turn.write(work)


def _row(tx: ReadTx, account: str, name: str) -> Row:
    rows = rows_of(tx, readable(tx, owner_in(tx, account)), [name])
    if name not in rows:
        raise SetError("notFound", "there is no such email to copy")
    return rows[name]


def _told(tx: WriteTx, at: FolderId, uid: Uid, marked: set[str] | None) -> Mapping[str, Any]:
    """What is told of the copy, with the keywords that were asked for."""
    [(_, email, bits, words, message, references, size)] = tx.columns(
        at, ("email", "bits", "words", "message_id", "ids", "octets"), ranges([uid])
    )
    old = keywords(bits, words)
    if marked is not None and marked != old:
        flags, more = flags_of(marked - old)
        away, _ = flags_of(old - marked)
        tx.update_flags(at, ranges([uid]), FlagChange(flags, away, more, stored_words(words, old - marked)))
    return {
        "id": email_id(email),
        "blobId": blob_id(email),
        "threadId": thread_id(email, message, references),
        "size": size,
    }


async def _anew(
    turn: Turn, source: str, account: str, name: str, place: Place, marked: set[str] | None
) -> Mapping[str, Any]:
    """A copy that came at another time: its octets put in again."""
    row = await turn.read(lambda tx: _row(tx, source, name))
    octets = await turn.parts.blobs.read(row.blob)
    flags, words = flags_of(keywords(row.bits, row.words) if marked is None else marked)
    return await put(turn, account, octets, Place(place.mailboxes, type(place.marks)(flags, words, place.marks.saved)))

"""Mail lists of a domain: who is on them, what waits for a moderator, and who that is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from groupware.model.errors import NotFound
from groupware.model.mailinglist import DELIVERIES, STATES, Subscriber
from groupware.model.principal import Account, PrincipalKind
from groupware.store.api import ReadTx, WriteTx
from mailcore.lists import managing
from web.admin.accounts import listing, principal_of
from web.admin.domains import domain_of
from web.admin.settings import operations
from web.admin.table import (
    ADDRESS,
    AFTER,
    DOMAIN,
    FLAG,
    LIMIT,
    MOMENT,
    NUMBER,
    NUMBER_MAX,
    PAGE,
    SEARCH,
    TEXT,
    Field,
    Given,
    Here,
    Operation,
    in_path,
    maybe,
    of,
    page,
    some,
)

_ROW: Final = of("address", "name", enabled=FLAG, members=NUMBER, active=NUMBER, waiting=NUMBER)
_SHOWN: Final = of(
    "address",
    "name",
    enabled=FLAG,
    members=NUMBER,
    active=NUMBER,
    waiting=NUMBER,
    moderators=some(TEXT),
    moderates=FLAG,
)
_SUBSCRIBER: Final = of("address", "name", "state", "delivery", moderated=FLAG, bounces=NUMBER, joined=MOMENT)
_WAITING: Final = of("from", "subject", "since", uid=NUMBER, size=NUMBER)
_MEMBER: Final = in_path("member", "Whose address; it need not be of this server.")
_NAME: Final = Field("name", "What people call it.", empty=True)
_UIDS: Final = Field("uids", "UIDs of those that are meant; without it all that wait.", "texts", longest=20)


async def listed(here: Here, given: Given) -> object:
    """Those of a domain, by address."""
    return await listing(here, given, PrincipalKind.LIST, "lists", _row)


async def show(here: Here, given: Given) -> object:
    """One of them, with its moderators."""
    return await here.read(lambda tx: _shown(tx, given["address"]))


async def add(here: Here, given: Given) -> object:
    """Makes one, with its folders."""
    address = f"{given['local']}@{given['domain'].lower()}"

    def work(tx: WriteTx) -> object:
        domain_of(tx, given["domain"])
        return _shown(tx, managing.made(tx, address, given.get("name", ""), given.get("owners", ())).address)

    return await here.write(work)


async def change(here: Here, given: Given) -> object:
    """Changes its name, or whether it takes mail."""

    def work(tx: WriteTx) -> object:
        found = _list(tx, given)
        tx.update_account(found.address, name=given.get("name"), enabled=given.get("enabled"))
        return _shown(tx, found.address)

    return await here.write(work)


async def delete(here: Here, given: Given) -> object:
    """Takes one away, with its archive, and who is on it."""
    await here.write(lambda tx: tx.drop_account(_list(tx, given).address))
    return None


# --- who is on it ---------------------------------------------------------------------------------------------------


async def subscribers(here: Here, given: Given) -> object:
    """Who is on a list, by address."""
    wanted = given.get("search", "").lower()

    def work(tx: ReadTx) -> list[Subscriber]:
        there = tx.subscribers(_list(tx, given).id)
        found = [each for each in there if wanted in each.address or wanted in each.name.lower()]
        return sorted(found, key=lambda each: each.address)

    found = await here.read(work)
    shown, following = page(found, lambda each: each.address, given)
    return {"members": list(map(_subscriber, shown)), "next": following, "total": len(found)}


async def put_subscriber(here: Here, given: Given) -> object:
    """Puts somebody on it, without asking, or changes how who is on it gets mail."""
    name, delivery, moderated = (given.get(each) for each in ("name", "delivery", "moderated"))

    def work(tx: WriteTx) -> Subscriber:
        return managing.put_on(tx, _list(tx, given).address, given["member"], name, delivery, moderated)

    return _subscriber(await here.write(work))


async def drop_subscriber(here: Here, given: Given) -> object:
    """Takes somebody off it."""
    await here.write(lambda tx: tx.drop_subscriber(_list(tx, given).address, given["member"]))
    return None


# --- moderation -----------------------------------------------------------------------------------------------------


async def waiting(here: Here, given: Given) -> object:
    """What waits for a moderator, the oldest first."""
    after, limit = given.get("after", 0), given.get("limit", PAGE)
    found = await here.read(lambda tx: managing.waiting(tx, _list(tx, given).address, after, limit + 1))
    told = [await managing.shown(here.parts.blobs, each) for each in found[:limit]]
    rows = [
        {"uid": each.uid, "from": each.author, "subject": each.subject, "size": each.size,
         "since": each.since.isoformat()}
        for each in told
    ]  # fmt: skip
    return {"messages": rows, "next": found[limit - 1].uid if len(found) > limit else None}


async def moderate(here: Here, given: Given) -> object:
    """Sends on, or refuses, what waits."""
    verdict = next(each for each in managing.VERDICTS if each == given["verdict"])
    wanted = [_uid(each) for each in given["uids"]] if "uids" in given else None
    return {"messages": await here.write(lambda tx: managing.moderated(tx, _list(tx, given).address, verdict, wanted))}


async def put_moderator(here: Here, given: Given) -> object:
    """Lets somebody moderate it, in any mail program."""
    return await _let(here, given, on=True)


async def drop_moderator(here: Here, given: Given) -> object:
    """Takes that away again."""
    await _let(here, given, on=False)
    return None


async def _let(here: Here, given: Given, *, on: bool) -> object:
    def work(tx: WriteTx) -> object:
        found = _list(tx, given)
        managing.let_moderate(tx, found.address, given["member"], on=on)
        return _shown(tx, found.address)

    return await here.write(work)


def _list(tx: ReadTx, given: Given) -> Account:
    return principal_of(tx, given["address"], PrincipalKind.LIST)


def _uid(said: str) -> int:
    if not said.isascii() or not said.isdigit():
        raise NotFound(f"{said}: no such message waits")
    return int(said)


def _row(tx: ReadTx, found: Account) -> Mapping[str, Any]:
    about = {"address": found.address, "name": found.name, "enabled": found.enabled}
    return {**about, **managing.figures(tx, found)}


def _shown(tx: ReadTx, address: str) -> Mapping[str, Any]:
    found = principal_of(tx, address, PrincipalKind.LIST)
    return {
        **_row(tx, found),
        "moderators": list(managing.moderators(tx, found.address)),
        "moderates": managing.may_look(tx, found),
    }


def _subscriber(each: Subscriber) -> Mapping[str, object]:
    joined = each.joined.isoformat() if each.joined is not None else None
    about = {"address": each.address, "name": each.name, "state": each.state, "delivery": each.delivery}
    return {**about, "moderated": each.moderated, "bounces": each.bounces, "joined": joined}


OPERATIONS: Final = (
    Operation(
        "GET", "/domains/{domain}/lists", "listLists", "The mail lists of a domain, by address.", listed,
        (DOMAIN, SEARCH, AFTER, LIMIT), of(lists=some(_ROW), next=maybe(TEXT), total=NUMBER),
    ),
    Operation(
        "POST", "/domains/{domain}/lists", "addList", "Make a mail list, with its folders.", add,
        (
            DOMAIN, Field("local", "What is before the @.", required=True, longest=64), _NAME,
            Field("owners", "Addresses of who runs it; without any its domain's postmaster.", "texts"),
        ),
        _SHOWN,
    ),
    Operation("GET", "/lists/{address}", "showList", "A mail list and its moderators.", show, (ADDRESS,), _SHOWN),
    Operation(
        "PATCH", "/lists/{address}", "changeList", "Change a mail list.", change,
        (ADDRESS, _NAME, Field("enabled", "Whether it takes mail.", "flag")), _SHOWN,
    ),
    Operation(
        "DELETE", "/lists/{address}", "deleteList", "Take a mail list away, with its archive, and who is on it.",
        delete, (ADDRESS,),
    ),
    Operation(
        "GET", "/lists/{address}/members", "listSubscribers",
        f"Who is on a mail list, by address; their state is one of {', '.join(STATES)}.",
        subscribers, (ADDRESS, SEARCH, AFTER, LIMIT), of(members=some(_SUBSCRIBER), next=maybe(TEXT), total=NUMBER),
    ),
    Operation(
        "PUT", "/lists/{address}/members/{member}", "putSubscriber",
        "Put somebody on a mail list without asking, or change who is on it; who was suspended gets mail again.",
        put_subscriber,
        (
            ADDRESS, _MEMBER, _NAME, Field("delivery", "How mail gets there.", choices=DELIVERIES),
            Field("moderated", "Whether what it writes waits for a moderator.", "flag"),
        ),
        _SUBSCRIBER,
    ),
    Operation(
        "DELETE", "/lists/{address}/members/{member}", "removeSubscriber", "Take somebody off a mail list.",
        drop_subscriber, (ADDRESS, _MEMBER),
    ),
    Operation(
        "GET", "/lists/{address}/waiting", "listWaiting", "What waits for a moderator, the oldest first.", waiting,
        (ADDRESS, Field("after", "Only UIDs above this one.", "number", "query", longest=NUMBER_MAX), LIMIT),
        of(messages=some(_WAITING), next=maybe(NUMBER)),
    ),
    Operation(
        "POST", "/lists/{address}/waiting", "moderateList", "Send on, or refuse, what waits.", moderate,
        (ADDRESS, Field("verdict", "What becomes of it.", required=True, choices=managing.VERDICTS), _UIDS),
        of(messages=NUMBER),
    ),
    Operation(
        "PUT", "/lists/{address}/moderators/{member}", "putModerator", "Let somebody moderate a mail list.",
        put_moderator, (ADDRESS, _MEMBER), _SHOWN,
    ),
    Operation(
        "DELETE", "/lists/{address}/moderators/{member}", "removeModerator", "Let somebody moderate it no more.",
        drop_moderator, (ADDRESS, _MEMBER),
    ),
    *operations("/lists/{address}/settings", ADDRESS, lambda tx, given: _list(tx, given).id, "list", "list"),
)  # fmt: skip

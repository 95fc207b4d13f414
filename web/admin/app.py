"""The interface under `/api/v1`: finds the operation, who asks, and what the request brings. Decision 234.

Invariants
1. Nobody is answered who is not signed in and administers nothing; what else somebody may do, the store decides.
2. What changes something takes the proof that a page of ours sends it (`web.signin.sessions`).
3. A request is as its operation says, or nothing is done.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from typing import Any, Final
from urllib.parse import unquote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from groupware.model.errors import AlreadyExists, BadCredentials, GroupwareError, NoRight, NotFound, TryAgain
from groupware.model.principal import Principal
from groupware.store.api import ReadTx
from mailcore.server.parts import Parts, ServiceSetup
from web.admin import accounts, domains, groups, lists, queue, rules, running, settings
from web.admin.openapi import description
from web.admin.table import BODY_OCTETS, ROOT, Given, Here, Operation
from web.signin import sessions
from web.signin.app import Entrance, signin
from web.signin.bodies import SAFE, object_of

CLIENT: Final = "webadmin"
NOTHING: Final = "{name} administers nothing here."
BUG: Final = "The server made a mistake; its log says more."
_STATUS: Final[Sequence[tuple[type[Exception], int]]] = (
    (BadCredentials, 401),
    (sessions.Foreign, 403),
    (NoRight, 403),
    (NotFound, 404),
    (AlreadyExists, 409),
    (TryAgain, 503),
    (GroupwareError, 422),
)

_OBJECTS: Final = ("domain", "address", "local", "name", "alias", "member", "setting", "service", "number", "rule")
"""Fields that say what a command is about."""


async def _described(here: Here, given: Given) -> object:
    return description(OPERATIONS, ROOT, version("postroom"))


OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation("GET", "/openapi.json", "describe", "This description.", _described, gives={"type": "object"}),
    *running.OPERATIONS,
    *domains.OPERATIONS,
    *accounts.OPERATIONS,
    *groups.OPERATIONS,
    *lists.OPERATIONS,
    *settings.OPERATIONS,
    *rules.OPERATIONS,
    *queue.OPERATIONS,
)


def api(parts: Parts, setup: ServiceSetup) -> ASGIApp:
    """The application for everything under `ROOT`."""
    log = parts.log("WEBADMIN")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise HTTPException(404)
        request = Request(scope, receive)
        try:
            answer = await _answer(parts, setup, request)
        except HTTPException as error:
            answer = _error(error.status_code, error.detail, error.headers)
        except (GroupwareError, sessions.Foreign) as error:
            answer = _error(next(code for kind, code in _STATUS if isinstance(error, kind)), str(error))
        except Exception:
            log.error("request_failed", method=request.method, trace=traceback.format_exc())
            answer = _error(500, BUG)
        await answer(scope, receive, send)

    return app


def entrance(parts: Parts, setup: ServiceSetup) -> ASGIApp:
    """Signing in to these pages."""
    return signin(parts, setup, Entrance("WEBADMIN", "WEBADMIN_AuthenticatedSuccess", "", partial(_admit, parts)))


async def _admit(parts: Parts, who: Principal) -> None:
    """`NoRight` for who administers nothing."""
    await administrator(parts, who)


async def administrator(parts: Parts, who: Principal) -> bool:
    """Whether who asks administers the server. `NoRight` for who administers nothing."""

    def look(tx: ReadTx) -> tuple[bool, bool]:
        return (whole := tx.administers()), whole or bool(tx.administered())

    server, something = await parts.store.read(who, look)
    if not something:
        raise NoRight(NOTHING.format(name=who.name))
    return server


async def _answer(parts: Parts, setup: ServiceSetup, request: Request) -> Response:
    who = replace(await sessions.signed_in(parts, request), client=CLIENT)
    here = Here(parts, setup.config, who, await administrator(parts, who))
    operation, in_path = _found(request)
    given = await _given(operation, request, in_path)
    if operation.method != "GET":
        parts.log("WEBADMIN").info("command", user=who.name, command=operation.name, about=_about(given))
    told = await operation.handler(here, given)
    return Response(status_code=204, headers=SAFE) if told is None else JSONResponse(told, headers=SAFE)


def _about(given: Given) -> str:
    """What a command is about, for the log: names and numbers, no values."""
    return " ".join(f"{name}={given[name]}"[:330] for name in _OBJECTS if given.get(name) not in (None, ""))


def _found(request: Request) -> tuple[Operation, Mapping[str, str]]:
    """The operation that is asked for, and the fields of its path. `HTTPException`."""
    raw: bytes = request.scope["raw_path"]
    try:
        words = [unquote(each, errors="strict") for each in raw.decode().removeprefix(f"{ROOT}/").split("/")]
    except UnicodeDecodeError:
        words = []
    there = [(each, fields) for each in OPERATIONS if (fields := _matched(each.words, words)) is not None]
    for each, fields in there:
        if each.method == request.method:
            return each, fields
    if there:
        allowed = ", ".join(sorted(each.method for each, _ in there))
        raise HTTPException(405, f"Only {allowed} is taken here.", {"allow": allowed})
    raise HTTPException(404, f"There is nothing of that name; {ROOT}/openapi.json says what there is.")


def _matched(wanted: Sequence[str], words: Sequence[str]) -> Mapping[str, str] | None:
    if len(wanted) != len(words):
        return None
    fields = {}
    for pattern, word in zip(wanted, words, strict=True):
        if pattern.startswith("{"):
            fields[pattern[1:-1]] = word
        elif pattern != word:
            return None
    return fields


async def _given(operation: Operation, request: Request, in_path: Mapping[str, str]) -> Given:
    """What the request brings. `HTTPException`."""
    body = await object_of(request, BODY_OCTETS) if operation.takes_body else {}
    brought: Mapping[str, Mapping[str, Any]] = {"path": in_path, "query": request.query_params, "body": body}
    known = {(each.where, each.name) for each in operation.fields}
    for where in ("query", "body"):
        for name in brought[where]:
            if (where, name) not in known:
                raise HTTPException(400, f"`{name[:64]}` is not known here; {ROOT}/openapi.json says what is.")
    given = {}
    for each in operation.fields:
        if each.name in brought[each.where]:
            given[each.name] = each.read(brought[each.where][each.name])
        elif each.required:
            raise HTTPException(400, f"`{each.name}` is missing.")
    return given


def _error(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    told = json.dumps({"error": text}, ensure_ascii=False).encode("utf-8", "replace")
    return Response(told, status, {**SAFE, **(headers or {})}, "application/json")

"""Time zones for whoever asks: the distribution service of RFC 7808, under `/tzdist/`. Nobody signs in for it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from connectors.dav.paths import TZDIST as ROOT
from groupware.calendar import vtimezone, zonedata

LATEST: Final = 9000
"""The last year that is told of."""
LONGEST: Final = 400 * 366 * 86_400
"""Seconds that one may ask about at once."""
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_CACHED: Final = {"cache-control": "public, max-age=86400"}
_PROBLEM: Final = "urn:ietf:params:tzdist:error:"
Query = Mapping[str, str]


class _Wrong(Exception):
    """An answer that says what is wrong. RFC 7808 §4.1.7."""

    def __init__(self, kind: str, title: str, status: int = 400) -> None:
        super().__init__(title)
        self.kind, self.status = kind, status


async def tzdist(scope: Scope, receive: Receive, send: Send) -> None:
    """The application under `/tzdist`."""
    request = Request(scope, receive)
    try:
        answer = await asyncio.to_thread(_answer, request)
    except _Wrong as error:
        said = {"type": _PROBLEM + error.kind, "title": str(error), "status": error.status}
        answer = JSONResponse(said, error.status, media_type="application/problem+json")
    await answer(scope, receive, send)


def _answer(request: Request) -> Response:
    if request.method not in ("GET", "HEAD"):
        raise _Wrong("invalid-action", "Zones are read with GET.", 405)
    raw = request.scope["raw_path"].decode("latin-1").partition("?")[0]
    levels = [unquote(each) for each in raw[:2000].removeprefix(ROOT).split("/") if each]
    query = dict(request.query_params)
    if levels == ["capabilities"]:
        return _told(request, capabilities())
    if levels == ["leapseconds"]:
        return _told(request, leap_seconds())
    if levels == ["zones"]:
        return _told(request, _found(query["pattern"]) if "pattern" in query else _listed(query))
    if len(levels) == 2 and levels[0] == "zones":
        return _got(request, levels[1], query)
    if len(levels) == 3 and levels[0] == "zones" and levels[2] == "observances":
        return _told(request, _expanded(levels[1], query))
    raise _Wrong("invalid-action", f"There is nothing here: {ROOT}capabilities says what there is.", 404)


def _told(request: Request, value: Mapping[str, Any]) -> Response:
    return _tagged(request, json.dumps(value, separators=(",", ":")).encode(), "application/json")


def _tagged(request: Request, body: bytes, kind: str) -> Response:
    """The answer, or 304 for who has it already."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {**_CACHED, "etag": tag}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, 200, headers, kind)


# --- the actions, RFC 7808 §5 -----------------------------------------------------------------------------------------


def capabilities() -> Mapping[str, Any]:
    """What the service can do."""
    start, end = _parameter("start", "date-time"), _parameter("end", "date-time")
    times = ({**start, "required": True}, {**end, "required": True})
    actions = [
        _action("capabilities", "capabilities"),
        _action("list", "zones{?changedsince}", _parameter("changedsince", "string")),
        _action("get", "zones{/tzid}{?start,end}", start, end),
        _action("expand", "zones{/tzid}/observances{?start,end}", *times),
        _action("find", "zones{?pattern}", {**_parameter("pattern", "string"), "required": True}),
        _action("leapseconds", "leapseconds"),
    ]
    info = {
        "primary-source": f"IANA:{zonedata.edition()}",
        "formats": ["text/calendar"],
        "truncated": {"any": True, "untruncated": True},
        "provider-details": "Postroom",
        "contacts": [],
    }
    return {"version": 1, "info": info, "actions": actions}


def _action(name: str, template: str, *parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"name": name, "uri-template": ROOT + template, "parameters": list(parameters)}


def _parameter(name: str, kind: str) -> dict[str, Any]:
    return {"name": name, "required": False, "multi": False, "value": kind}


def leap_seconds() -> Mapping[str, Any]:
    """When seconds were put in."""
    until, found = zonedata.leap_seconds()
    steps = [{"utc-offset": total, "onset": at} for at, total in found]
    return {"expires": until, "publisher": "IANA", "version": zonedata.edition(), "leapseconds": steps}


@lru_cache(maxsize=1)
def _zones() -> Mapping[str, Mapping[str, Any]]:
    """What is said of each zone that is no alias."""
    others: dict[str, list[str]] = {}
    for alias, name in zonedata.aliases().items():
        others.setdefault(name, []).append(alias)
    edition = zonedata.edition()
    found: dict[str, Mapping[str, Any]] = {}
    for name in sorted(zonedata.names() - zonedata.aliases().keys()):
        said = {"tzid": name, "etag": edition, "last-modified": _modified(edition), "publisher": "IANA"}
        more = {"aliases": sorted(others[name])} if name in others else {}
        found[name] = {**said, "version": edition, **more}
    return found


def _modified(edition: str) -> str:
    """The year of the edition: more is not known, and no more is needed."""
    return f"{edition[:4]}-01-01T00:00:00Z" if edition[:4].isdecimal() else "1970-01-01T00:00:00Z"


def _listed(query: Query) -> Mapping[str, Any]:
    """All of them; none for who has seen this edition. §5.2"""
    since, now = query.get("changedsince", ""), zonedata.edition()
    if since and not re.fullmatch(r"\w{1,20}", since, re.ASCII):
        raise _Wrong("invalid-changedsince", "changedsince is a synctoken that this service gave.")
    return {"synctoken": now, "timezones": [] if since == now else list(_zones().values())}


def _found(pattern: str) -> Mapping[str, Any]:
    """Those whose name or alias has the words; `*` at an end stands for anything, `\\` makes it plain. §5.5"""
    matches = _matcher(pattern)
    found = [each for name, each in _zones().items() if any(map(matches, (name, *each.get("aliases", ()))))]
    return {"synctoken": zonedata.edition(), "timezones": found}


def _matcher(pattern: str) -> Callable[[str], bool]:
    inner = pattern.replace("\\*", "\0").replace("\\\\", "\1")
    begins, ends = not inner.startswith("*"), not inner.endswith("*")
    plain = inner.removeprefix("*").removesuffix("*")
    if not plain or "*" in plain or len(pattern) > 200:
        raise _Wrong("invalid-pattern", "A pattern is some of a name, with * at the begin or the end of it.")
    words = _folded(plain.replace("\0", "*").replace("\1", "\\"))
    if begins and ends:
        return lambda name: _folded(name) == words
    if begins:
        return lambda name: _folded(name).startswith(words)
    return (lambda name: _folded(name).endswith(words)) if ends else (lambda name: words in _folded(name))


def _folded(name: str) -> str:
    return name.replace("_", " ").lower()


def _got(request: Request, name: str, query: Query) -> Response:
    """One zone as iCalendar. §5.3"""
    accepted = request.headers.get("accept", "")
    if accepted and not any(each in accepted for each in ("text/calendar", "text/*", "*/*")):
        raise _Wrong("invalid-format", "A zone is given as text/calendar.", 406)
    low, high = _times(query)
    body = vtimezone.calendar(name, low, high)
    if body is None:
        raise _Wrong("tzid-not-found", f"There is no zone {name[:100]!r}.", 404)
    return _tagged(request, body, "text/calendar; charset=utf-8")


def _expanded(name: str, query: Query) -> Mapping[str, Any]:
    """Its changes in a time, one by one. §5.4"""
    low, high = _times(query)
    if low is None:
        raise _Wrong("invalid-start", "start is needed, as 2026-01-01T00:00:00Z.")
    if high is None:
        raise _Wrong("invalid-end", "end is needed, as 2026-01-01T00:00:00Z.")
    found = vtimezone.observances(name, low, high)
    if found is None:
        raise _Wrong("tzid-not-found", f"There is no zone {name[:100]!r}.", 404)
    told = [
        {"name": each.name, "onset": _said(each.at), "utc-offset-from": each.before, "utc-offset-to": each.after}
        for each in found
    ]
    return {"tzid": name, "start": query["start"], "end": query["end"], "observances": told}


def _said(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _times(query: Query) -> tuple[int | None, int | None]:
    low, high = _time(query, "start"), _time(query, "end")
    if low is not None and high is not None and not 0 < high - low <= LONGEST:
        raise _Wrong("invalid-end", "end is later than start, by 400 years at most.")
    return low, high


def _time(query: Query, name: str) -> int | None:
    said = query.get(name)
    if said is None:
        return None
    try:
        if _TIME.fullmatch(said) is None:
            raise ValueError
        found = datetime.fromisoformat(said)
        if found.year > LATEST:
            raise ValueError
        return int(found.timestamp())
    except ValueError:
        text = f"{name} is a moment as 2026-01-01T00:00:00Z, of the year {LATEST} at the latest."
        raise _Wrong(f"invalid-{name}", text) from None

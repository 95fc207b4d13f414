"""A question to DNS from the command line: the running server's resolver answers, or one like it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, cast

import typer

from mailcore.cli.service import server
from mailcore.cli.site import configured
from mailcore.server.control import ControlError, NotRunning


def answer(ctx: typer.Context, name: str, kind: str) -> dict[str, Any]:
    """The answer, as `dns.query` gives it. ControlError."""
    try:
        with server(ctx) as running:
            return cast(dict[str, Any], running.ask("dns.query", name=name, type=kind))
    except NotRunning:
        return _own(ctx, name, kind)


def asked(ctx: typer.Context, name: str, kind: str) -> tuple[Sequence[str], str]:
    """The values, with the preference of an MX before its host; or none, and why."""
    try:
        found = answer(ctx, name, kind)
    except ControlError as error:
        return (), str(error)
    preferred = kind == "MX"
    return [f"{one['preference']} {one['value']}" if preferred else str(one["value"]) for one in found["records"]], ""


def _own(ctx: typer.Context, name: str, kind: Any) -> dict[str, Any]:
    from mailcore.server.compose import resolver
    from mailcore.server.dns import DnsError

    try:
        return asdict(asyncio.run(resolver(configured(ctx)).query(name, kind)))
    except DnsError as error:
        raise ControlError(str(error)) from None

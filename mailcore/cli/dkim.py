"""`postroom dkim`: the keys that a domain's mail is signed with, and their rotation.

A new key is published in DNS first; once it is seen there it is made active, and the old one is retired but stays
published for some days, so that mail under way can still be checked.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from groupware.model.errors import NotFound, Refused
from groupware.model.signing import ALGORITHMS, SigningKey
from groupware.store.api import ReadTx, WriteTx
from mailcore.cli.asking import asked
from mailcore.cli.family import family
from mailcore.cli.show import Json, Row, note, one, rows, say
from mailcore.cli.site import site

app = family()
DomainName = Annotated[str, typer.Argument(help="The domain, as example.org, or an alias of one.")]
Selector = Annotated[str, typer.Option("--selector", "-s", help="Which key; may be left out where there is but one.")]


@app.command()
def add(
    ctx: typer.Context,
    domain: DomainName,
    selector: Annotated[
        str, typer.Option("--selector", "-s", help="Its name; left out: of month and kind, as 202611-rsa.")
    ] = "",
    algorithm: Annotated[str, typer.Option("--algorithm", "-a", help=f"{' or '.join(ALGORITHMS)}.")] = "rsa-2048",
) -> None:
    """Make a key, which does not sign yet, and print the record to publish."""
    from mailcore.server.storage import site_secret
    from mailcore.smtp.authentication.private import make, record, record_name, zone_line

    kind = next((each for each in ALGORITHMS if each == algorithm), None)
    if kind is None:
        raise Refused(f"{algorithm!r} is no kind of key; there are {', '.join(ALGORITHMS)}")
    name = selector or f"{datetime.now(UTC):%Y%m}-{kind.partition('-')[0]}"
    with site(ctx) as here:
        made = make(kind, site_secret(here.config))
        here.write(lambda tx: tx.put_signing_key(domain, name, kind, made.sealed, made.public))
        key = here.read(lambda tx: _key(tx, domain, name))
    say(zone_line(record_name(key), record(key)))
    note(f"publish this record, then: postroom dkim activate {key.domain} --selector {key.selector}")


@app.command("list")
def list_(
    ctx: typer.Context, domain: Annotated[str | None, typer.Argument(help="The domain; left out: all.")] = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Show the keys of a domain, or of all."""
    with site(ctx) as here:
        found = here.read(lambda tx: [key for name in _names(tx, domain) for key in tx.signing_keys(name)])
    rows([_row(each) for each in found], as_json, "there is no key yet: postroom dkim add example.org")


@app.command()
def show(ctx: typer.Context, domain: DomainName, selector: Selector = "", as_json: Json = False) -> None:
    """Show one key and its record. The private half is never shown."""
    from mailcore.smtp.authentication.private import record, record_name

    with site(ctx) as here:
        key = here.read(lambda tx: _key(tx, domain, selector))
    one({**_row(key), "created": key.created, "name": record_name(key), "record": record(key)}, as_json)


@app.command()
def activate(
    ctx: typer.Context,
    domain: DomainName,
    selector: Selector = "",
    force: Annotated[bool, typer.Option("--force", help="Without a look whether DNS has it.")] = False,
) -> None:
    """Sign with a key from now on, and retire the active one of its kind. It has to be in DNS."""
    with site(ctx) as here:
        key = here.read(lambda tx: _key(tx, domain, selector))
    if not force and (trouble := _trouble(ctx, key)):
        raise Refused(f"{key.domain} {key.selector}: {trouble}; publish it first (postroom dkim dns), or use --force")
    with site(ctx) as here:
        there = here.read(lambda tx: tx.signing_keys(domain))
        old = [
            each.selector
            for each in there
            if each.state == "active" and each.algorithm == key.algorithm and each.selector != key.selector
        ]
        here.write(lambda tx: _take_over(tx, domain, key.selector, old))
    say(f"{key.domain} signs with {key.selector}")
    for each in old:
        note(f"{each} signs no more; leave its record for some days, then: postroom dkim delete {domain} -s {each}")


@app.command()
def retire(ctx: typer.Context, domain: DomainName, selector: Selector = "") -> None:
    """Sign no more with a key. Its record has to stay for some days."""
    with site(ctx) as here:
        key = here.read(lambda tx: _key(tx, domain, selector))
        here.write(lambda tx: tx.turn_signing_key(domain, key.selector, "retired"))
    say(f"{key.domain} signs no more with {key.selector}")


@app.command()
def delete(
    ctx: typer.Context,
    domain: DomainName,
    selector: Selector = "",
    force: Annotated[bool, typer.Option("--force", help="Even while it signs.")] = False,
) -> None:
    """Take a key away for good."""
    with site(ctx) as here:
        key = here.read(lambda tx: _key(tx, domain, selector))
        if key.state == "active" and not force:
            raise Refused(f"{key.domain} signs with {key.selector}; retire it first, or use --force")
        here.write(lambda tx: tx.drop_signing_key(domain, key.selector))
    say(f"the key {key.selector} of {key.domain} is gone; its record in DNS can go too")


@app.command()
def dns(ctx: typer.Context, domain: DomainName, as_json: Json = False) -> None:
    """Print the records of a domain's keys as lines of a zone file."""
    from mailcore.smtp.authentication.private import record, record_name, zone_line

    with site(ctx) as here:
        found = here.read(lambda tx: tx.signing_keys(domain))
    if not found:
        raise NotFound(f"{domain} has no key; make one: postroom dkim add {domain}")
    lines = [(record_name(key), record(key)) for key in found]
    if as_json:
        rows(
            [{"name": name, "type": "TXT", "value": text, "line": zone_line(name, text)} for name, text in lines], True
        )
        return
    for name, text in lines:
        say(zone_line(name, text))


@app.command()
def check(ctx: typer.Context, domain: DomainName, as_json: Json = False) -> None:
    """Look each key up in DNS, and say what differs."""
    with site(ctx) as here:
        found = here.read(lambda tx: tx.signing_keys(domain))
    if not found:
        raise NotFound(f"{domain} has no key; make one: postroom dkim add {domain}")
    troubles = [_trouble(ctx, key) for key in found]
    rows(
        [{**_row(key), "dns": trouble or "as it should be"} for key, trouble in zip(found, troubles, strict=True)],
        as_json,
    )
    if any(troubles):
        raise typer.Exit(1)


def _take_over(tx: WriteTx, domain: str, selector: str, old: list[str]) -> None:
    for each in old:
        tx.turn_signing_key(domain, each, "retired")
    tx.turn_signing_key(domain, selector, "active")


def _trouble(ctx: typer.Context, key: SigningKey) -> str:
    """What is wrong with the record in DNS; "" when it is as it should be."""
    from mailcore.smtp.authentication.private import record, record_name
    from mailcore.smtp.authentication.tags import Malformed, tags

    found, why = asked(ctx, record_name(key), "TXT")
    if not found:
        return f"not in DNS ({why})"
    wanted = tags(record(key))
    for text in found:
        try:
            there = tags(text)
        except Malformed:
            continue
        if "".join(there.get("p", "").split()) == wanted["p"] and there.get("k", "rsa") == wanted["k"]:
            return ""
    return "another key is in DNS"


def _names(tx: ReadTx, domain: str | None) -> list[str]:
    if domain is not None:
        return [domain]
    return [name for each in tx.administered() for name in (each.name, *each.aliases)]


def _key(tx: ReadTx, domain: str, selector: str) -> SigningKey:
    """The key meant. `NotFound`; `Refused` when it is not clear which."""
    found = tx.signing_keys(domain)
    if selector:
        meant = [each for each in found if each.selector == selector.lower()]
        if not meant:
            raise NotFound(f"{domain} has no key {selector!r}")
        return meant[0]
    if not found:
        raise NotFound(f"{domain} has no key; make one: postroom dkim add {domain}")
    if len(found) > 1:
        raise Refused(
            f"{domain} has several keys; say which: --selector {' or '.join(each.selector for each in found)}"
        )
    return found[0]


def _row(key: SigningKey) -> Row:
    return {
        "domain": key.domain,
        "selector": key.selector,
        "algorithm": key.algorithm,
        "state": key.state,
        "since": key.changed,
    }

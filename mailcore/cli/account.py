"""`postroom account`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated

import typer

from groupware.directory.factors import GUARDS, RECOVERY
from groupware.directory.password import Digest, new_app_password, salts_of, seal_app
from groupware.model.errors import NotFound
from groupware.model.principal import Account, NewAccount, PrincipalKind
from groupware.store.api import ReadTx, WriteTx
from mailcore.cli import passwords
from mailcore.cli.family import family
from mailcore.cli.show import Json, Row, one, rows, say, sure
from mailcore.cli.site import site

app = family()
Address = Annotated[str, typer.Argument(help="Address of the account, as alice@example.org.")]
Name = Annotated[str | None, typer.Option(help='What people call it, as in "Alice Adams".')]


@app.command()
def add(
    ctx: typer.Context,
    address: Address,
    password_stdin: passwords.Stdin = False,
    name: Name = None,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="Nobody can log in until a password is set.")
    ] = False,
    resource: Annotated[
        bool, typer.Option("--resource", help="A room or equipment, which answers invitations; nobody logs in.")
    ] = False,
) -> None:
    """Make an account, with its folders."""
    asks = not no_password and not resource
    credentials = passwords.sealed(address, passwords.ask(address, password_stdin)) if asks else {}
    kind = PrincipalKind.RESOURCE if resource else PrincipalKind.ACCOUNT
    with site(ctx) as here:
        made = here.write(lambda tx: tx.put_account(NewAccount(address, kind, name or "", credentials)))
    say(f"{kind} {made.address}")


@app.command("list")
def list_(
    ctx: typer.Context,
    domain: Annotated[str | None, typer.Argument(help="Only this domain's.")] = None,
    resources: Annotated[bool, typer.Option("--resources", help="Rooms and equipment instead.")] = False,
    as_json: Json = False,
) -> None:
    """Show accounts."""
    kind = PrincipalKind.RESOURCE if resources else PrincipalKind.ACCOUNT
    with site(ctx) as here:
        found = here.read(lambda tx: accounts(tx, domain, kind))
    rows([_row(each) for each in found], as_json, "there is no account yet: postroom account add alice@example.org")


@app.command()
def show(ctx: typer.Context, address: Address, as_json: Json = False) -> None:
    """Show one account."""
    with site(ctx) as here:
        found, secrets = here.read(lambda tx: tx.credentials(address))
    logins = {each.kind for each in secrets}
    facts: dict[str, object] = dict(_row(found))
    facts |= {"kind": found.kind.value, "created": found.created, "external": found.external}
    facts |= {"password": "password" in logins, "app_passwords": sum(each.kind == "app" for each in secrets)}
    one(facts, as_json)


@app.command()
def sending(ctx: typer.Context, address: Address, as_json: Json = False) -> None:
    """Show what an account has sent in this interval, and what it may send in one."""
    with site(ctx) as here:
        use = here.read(lambda tx: tx.send_use(tx.account(address).id))
    most = {"messages": use.most_messages, "recipients": use.most_recipients, "kb": use.most_octets // 1024}
    used = {"messages": use.messages, "recipients": use.recipients, "kb": -(-use.octets // 1024)}
    if as_json:
        one({"used": used, "most": most, "until": use.until}, as_json)
        return
    facts: dict[str, object] = {name: f"{used[name]} of {most[name]}" if most[name] else "no limit" for name in used}
    one({**facts, "interval_ends": use.until}, as_json)


@app.command()
def passwd(ctx: typer.Context, address: Address, password_stdin: passwords.Stdin = False) -> None:
    """Set the password. App passwords stay as they are."""
    password = passwords.ask(address, password_stdin)
    with site(ctx) as here:
        made = passwords.sealed(address, password, here.read(lambda tx: _salts(tx, address)))
        here.write(lambda tx: _store(tx, address, made))
    say(f"password of {address} set")


def _salts(tx: ReadTx, address: str) -> Mapping[Digest, bytes]:
    return salts_of([(each.kind, each.value) for each in tx.credentials(address)[1]])


def _store(tx: WriteTx, address: str, secrets: Mapping[str, str], label: str = "") -> None:
    for kind, value in secrets.items():
        tx.put_credential(address, kind, value, label)


@app.command("set")
def set_(
    ctx: typer.Context,
    address: Address,
    name: Name = None,
    enabled: Annotated[bool | None, typer.Option("--enable/--disable", help="Whether it may log in.")] = None,
    rename: Annotated[str | None, typer.Option(help="Another address for it.")] = None,
) -> None:
    """Change an account."""
    values: dict[str, str | bool | None] = {}
    if name is not None:
        values["name"] = name
    if enabled is not None:
        values["enabled"] = enabled
    if rename is not None:
        values["address"] = rename
    if not values:
        raise typer.BadParameter("nothing to change: give --name, --enable, --disable or --rename")
    with site(ctx) as here:
        found = here.write(lambda tx: tx.update_account(address, **values))
    say(f"account {found.address}")


@app.command()
def delete(
    ctx: typer.Context,
    address: Address,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Take an account away with everything in it."""
    with site(ctx) as here:
        found = here.read(lambda tx: tx.account(address))
        if not yes:
            sure(f"Delete {found.address} with its {found.items} items?")
        here.write(lambda tx: tx.drop_account(address))
    say(f"account {found.address} is gone")


app_password = family("Passwords for one device or program each.")
app.add_typer(app_password, name="app-password")


@app_password.command("add")
def app_password_add(
    ctx: typer.Context, address: Address, label: Annotated[str, typer.Argument(help="What it is for.")]
) -> None:
    """Make a password for one device or program, and show it this once."""
    made = new_app_password()
    with site(ctx) as here:
        secrets = seal_app(made, here.read(lambda tx: _salts(tx, address)))
        here.write(lambda tx: _store(tx, address, secrets, label))
    say(made)


@app_password.command("list")
def app_password_list(ctx: typer.Context, address: Address, as_json: Json = False) -> None:
    """Show an account's app passwords, but for the secrets."""
    with site(ctx) as here:
        _, found = here.read(lambda tx: tx.credentials(address))
    rows(
        [
            {"id": each.id, "label": each.label, "created": each.created, "used": each.used}
            for each in found
            if each.kind == "app"
        ],
        as_json,
        f"{address} has no app password",
    )


@app_password.command("remove")
def app_password_remove(
    ctx: typer.Context, address: Address, number: Annotated[int, typer.Argument(help="As the list says.")]
) -> None:
    """Take an app password away."""
    with site(ctx) as here:
        _, found = here.read(lambda tx: tx.credentials(address))
        if not any(each.id == number and each.kind == "app" for each in found):
            raise NotFound(f"{address} has no app password {number}")
        here.write(lambda tx: tx.drop_credential(address, number))
    say(f"app password {number} of {address} is gone")


factor = family("What is asked for beside the password: authenticators and security keys.")
app.add_typer(factor, name="factors")


@factor.command("list")
def factors_list(ctx: typer.Context, address: Address, as_json: Json = False) -> None:
    """Show an account's second factors, but for the secrets."""
    with site(ctx) as here:
        _, found = here.read(lambda tx: tx.credentials(address))
    rows(
        [
            {"id": each.id, "kind": each.kind, "label": each.label, "created": each.created, "used": each.used}
            for each in found
            if each.kind in GUARDS
        ],
        as_json,
        f"{address} has no second factor",
    )


@factor.command("remove")
def factors_remove(
    ctx: typer.Context,
    address: Address,
    number: Annotated[int | None, typer.Argument(help="As the list says; none: all, with the codes on paper.")] = None,
) -> None:
    """Take a second factor away, or all of somebody's who has lost them."""

    def work(tx: WriteTx) -> int:
        _, stored = tx.credentials(address)
        there = [each for each in stored if each.kind in GUARDS and number in (None, each.id)]
        last = len(there) == sum(each.kind in GUARDS for each in stored)
        for each in [*there, *[each for each in stored if last and each.kind == RECOVERY]]:
            tx.drop_credential(address, each.id)
        return len(there)

    with site(ctx) as here:
        gone = here.write(work)
    if not gone:
        raise NotFound(f"{address} has no second factor" + (f" {number}" if number is not None else ""))
    say(f"{gone} second factors of {address} are gone" if gone > 1 else f"a second factor of {address} is gone")


browser = family("Browsers that somebody is signed in with.")
app.add_typer(browser, name="sessions")


@browser.command("list")
def sessions_list(ctx: typer.Context, address: Address, as_json: Json = False) -> None:
    """Show where somebody is signed in to the webmail."""
    with site(ctx) as here:
        found = here.read(lambda tx: tx.browser_sessions(address))
    rows(
        [
            {"id": each.number, "made": each.made, "used": each.used, "ends": each.ends, "peer": each.peer}
            | {"browser": each.agent}
            for each in found
        ],
        as_json,
        f"{address} is signed in nowhere",
    )


@browser.command("end")
def sessions_end(
    ctx: typer.Context,
    address: Address,
    number: Annotated[int | None, typer.Argument(help="As the list says; none: all of them.")] = None,
) -> None:
    """Sign a browser out, or all of somebody's."""
    ended = _ended(
        ctx,
        number,
        lambda tx: [each.number for each in tx.browser_sessions(address)],
        lambda tx, each: tx.drop_browser_session(each, address),
    )
    say(f"{ended} of the sessions of {address} ended")


token = family("Programs that somebody has let in (OAuth).")
app.add_typer(token, name="tokens")


@token.command("list")
def tokens_list(ctx: typer.Context, address: Address, as_json: Json = False) -> None:
    """Show which programs hold tokens of somebody."""
    with site(ctx) as here:
        found = here.read(lambda tx: tx.oauth_grants(address))
    rows(
        [
            {"id": each.number, "made": each.made, "used": each.used, "ends": each.ends, "peer": each.peer}
            | {"program": each.label, "scope": each.scope}
            for each in found
        ],
        as_json,
        f"{address} has let no program in",
    )


@token.command("end")
def tokens_end(
    ctx: typer.Context,
    address: Address,
    number: Annotated[int | None, typer.Argument(help="As the list says; none: all of them.")] = None,
) -> None:
    """Take the tokens of a program back, or of all of somebody's."""
    ended = _ended(
        ctx,
        number,
        lambda tx: [each.number for each in tx.oauth_grants(address)],
        lambda tx, each: tx.drop_oauth_grant(each, address),
    )
    say(f"{ended} programs of {address} have no tokens any more")


shared = family("The secret for CRAM-MD5 and APOP, where an old program can do nothing better.")
app.add_typer(shared, name="shared-secret")


@shared.command("make")
def shared_make(ctx: typer.Context, address: Address) -> None:
    """Make an account's secret for CRAM-MD5 and APOP, in place of the former, and show it this once."""
    from groupware.directory.shared import KIND, new_shared_secret, seal_shared
    from mailcore.server.storage import site_secret

    made = new_shared_secret()
    with site(ctx) as here:
        sealed = seal_shared(made, site_secret(here.config))
        here.write(lambda tx: tx.put_credential(address, KIND, sealed))
    say(made)


@shared.command("remove")
def shared_remove(ctx: typer.Context, address: Address) -> None:
    """Take the secret away: the account can no longer sign in by CRAM-MD5 and APOP."""
    from groupware.directory.shared import KIND

    with site(ctx) as here:
        _, found = here.read(lambda tx: tx.credentials(address))
        numbers = [each.id for each in found if each.kind == KIND]
        if not numbers:
            raise NotFound(f"{address} has no shared secret")
        here.write(lambda tx: tx.drop_credential(address, numbers[0]))
    say(f"the shared secret of {address} is gone")


def accounts(tx: ReadTx, domain: str | None, kind: PrincipalKind) -> Sequence[Account]:
    """Those of a domain, or of all."""
    names = [domain.lower()] if domain is not None else [each.name for each in tx.administered()]
    return [account for name in names for account in tx.accounts(name, kind)]


def _row(account: Account) -> Row:
    return {
        "address": account.address,
        "name": account.name,
        "aliases": account.aliases,
        "enabled": account.enabled,
        "items": account.items,
        "bytes": account.bytes,
    }


def _ended(
    ctx: typer.Context,
    number: int | None,
    there: Callable[[WriteTx], Sequence[int]],
    drop: Callable[[WriteTx, int], None],
) -> int:
    """Ends the one of that number, or all that are there; how many these were."""

    def work(tx: WriteTx) -> int:
        found = [number] if number is not None else there(tx)
        for each in found:
            drop(tx, each)
        return len(found)

    with site(ctx) as here:
        return here.write(work)

"""`postroom demo`: a server to try things with, on loopback, with three people who know each other."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import typer

from groupware.directory.password import new_app_password
from groupware.model.item import NewItem
from groupware.model.principal import Domain, NewAccount
from groupware.model.rights import LEVELS
from groupware.store.api import WriteTx
from mailcore.cli import passwords, serve
from mailcore.cli.demo_mail import DOMAIN, PEOPLE, PUBLIC, SHARED, Letter, letters
from mailcore.cli.family import single
from mailcore.cli.folders import owner_of
from mailcore.cli.place import Place
from mailcore.cli.show import note, rows, say
from mailcore.cli.site import Site, configuration, opened, place
from mailcore.server.config import Config
from mailcore.server.listener import Listener
from mailcore.server.parts import installed_factories

app = single()
NOTES: Final = "demo.json"  # in the data folder: who may log in, for the next start


@app.command()
def demo(ctx: typer.Context, data: serve.Data = None, port_base: serve.PortBase = 20000) -> None:
    """Run a server on loopback; an empty data folder gets a demo domain with three people, mail and a shared folder."""
    at = Place(data or place(ctx).data or Path("data"), place(ctx).config)
    config = configuration(at, port_base=port_base)
    config.data.mkdir(mode=0o700, parents=True, exist_ok=True)  # with PostgreSQL nothing else has made it
    with opened(config) as here:
        if not here.read(lambda tx: tx.domains()):
            furnish(here)
    serve.run(at, port_base, _announce)


def furnish(here: Site) -> None:
    """Make the demo's domain, people, folders, grants and mail."""
    chosen = {f"{name}@{DOMAIN}": new_app_password() for name in PEOPLE}
    sealed = {address: passwords.sealed(address, password) for address, password in chosen.items()}
    written = letters(datetime.now(UTC))
    items = [here.run(_item(here, each)) for each in written]

    def work(tx: WriteTx) -> None:
        tx.put_domain(Domain(DOMAIN))
        for name, called in PEOPLE.items():
            address = f"{name}@{DOMAIN}"
            tx.put_account(NewAccount(address, name=called, credentials=sealed[address]))
        _share(tx)
        for letter, item in zip(written, items, strict=True):
            owner = owner_of(tx, f"{letter.owner}@{DOMAIN}" if letter.owner else DOMAIN)
            tx.append(tx.locate(owner, letter.folder).id, [item])

    here.write(work)
    path = here.config.data / NOTES
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(chosen, file)


def _share(tx: WriteTx) -> None:
    alice = owner_of(tx, f"alice@{DOMAIN}")
    shared = tx.add_folder(alice, SHARED)
    tx.grant(shared.id, f"bob@{DOMAIN}", LEVELS["editor"], reason="we plan the garden together")
    tx.grant(shared.id, f"carol@{DOMAIN}", LEVELS["viewer"])
    tx.add_folder(owner_of(tx, DOMAIN), PUBLIC)


async def _item(here: Site, letter: Letter) -> NewItem:
    from groupware.mime.item import Marks, read_item

    return await read_item(letter.octets, here.blobs, Marks(letter.flags, saved=letter.saved))


def _announce(config: Config) -> None:
    installed = installed_factories()
    say(f"Postroom on {config.data}")
    rows(
        [
            {"service": each.name, "address": each.where, "security": _security(each)}
            for each in config.listeners
            if each.service in installed and config.services[each.service].enabled
        ],
        as_json=False,
    )
    people = _people(config.data)
    if people:
        rows([{"user": name, "password": password} for name, password in people.items()], as_json=False)
        say(f'bob@{DOMAIN} may write in "Other Users/alice@{DOMAIN}/{SHARED}"; everybody here reads "Public/".')
        web = [f"http://{each.where}/" for each in config.listeners if each.name == "http"]
        say("Web: " + ", ".join(web))
        say("Calendars and contacts: " + ", ".join(f"{each}dav/" for each in web))
        admin = [f"http://{each.where}/" for each in config.listeners if each.name == "webadmin"]
        say("Administration: " + ", ".join(admin) + f", behind `postroom grant set server / alice@{DOMAIN} a`")
    else:
        note(f"{config.data} was not made by the demo: its users and passwords are yours")


def _security(listener: Listener) -> str:
    if listener.tls == "implicit":
        return "TLS"
    return "plain, or STARTTLS" if listener.tls == "start" and listener.service not in ("http", "webadmin") else "plain"


def _people(data: Path) -> Mapping[str, str]:
    try:
        found: Mapping[str, str] = json.loads((data / NOTES).read_text())
    except (FileNotFoundError, PermissionError, ValueError):
        return {}
    return found

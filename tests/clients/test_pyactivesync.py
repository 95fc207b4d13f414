"""pyactivesync, an ActiveSync 16.1 client of others with a codec of its own, against a running server."""

from __future__ import annotations

import asyncio
from email.message import EmailMessage

from pyactivesync import BodyType, Client, EmailChange, Folder, FolderType
from pyactivesync.models import Contact

from tests.support.server import Person, RunningServer


def client(server: RunningServer, who: Person, device: str) -> Client:
    """Somebody's device; the program itself speaks TLS alone, which this server has no certificate for."""
    made = Client(server="x", username=who.address, password=who.password, device_id=device)
    made._transport.base_url = f"http://127.0.0.1:{server.port('http')}/Microsoft-Server-ActiveSync"
    return made


def of_kind(folders: list[Folder], kind: FolderType) -> str:
    """The id of the folder of that type."""
    return next(str(each.id) for each in folders if each.type == kind)


def letter(to: str) -> EmailMessage:
    """A message with a file."""
    made = EmailMessage()
    made["To"], made["Subject"] = to, "hello"
    made.set_content("words")
    made.add_attachment(b"file", maintype="text", subtype="plain", filename="a.txt")
    return made


def _mail(server: RunningServer, ann: Person, bob: Person) -> None:
    with client(server, ann, "ANN1") as hers, client(server, bob, "BOB1") as his:
        hers.provision()
        hers.send_mail(letter(bob.address))
        at = of_kind(his.list_folders(), FolderType.INBOX)
        found = his.sync_folder(at)
        while not found.added:
            his.ping([at], heartbeat=60)
            found = his.sync_folder(at, sync_key=found.sync_key)
        [item] = found.added
        assert item.fields["Email.Subject"] == "hello"
        fetched = his.fetch_item(at, item.server_id, body_type=BodyType.HTML)
        assert his.fetch_attachment(fetched.attachments[0].file_reference) == b"file"
        done = his.apply_email_changes(at, found.sync_key, [EmailChange(item.server_id, read=True, flagged=True)])
        assert done.statuses == {item.server_id: "1"} and his.get_item_estimate(at, done.sync_key) == 0
        made = his.create_folder("New")
        his.update_folder(made.id, "Newer")
        assert his.move_item(item.server_id, at, made.id).startswith(f"{made.id}:")
        assert "Newer" in {each.name for each in his.list_folders()}
        his.delete_folder(made.id)


def _others(server: RunningServer, ann: Person, bob: Person) -> None:
    with client(server, ann, "ANN2") as hers:
        folders = hers.list_folders()
        drafts, contacts = (of_kind(folders, each) for each in (FolderType.DRAFTS, FolderType.CONTACTS))
        made = hers.create_email_draft(drafts, hers.sync_folder(drafts).sync_key, letter(bob.address))
        assert made.status == "1" and made.server_id
        card = Contact(first_name="Ann", last_name="Far", email1_address="ann@far.test")
        key = hers.sync_folder(contacts).sync_key
        assert hers.create_contact(contacts, key, card).status == "1"
        assert [each.email_address for each in hers.resolve_recipients(bob.address)] == [bob.address]
        assert [each.email_address for each in hers.search_gal(bob.address)] == [bob.address]
        assert len(hers.find_gal(bob.address).items) == 1
        assert not hers.get_oof().messages[0].enabled


async def test_mail_is_sent_read_fetched_and_filed(server: RunningServer) -> None:
    ann, bob = [await asyncio.to_thread(server.account) for _ in range(2)]
    await asyncio.to_thread(_mail, server, ann, bob)


async def test_drafts_contacts_people_and_absences(server: RunningServer) -> None:
    ann, bob = [await asyncio.to_thread(server.account) for _ in range(2)]
    await asyncio.to_thread(_others, server, ann, bob)

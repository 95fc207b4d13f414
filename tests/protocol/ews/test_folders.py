"""Folders: what is told of them, whom they are shared with, and what may not be done to them."""

from __future__ import annotations

from groupware.model.rights import letters
from groupware.store.api import ReadTx
from tests.support.ewsstand import Client, Stand

INBOX = '<t:DistinguishedFolderId Id="inbox"/>'
DRAFTS = '<m:ToFolderId><t:DistinguishedFolderId Id="drafts"/></m:ToFolderId>'
ALL = "<m:FolderShape><t:BaseShape>AllProperties</t:BaseShape>{}</m:FolderShape>"
SHARED = '<t:AdditionalProperties><t:FieldURI FieldURI="folder:PermissionSet"/></t:AdditionalProperties>'


def get(*folders: str, more: str = "") -> str:
    return f"<m:GetFolder>{ALL.format(more)}<m:FolderIds>{''.join(folders)}</m:FolderIds></m:GetFolder>"


def named(ident: str) -> str:
    return f'<t:FolderId Id="{ident}"/>'


async def made(client: Client, name: str, parent: str = "msgfolderroot", kind: str = "Folder") -> str:
    where = f'<m:ParentFolderId><t:DistinguishedFolderId Id="{parent}"/></m:ParentFolderId>'
    folder = f"<m:Folders><t:{kind}><t:DisplayName>{name}</t:DisplayName></t:{kind}></m:Folders>"
    got = await client.ask(f"<m:CreateFolder>{where}{folder}</m:CreateFolder>")
    assert got.code == "NoError", got.body
    return got.ids("t:FolderId")[0]


def updated(ident: str, inside: str, uri: str = "folder:PermissionSet") -> str:
    field = f'<t:SetFolderField><t:FieldURI FieldURI="{uri}"/><t:Folder>{inside}</t:Folder></t:SetFolderField>'
    change = f"<t:FolderChange>{named(ident)}<t:Updates>{field}</t:Updates></t:FolderChange>"
    return f"<m:UpdateFolder><m:FolderChanges>{change}</m:FolderChanges></m:UpdateFolder>"


def permission(address: str, level: str, more: str = "") -> str:
    user = f"<t:UserId><t:PrimarySmtpAddress>{address}</t:PrimarySmtpAddress></t:UserId>"
    return f"<t:Permission>{user}{more}<t:PermissionLevel>{level}</t:PermissionLevel></t:Permission>"


def permissions(*rows: str) -> str:
    return f"<t:PermissionSet><t:Permissions>{''.join(rows)}</t:Permissions></t:PermissionSet>"


async def grants(stand: Stand, path: str) -> dict[str, tuple[str, str]]:
    def work(tx: ReadTx) -> dict[str, tuple[str, str]]:
        at = tx.locate(tx.account("alice@example.test").id, path)
        return {each.grantee: (letters(each.allow), letters(each.deny)) for each in tx.grants(at.id)}

    return await stand.house.read(work)


async def test_kinds_of_folders_are_told_apart(alice: Client) -> None:
    for kind, name in (
        ("CalendarFolder", "IPF.Appointment"),
        ("ContactsFolder", "IPF.Contact"),
        ("TasksFolder", "IPF.Task"),
    ):
        got = await alice.ask(get(named(await made(alice, kind, kind=kind))))
        assert got.find(f"t:{kind}") and got.texts("t:FolderClass") == [name]


async def test_levels_are_rights_and_come_back(stand: Stand, alice: Client) -> None:
    ident = await made(alice, "Shared")
    got = await alice.ask(updated(ident, permissions(permission("bob@example.test", "Reviewer"))))
    assert got.code == "NoError", got.body
    assert (await grants(stand, "Shared"))["bob@example.test"] == ("lrs", "")
    got = await alice.ask(get(named(ident), more=SHARED))
    assert got.texts("t:PermissionLevel") == ["Reviewer"]
    await alice.ask(updated(ident, permissions()))
    assert "bob@example.test" not in await grants(stand, "Shared")


async def test_what_exchange_cannot_say_stays(stand: Stand, alice: Client) -> None:
    ident = await made(alice, "Shared")
    await stand.share("alice", "Shared", "bob@example.test", "lrspx")
    await alice.ask(updated(ident, permissions(permission("bob@example.test", "Contributor"))))
    assert (await grants(stand, "Shared"))["bob@example.test"] == ("lipx", "")


async def test_who_may_not_share_changes_nothing(stand: Stand, alice: Client, bob: Client) -> None:
    ident = await made(alice, "Shared")
    await stand.share("alice", "Shared", "bob@example.test", "lr")
    got = await bob.ask(updated(ident, permissions(permission("bob@example.test", "Owner"))))
    assert got.code == "ErrorAccessDenied"
    assert (await grants(stand, "Shared"))["bob@example.test"] == ("lr", "")
    assert "PermissionLevel" not in (await bob.ask(get(named(ident), more=SHARED))).body.decode()


async def test_a_folder_that_is_not_shared_is_not_there(alice: Client, bob: Client) -> None:
    ident = await made(alice, "Secret")
    assert (await bob.ask(get(named(ident)))).code == "ErrorFolderNotFound"


async def test_default_folders_stay(alice: Client) -> None:
    drop = f'<m:DeleteFolder DeleteType="HardDelete"><m:FolderIds>{INBOX}</m:FolderIds></m:DeleteFolder>'
    assert (await alice.ask(drop)).code == "ErrorDeleteDistinguishedFolder"
    move = f"<m:MoveFolder>{DRAFTS}<m:FolderIds>{INBOX}</m:FolderIds></m:MoveFolder>"
    assert (await alice.ask(move)).code == "ErrorMoveDistinguishedFolder"


async def test_a_folder_is_copied_with_what_is_in_it(stand: Stand, alice: Client) -> None:
    ident = await made(alice, "One")
    await stand.put("alice", b"Subject: x\r\n\r\nx\r\n", "One")
    copy = f"<m:CopyFolder><m:ToFolderId>{INBOX}</m:ToFolderId><m:FolderIds>{named(ident)}</m:FolderIds></m:CopyFolder>"
    got = await alice.ask(copy)
    assert got.code == "NoError" and got.ids("t:FolderId") != [ident]
    assert len(await stand.house.items("alice", "INBOX/One")) == 1
    into = copy.replace(INBOX, named(ident), 1)
    assert (await alice.ask(into)).code == "ErrorMoveCopyFailed"


async def test_a_path_of_folders_is_made(stand: Stand, alice: Client) -> None:
    levels = "".join(f"<t:Folder><t:DisplayName>{name}</t:DisplayName></t:Folder>" for name in ("A", "B", "C"))
    where = '<m:ParentFolderId><t:DistinguishedFolderId Id="msgfolderroot"/></m:ParentFolderId>'
    ask = f"<m:CreateFolderPath>{where}<m:RelativeFolderPath>{levels}</m:RelativeFolderPath></m:CreateFolderPath>"
    got = await alice.ask(ask)
    assert got.codes == ["NoError"] * 3
    assert (await alice.ask(ask)).ids("t:FolderId") == got.ids("t:FolderId")
    assert await stand.house.items("alice", "A/B/C") == []


async def test_folders_are_found_by_what_they_are_called(alice: Client) -> None:
    for name in ("Alpha", "Beta", "Alphabet"):
        await made(alice, name)
    contains = (
        '<m:Restriction><t:Contains ContainmentMode="Prefixed" ContainmentComparison="IgnoreCase">'
        '<t:FieldURI FieldURI="folder:DisplayName"/><t:Constant Value="alpha"/></t:Contains></m:Restriction>'
    )
    where = '<m:ParentFolderIds><t:DistinguishedFolderId Id="msgfolderroot"/></m:ParentFolderIds>'
    view = '<m:IndexedPageFolderView MaxEntriesReturned="1" Offset="0" BasePoint="Beginning"/>'
    got = await alice.ask(f'<m:FindFolder Traversal="Deep">{ALL.format("")}{view}{contains}{where}</m:FindFolder>')
    assert got.texts("t:DisplayName") == ["Alpha"]
    [root] = got.find("m:RootFolder")
    assert (root.get("TotalItemsInView"), root.get("IncludesLastItemInRange")) == ("2", "false")


async def test_public_folders_are_there_by_rights(stand: Stand, alice: Client) -> None:
    def work(tx: object) -> None:
        domain = next(each for each in tx.domains() if each.name == "example.test")  # type: ignore[attr-defined]
        tx.add_folder(domain.account, "News")  # type: ignore[attr-defined]

    await stand.house.write(work)
    where = '<m:ParentFolderIds><t:DistinguishedFolderId Id="publicfoldersroot"/></m:ParentFolderIds>'
    got = await alice.ask(f'<m:FindFolder Traversal="Shallow">{ALL.format("")}{where}</m:FindFolder>')
    assert got.texts("t:DisplayName") == ["News"]


async def test_an_outbox_is_there_for_who_names_it_and_in_no_listing(alice: Client) -> None:
    shape = "<m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape>"
    named = '<t:DistinguishedFolderId Id="outbox"/>'
    got = await alice.ask(f"<m:GetFolder>{shape}<m:FolderIds>{named}</m:FolderIds></m:GetFolder>")
    (there,) = got.ids("t:FolderId")
    top = '<m:ParentFolderIds><t:DistinguishedFolderId Id="root"/></m:ParentFolderIds>'
    listed = await alice.ask(f'<m:FindFolder Traversal="Deep">{shape}{top}</m:FindFolder>')
    assert listed.code == "NoError" and there not in listed.ids("t:FolderId")
    said = f'<m:ParentFolderIds><t:FolderId Id="{there}"/></m:ParentFolderIds>'
    items = "<m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>"
    got = await alice.ask(f'<m:FindItem Traversal="Shallow">{items}{said}</m:FindItem>')
    assert (got.code, got.ids()) == ("NoError", [])

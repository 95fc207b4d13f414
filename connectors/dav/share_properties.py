"""What a collection says of whom it is shared with: calendarserver-sharing, and WebDAV Resource Sharing."""

from __future__ import annotations

from connectors.dav.acl import address_of, level, state_of
from connectors.dav.paths import CALENDARS, CONTACTS, Place
from connectors.dav.resources import Collection
from connectors.dav.xml import escape, href
from groupware.model.rights import Grant


def hosted(one: Collection) -> str:
    """The path in the home of whose it is."""
    return Place(CONTACTS if one.shelf.contacts else CALENDARS, one.shelf.owner, f"~{one.shelf.folder.id}").href


def invite(one: Collection) -> str | None:
    """CS:invite: whom it is shared with, and what they have answered."""
    if one.shares is None:
        return None
    owner = f"<S:organizer>{href('mailto:' + one.shelf.owner)}</S:organizer>" if one.shelf.owner else ""
    return owner + "".join(_user(one, each) for each in one.shares)


def _user(one: Collection, share: Grant) -> str:
    address = address_of(share)
    name = escape(one.called.get(address) or address)
    said = f"{state_of(share.state)}<S:access><S:{level(share.allow)}/></S:access>"
    return f"<S:user>{href('mailto:' + address)}<S:common-name>{name}</S:common-name>{said}</S:user>"


def sharees(one: Collection) -> str | None:
    """DAV:invite, the same in the words of WebDAV Resource Sharing."""
    if one.shares is None:
        return None
    return "".join(
        f"<D:sharee>{href('mailto:' + address_of(each))}{state_of(each.state, 'D')}"
        f"<D:share-access><D:{level(each.allow)}/></D:share-access></D:sharee>"
        for each in one.shares
    )


def share_access(one: Collection) -> str:
    """DAV:share-access."""
    if one.shelf.folder.own:
        return "<D:shared-owner/>" if one.shares else "<D:not-shared/>"
    return f"<D:{level(one.shelf.folder.rights)}/>" if one.shelf.owner else "<D:not-shared/>"

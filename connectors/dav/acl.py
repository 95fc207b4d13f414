"""The one rights value as WebDAV privileges (RFC 3744), and an ACL back to rights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from connectors.dav.paths import principal
from connectors.dav.xml import href
from groupware.model.link import PREFIX
from groupware.model.principal import ANYONE
from groupware.model.rights import ALL, LEVELS, WRITING, Grant, Right
from groupware.model.sharing import ShareState

CHANGE: Final = Right.INSERT | Right.TRASH | Right.EXPUNGE
PRIVILEGES: Final[Sequence[tuple[str, Right]]] = (
    ("D:read", Right.LOOKUP | Right.READ | Right.SEEN),
    ("C:read-free-busy", Right.FREEBUSY),
    ("D:bind", Right.INSERT),
    ("D:unbind", Right.TRASH | Right.EXPUNGE),
    ("D:write-content", CHANGE),
    ("D:write-properties", Right.WRITE),
    ("D:write-acl", Right.ADMIN),
    ("D:read-acl", Right.ADMIN),
)
"""A privilege, and the rights that it stands for when somebody grants it."""
WRITE: Final = CHANGE | Right.WRITE
_HELD: Final[Sequence[tuple[str, Right]]] = (
    ("D:read", Right.READ),
    ("D:read-current-user-privilege-set", Right.LOOKUP),
    ("D:bind", Right.INSERT),
    ("D:unbind", Right.TRASH | Right.EXPUNGE),
    ("D:write-content", CHANGE),
    ("D:write-properties", Right.WRITE),
    ("D:write-acl", Right.ADMIN),
    ("D:read-acl", Right.ADMIN),
)


def _privilege(name: str) -> str:
    return f"<D:privilege><{name}/></D:privilege>"


def held(rights: Right) -> list[str]:
    """The privileges that rights amount to."""
    found = [name for name, need in _HELD if need in rights]
    if Right.FREEBUSY in rights or Right.READ in rights:
        found.append("C:read-free-busy")
    if Right.EDIT_OWN in rights and "D:write-content" not in found:
        found.append("D:write-content")
    if WRITE in rights:
        found.append("D:write")
    if rights == ALL:
        found.append("D:all")
    return found


def privileges(rights: Right, *, properties: bool = False) -> str:
    """DAV:current-user-privilege-set; `properties`: those of the collection may be set, whatever else may be."""
    also = ["D:write-properties"] if properties and Right.WRITE not in rights else []
    return "".join(map(_privilege, [*held(rights), *also]))


DELIVERING: Final = "".join(_privilege(f"C:schedule-deliver{each}") for each in ("", "-invite", "-reply")) + _privilege(
    "C:schedule-query-freebusy"
)
"""On a scheduling inbox (RFC 6638 §6.1)."""
SENDING: Final = "".join(
    map(_privilege, ("D:read", "C:schedule-send", "C:schedule-send-invite", "C:schedule-send-reply"))
) + _privilege("C:schedule-send-freebusy")
"""On one's own scheduling outbox (RFC 6638 §6.2)."""


def supported_privileges() -> str:
    """DAV:supported-privilege-set."""

    def one(name: str, text: str, *inner: str) -> str:
        said = f'<D:description xml:lang="en">{text}</D:description>'
        return f"<D:supported-privilege>{_privilege(name)}{said}{''.join(inner)}</D:supported-privilege>"

    write = one(
        "D:write",
        "Change everything in it",
        one("D:bind", "Put objects in"),
        one("D:unbind", "Take objects away"),
        one("D:write-content", "Change objects"),
        one("D:write-properties", "Change properties"),
    )
    read = one("D:read", "Read it", one("C:read-free-busy", "See when its owner is busy"))
    return one(
        "D:all", "Everything", read, write, one("D:read-acl", "See who may what"), one("D:write-acl", "Share it")
    )


def stored_acl(
    grants: Iterable[Grant], owner: str, above: Iterable[tuple[str, Sequence[Grant]]] = (), *, fed: bool = False
) -> str:
    """DAV:acl: the rows as they are stored, the owner first, who writes nothing in what is `fed` from elsewhere.

    Behind them those of what is `above`, by its path: they are inherited.
    """
    mine = privileges(ALL & ~WRITING, properties=True) if fed else _privilege("D:all")
    everything = f"<D:grant>{mine}</D:grant><D:protected/>"
    found = [f"<D:ace><D:principal>{href(principal(owner))}</D:principal>{everything}</D:ace>"] if owner else []
    found.extend(_entries(grants, ""))
    for path, rows in above:
        found.extend(_entries(rows, f"<D:inherited>{href(path)}</D:inherited>"))
    return "".join(found)


def _entries(grants: Iterable[Grant], inherited: str) -> Iterator[str]:
    for grant in grants:
        if grant.grantee.startswith(PREFIX):
            continue
        for word, rights in (("deny", grant.deny), ("grant", grant.allow)):
            said = "".join(map(_privilege, _granted(rights)))
            if said:
                who = f"<D:principal>{_who(grant.grantee)}</D:principal>"
                yield f"<D:ace>{who}<D:{word}>{said}</D:{word}>{inherited}</D:ace>"


def _granted(rights: Right) -> list[str]:
    return [each for each in held(rights) if each != "D:read-current-user-privilege-set"]


def _who(grantee: str) -> str:
    if grantee == ANYONE:
        return "<D:all/>"
    return "<D:authenticated/>" if grantee == "everyone" else href(principal(grantee))


# --- invitations ------------------------------------------------------------------------------------------------------

READS, WRITES = LEVELS["viewer"], LEVELS["editor"]
"""What `read` and `read-write` of an invitation grant."""
_STATES: Final = {"": "accepted", ShareState.INVITED: "noresponse", ShareState.DECLINED: "declined"}


def level(rights: Right) -> str:
    """The word for rights: `read-write` where some of it can be changed, else `read`."""
    return "read-write" if rights & WRITES & ~READS else "read"


def state_of(state: str, prefix: str = "S") -> str:
    """What became of an invitation, as an element; a grant that nobody was invited with counts as accepted."""
    return f"<{prefix}:invite-{_STATES.get(state, 'accepted')}/>"


def address_of(grant: Grant) -> str:
    """The address of the person or group that a row is for."""
    return grant.grantee.removeprefix("group:")


def shared_with(grants: Iterable[Grant]) -> Sequence[Grant]:
    """The rows that an invitation could have made: people and groups that may read."""
    return [each for each in grants if Right.READ in each.allow and "@" in each.grantee]

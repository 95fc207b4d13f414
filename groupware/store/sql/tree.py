"""An owner's folders and the grants on them, as they are kept in memory between transactions (decision 001)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from sqlalchemy import and_, bindparam, select

from groupware.model.errors import NotFound
from groupware.model.folder import OTHERS, PUBLIC, SEPARATOR, Role
from groupware.model.ids import AccountId, FolderId, PrincipalId
from groupware.model.item import Kind
from groupware.model.occasion import ENTRY
from groupware.model.principal import Domain, Principal, PrincipalKind
from groupware.model.rights import ALL, LEVELS, WRITING, Grant, Right
from groupware.model.times import NEVER, micros, moment, now_micros

from . import schema
from .engine import Sql
from .kept import Kept, Level, Listing

KEPT_TREES: Final = 10_000
KEPT_PRINCIPALS: Final = 50_000
KEPT_LISTINGS: Final = 100
_NEVER_CLOSED: Final = (Role.INBOX, Role.QUARANTINE)
"""Where mail that was taken can always be put."""
_SHARED_ALONE: Final = (Role.QUARANTINE, Role.SCHEDULE_INBOX)
"""What a grant on a whole tree leaves closed."""
MEMBERS_READ: Final = LEVELS["viewer"]


ListedFor = tuple[AccountId, AccountId, frozenset[str], Right, Kind | None]
"""Whose folders, and for whom: account, identifiers and floor; of which kind."""


@dataclass(slots=True)
class Node:
    """A folder's place in its owner's tree."""

    id: FolderId
    parent: FolderId | None
    name: str
    kind: str
    role: str | None
    script: str | None = None
    """The script that waits for changes of its messages; "": none; None: that of the owner's settings."""
    fed: bool = False
    """What is in it comes from elsewhere, and nobody else writes there."""
    children: dict[str, FolderId] = field(default_factory=dict)


@dataclass(slots=True)
class Tree:
    """What decides rights in one owner's tree, as it stood at `epoch`."""

    owner: AccountId
    epoch: int
    key: str
    kind: PrincipalKind
    domain: str
    root: FolderId
    nodes: Mapping[FolderId, Node]
    grants: Mapping[FolderId, tuple[Grant, ...]]
    decided: dict[tuple[frozenset[str], FolderId], tuple[Right, int, Right]] = field(default_factory=dict)

    def chain(self, at: FolderId) -> Iterator[Node]:
        """The folder and its ancestors, upwards."""
        node: Node | None = self.nodes[at]
        while node is not None:
            yield node
            node = self.nodes[node.parent] if node.parent is not None else None

    def path(self, at: FolderId) -> str:
        """The path in the owner's own view; "" for the root."""
        names = [node.name for node in self.chain(at) if node.parent is not None]
        return SEPARATOR.join(reversed(names))

    def below(self, at: FolderId) -> list[FolderId]:
        """The folder and everything below it, parents before children."""
        found = [at]
        for each in found:
            found.extend(self.nodes[each].children.values())
        return found

    def naming(self, identifiers: frozenset[str], at: FolderId) -> list[tuple[str, Grant, bool]]:
        """The grants on the folder and its ancestors that name one of these, as they count there.

        Each with the path where it stands, and whether it opens the folder.
        """
        found = [each for each in self._standing(at) if each[1].grantee in identifiers]
        return [(self.path(node.id), grant if opens else _closed(grant), opens) for node, grant, opens in found]

    def counting(self, at: FolderId) -> Iterator[tuple[Node, Grant]]:
        """The grants on the folder and its ancestors, as they count there, upwards."""
        return ((node, grant if opens else _closed(grant)) for node, grant, opens in self._standing(at))

    def _standing(self, at: FolderId) -> Iterator[tuple[Node, Grant, bool]]:
        """Each grant on the folder and its ancestors, and whether it opens the folder.

        What stands above a quarantine opens it only to who administers, and what stands above a scheduling inbox opens
        it to nobody: they are shared by themselves.
        """
        below: str | None = None
        for node in self.chain(at):
            for grant in self.grants.get(node.id, ()):
                yield node, grant, below is None or (below == Role.QUARANTINE and Right.ADMIN in grant.allow)
            below = node.role if node.role in _SHARED_ALONE else below

    def rights(self, who: Principal, at: FolderId) -> Right:
        """What the principal may do there."""
        return self.rights_until(who, at)[0]

    def rights_until(self, who: Principal, at: FolderId) -> tuple[Right, int]:
        """What the principal may do there, and until when if nobody changes anything."""
        nobody = WRITING if self.nodes[at].fed else Right.NONE
        if who.floor == ALL or (who.account == self.owner and self.kind is not PrincipalKind.SERVER):
            return ALL & ~nobody, NEVER
        key = (who.identifiers, at)
        found = self.decided.get(key)
        now = now_micros()
        if found is None or found[1] <= now:
            found = self.decided[key] = self._decide(who, at, now)
            if len(self.decided) > 100_000:
                self.decided.clear()
        closed = Right.NONE if self.nodes[at].role in _NEVER_CLOSED else found[2] & Right.POST
        return (found[0] | (who.floor & ~closed)) & ~nobody, found[1]

    def _decide(self, who: Principal, at: FolderId, now: int) -> tuple[Right, int, Right]:
        """The rights, until when they stay what they are, and what is denied."""
        allowed, denied, until = self.implied(who, at).value, 0, NEVER
        if self.is_postmaster(who):
            return ALL, until, Right.NONE
        for _, grant in self.counting(at):
            if grant.grantee not in who.identifiers:
                continue
            ends = until if grant.expires is None else micros(grant.expires)
            if ends > now:
                until = min(until, ends)
                allowed |= grant.allow.value
                denied |= grant.deny.value
        return Right(allowed & ~denied), until, Right(denied)

    def is_postmaster(self, who: Principal) -> bool:
        """Whether this is a public tree and the principal its domain's postmaster."""
        return self.kind is PrincipalKind.PUBLIC and f"postmaster:{self.domain}" in who.identifiers

    def implied(self, who: Principal, at: FolderId) -> Right:
        """What needs no grant: members of a domain read its public tree, but not what is held back there."""
        member = self.kind is PrincipalKind.PUBLIC and f"domain:{self.domain}" in who.identifiers
        if not member or any(node.role == Role.QUARANTINE for node in self.chain(at)):
            return Right.NONE
        return MEMBERS_READ


def _closed(grant: Grant) -> Grant:
    return replace(grant, allow=Right.NONE)


# --- whose eyes see it ------------------------------------------------------------------------------------------------


def domain_of(who: Principal) -> str:
    """The domain that an account is of; "" for none."""
    return next((each.removeprefix("domain:") for each in who.identifiers if each.startswith("domain:")), "")


def prefix(tree: Tree, who: Principal) -> str:
    """What stands before an owner's own path in the principal's view."""
    if tree.owner == who.account:
        return ""
    if tree.kind is not PrincipalKind.PUBLIC:
        return f"{OTHERS}{SEPARATOR}{tree.key}"
    return PUBLIC if tree.domain == domain_of(who) else f"{PUBLIC}{SEPARATOR}{tree.domain}"


def view_path(tree: Tree, at: FolderId, who: Principal) -> str:
    """The path of a folder in the principal's view; that of the own root is ""."""
    return SEPARATOR.join(filter(None, (prefix(tree, who), tree.path(at))))


# --- what one change makes of a tree: only the nodes that it touches are new -----------------------------------------


def with_made(tree: Tree, node: Node, epoch: int) -> Tree:
    """The tree with a new folder; what was decided of the others still holds.

    What is decided of the new one stays out of the old tree: when this is rolled back, its number is free again.
    """
    assert node.parent is not None
    above = _linked(tree.nodes[node.parent], node.name, node.id)
    nodes = {**tree.nodes, above.id: above, node.id: node}
    return replace(tree, epoch=epoch, nodes=nodes, decided=dict(tree.decided))


def without(tree: Tree, at: FolderId, epoch: int) -> Tree:
    """The tree without a folder that has none below it."""
    gone = tree.nodes[at]
    assert gone.parent is not None
    above = _linked(tree.nodes[gone.parent], gone.name, None)
    nodes = {**tree.nodes, above.id: above}
    del nodes[at]
    decided = {key: rights for key, rights in tree.decided.items() if key[1] != at}
    return replace(tree, epoch=epoch, nodes=nodes, grants=_but(tree.grants, at), decided=decided)


def with_moved(tree: Tree, at: FolderId, parent: FolderId, name: str, epoch: int) -> Tree:
    """The tree with a folder, and all below it, at another place; everybody's rights there are decided anew."""
    old = tree.nodes[at]
    assert old.parent is not None
    nodes = dict(tree.nodes)
    nodes[old.parent] = _linked(nodes[old.parent], old.name, None)
    nodes[parent] = _linked(nodes[parent], name, at)
    nodes[at] = replace(old, parent=parent, name=name)
    return replace(tree, epoch=epoch, nodes=nodes, decided={})


def with_grants(tree: Tree, at: FolderId, grants: tuple[Grant, ...], epoch: int) -> Tree:
    """The tree with these grants on a folder; everybody's rights are decided anew."""
    others = dict(_but(tree.grants, at))
    return replace(tree, epoch=epoch, grants={**others, at: grants} if grants else others, decided={})


def _linked(node: Node, name: str, child: FolderId | None) -> Node:
    """The node with that child by this name; None: with none."""
    children = {**node.children, name: child} if child is not None else dict(node.children)
    if child is None:
        del children[name]
    return replace(node, children=children)


def _but(grants: Mapping[FolderId, tuple[Grant, ...]], at: FolderId) -> Mapping[FolderId, tuple[Grant, ...]]:
    return {each: rows for each, rows in grants.items() if each != at} if at in grants else grants


_SERVER: Final = 1
_a: Final = schema.annotation.c
_owner, _grantee, _domain = (schema.principal.alias(name) for name in ("owner", "grantee", "dom"))
_EPOCH: Final = select(schema.principal.c.epoch).where(schema.principal.c.id == bindparam("owner"))
_TREE_OWNER: Final = (
    select(_owner.c.key, _owner.c.kind, _owner.c.epoch, _owner.c.root_id, _domain.c.key)
    .select_from(_owner.outerjoin(_domain, _domain.c.id == _owner.c.domain_id))
    .where(_owner.c.id == bindparam("owner"))
)
_TREE_FOLDERS: Final = (
    select(schema.folder.c.id, schema.folder.c.parent_id, schema.folder.c.name, schema.folder.c.kind)
    .add_columns(schema.folder.c.role, _a.value, schema.calendar_source.c.folder_id)
    .select_from(
        schema.folder.outerjoin(
            schema.annotation, and_(_a.folder_id == schema.folder.c.id, _a.account_id == _SERVER, _a.name == ENTRY)
        ).outerjoin(schema.calendar_source, schema.calendar_source.c.folder_id == schema.folder.c.id)
    )
    .where(schema.folder.c.owner_id == bindparam("owner"))
)
_TREE_GRANTS: Final = (
    select(
        schema.grant.c.folder_id,
        _grantee.c.key,
        schema.grant.c.allow,
        schema.grant.c.deny,
        schema.grant.c.expires,
        schema.grant.c.given_by,
        schema.grant.c.reason,
        _grantee.c.id,
        schema.grant.c.state,
    )
    .select_from(
        schema.grant.join(schema.folder, schema.folder.c.id == schema.grant.c.folder_id).join(
            _grantee, _grantee.c.id == schema.grant.c.grantee_id
        )
    )
    .where(schema.folder.c.owner_id == bindparam("owner"))
    .order_by(schema.grant.c.folder_id, _grantee.c.key)
)


def _hanging(nodes: Mapping[FolderId, Node], root: FolderId) -> Mapping[FolderId, Node]:
    """The nodes, linked; without those that the root does not lead to (`check` tells of them). `NotFound`: no root."""
    if root not in nodes:
        raise NotFound(f"there is no root folder {root}; `postroom check` tells more")
    for node in nodes.values():
        if node.parent is not None and node.parent in nodes:
            nodes[node.parent].children[node.name] = node.id
    found = [root]
    for each in found:
        found.extend(nodes[each].children.values())
    return nodes if len(found) == len(nodes) else {each: nodes[each] for each in found}


def _load_tree(sql: Sql, owner: AccountId) -> Tree:
    row = sql.row(_TREE_OWNER, {"owner": owner})
    if row is None or row[3] is None:
        raise NotFound(f"there is no such owner of folders: {owner}")
    all = {
        FolderId(id): Node(FolderId(id), parent, name, kind, role, _text(script), source is not None)
        for id, parent, name, kind, role, script, source in sql.rows(_TREE_FOLDERS, {"owner": owner})
    }
    grants: dict[FolderId, list[Grant]] = {}
    for at, key, allow, deny, expires, by, reason, id, state in sql.rows(_TREE_GRANTS, {"owner": owner}):
        ends = None if expires is None else moment(expires)
        grant = Grant(FolderId(at), key, Right(allow), Right(deny), ends, by, reason, PrincipalId(id), state)
        grants.setdefault(FolderId(at), []).append(grant)
    return Tree(
        owner=owner,
        epoch=row[2],
        key=row[0].removeprefix("public:").removeprefix("group:"),
        kind=PrincipalKind(row[1]),
        domain=(row[4] or "").removeprefix("domain:"),
        root=FolderId(row[3]),
        nodes=_hanging(all, FolderId(row[3])),
        grants={at: tuple(rows) for at, rows in grants.items()},
    )


def _text(value: bytes | None) -> str | None:
    return None if value is None else bytes(value).decode()


class Memory:
    """What is kept of rights between transactions: trees by owner, identities by account. For several threads."""

    __slots__ = ("_above", "_trees", "_who", "domains", "levels", "listings")

    def __init__(self, above: Memory | None = None) -> None:
        """`above`: look there too, but keep new things here (invariant 3)."""
        self._above = above
        self._trees: OrderedDict[AccountId, Tree] = OrderedDict()
        self._who: OrderedDict[AccountId, Principal] = OrderedDict()
        self.levels: Kept[int, Level] = Kept(KEPT_PRINCIPALS, above.levels if above is not None else None)
        """Explicit settings by principal, under the epoch of settings."""
        self.listings: Kept[ListedFor, Listing] = Kept(KEPT_LISTINGS, above.listings if above is not None else None)
        """Lists of folders, under the epoch of the tree."""
        self.domains: Kept[str, tuple[Domain, ...]] = Kept(1, above.domains if above is not None else None)
        """All domains, under the epoch of memberships."""

    def tree(self, owner: AccountId, epoch: int) -> Tree | None:
        """The tree at this epoch, if it is known."""
        found = self._trees.get(owner)
        if found is not None and found.epoch == epoch:
            return found
        return self._above.tree(owner, epoch) if self._above is not None else None

    def newest(self, owner: AccountId) -> Tree | None:
        """The tree that was known last: good for a guess."""
        found = self._trees.get(owner)
        return found if found is not None or self._above is None else self._above.newest(owner)

    def keep(self, tree: Tree) -> None:
        """Remember a tree."""
        self._trees[tree.owner] = tree
        if len(self._trees) > KEPT_TREES:
            self._trees.popitem(last=False)

    def settle(self, base: Memory) -> None:
        """Let `base`, on which this one stands, know the trees that a transaction leaves behind: it is committed."""
        if self is base:
            return
        if self._above is not None:
            self._above.settle(base)
        for tree in self._trees.values():
            base.keep(tree)

    def who(self, account: AccountId, epoch: int) -> Principal | None:
        """The account's identity at this epoch of memberships, if it is known."""
        found = self._who.get(account)
        if found is not None and found.epoch == epoch:
            return found
        return self._above.who(account, epoch) if self._above is not None else None

    def keep_who(self, who: Principal) -> None:
        """Remember an identity."""
        self._who[who.account] = who
        if len(self._who) > KEPT_PRINCIPALS:
            self._who.popitem(last=False)


def tree_of(sql: Sql, memory: Memory, owner: AccountId, epoch: int | None = None) -> Tree:
    """An owner's tree as it is in this transaction. `NotFound`."""
    if epoch is None:
        row = sql.row(_EPOCH, {"owner": owner})
        if row is None:
            raise NotFound(f"there is no such owner of folders: {owner}")
        epoch = row[0]
    found = memory.tree(owner, epoch)
    if found is None:
        found = _load_tree(sql, owner)
        memory.keep(found)
    return found

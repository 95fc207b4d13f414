"""Threads out of stored keys: pure rules over values. RFC 5256 §3, the two algorithms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

DEEPEST_WALK: Final = 10_000
"""Ancestors that are looked at for a loop; a link that would need more is not made."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What threading knows of one message."""

    number: int
    """As the client is told: sequence number or UID; it also says who comes first of those sent at once."""
    sent: int
    subject: str
    reply: bool = False
    message_id: str = ""
    references: Sequence[str] = ()


@dataclass(slots=True, eq=False)
class Node:
    """A message in its thread, or the gap where one is not there."""

    letter: Letter | None = None
    parent: Node | None = None
    children: list[Node] = field(default_factory=list)
    sent: tuple[int, int] = (0, 0)

    @property
    def subject(self) -> str:
        """The base subject: of a gap that of its first child."""
        letter = self.letter or (self.children[0].letter if self.children else None)
        return letter.subject if letter else ""

    @property
    def reply(self) -> bool:
        """Whether the subject is that of an answer."""
        return self.letter is not None and self.letter.reply


def by_subject(letters: Iterable[Letter]) -> list[Node]:
    """ORDEREDSUBJECT: those with one subject are one thread, the first its root and the others its children."""
    threads: dict[str, Node] = {}
    for letter in sorted(letters, key=lambda each: (each.sent, each.number)):
        root = threads.get(letter.subject)
        if root is None:
            threads[letter.subject] = Node(letter)
        else:
            root.children.append(Node(letter))
    return list(threads.values())


def by_references(letters: Iterable[Letter]) -> list[Node]:
    """REFERENCES: by the ids that messages name, and then by their subjects."""
    roots = _without_gaps(_linked(letters))
    _sort(roots)
    roots = _by_base_subject(roots)
    _sort(roots)
    return roots


# --- step 1: who answers whom


def _linked(letters: Iterable[Letter]) -> list[Node]:
    """The nodes that have no parent."""
    nodes: dict[str, Node] = {}
    every: list[Node] = []
    for letter in letters:
        node = nodes.get(letter.message_id) if letter.message_id else None
        if node is None:
            node = Node()
            every.append(node)
            if letter.message_id:
                nodes[letter.message_id] = node
        elif node.letter is not None:  # the id is another's already
            node = Node()
            every.append(node)
        node.letter = letter
        parent = _chain(letter.references, nodes, every)
        _leave(node)
        if parent is not None and not _above(node, parent):
            _join(parent, node)
    return [node for node in every if node.parent is None]


def _chain(ids: Sequence[str], nodes: dict[str, Node], every: list[Node]) -> Node | None:
    """The node of the last id, each the child of the one before where it had no parent yet."""
    last: Node | None = None
    for each in ids:
        node = nodes.get(each)
        if node is None:
            node = nodes[each] = Node()
            every.append(node)
        if last is not None and node.parent is None and not _above(node, last):
            _join(last, node)
        last = node
    return last


def _join(parent: Node, child: Node) -> None:
    child.parent = parent
    parent.children.append(child)


def _leave(node: Node) -> None:
    if node.parent is not None:
        node.parent.children.remove(node)
        node.parent = None


def _above(node: Node, other: Node) -> bool:
    """Whether `node` is `other`, or above it: then it cannot be its child. Too far to see counts as yes."""
    if node is other:
        return True
    if not node.children:
        return False
    walk: Node | None = other
    for _ in range(DEEPEST_WALK):
        if walk is None:
            return False
        if walk is node:
            return True
        walk = walk.parent
    return True


# --- step 3: gaps


def _without_gaps(roots: Sequence[Node]) -> list[Node]:
    """Gaps without children are gone, and others give way to theirs: at the top only where it is one child."""
    for node in reversed(_downwards(roots)):  # children before parents
        kept: list[Node] = []
        for child in node.children:
            kept.extend(child.children if child.letter is None else [child])
        node.children = kept
    found = []
    for root in roots:
        if root.letter is not None or len(root.children) > 1:
            found.append(root)
        else:
            found.extend(root.children)
    return found


def _downwards(roots: Iterable[Node]) -> list[Node]:
    """Every node, parents before their children."""
    found = list(roots)
    for node in found:  # the list grows while it is walked
        found.extend(node.children)
    return found


# --- steps 4 and 6: order


def _sort(roots: list[Node]) -> None:
    """Siblings by when they were sent; a gap stands where its first child would."""
    for node in reversed(_downwards(roots)):
        node.children.sort(key=_when)
        letter = node.letter
        node.sent = (letter.sent, letter.number) if letter is not None else node.children[0].sent
    roots.sort(key=_when)


def _when(node: Node) -> tuple[int, int]:
    return node.sent


# --- step 5: subjects


def _by_base_subject(roots: Sequence[Node]) -> list[Node]:
    """Threads whose subjects are the same become one."""
    table: dict[str, Node] = {}
    for root in roots:
        subject = root.subject
        first = table.get(subject)
        if subject and (first is None or _better(root, first)):
            table[subject] = root
    found: dict[int, Node] = {id(root): root for root in roots}
    for root in roots:
        first = table.get(root.subject) if root.subject else None
        if first is None or first is root:
            continue
        del found[id(root)]
        _merge(root, first, table, found)
    return list(found.values())


def _better(root: Node, first: Node) -> bool:
    """Whether it stands for the subject rather than the one that does so far."""
    if first.letter is None:
        return False
    return root.letter is None or (first.reply and not root.reply)


def _merge(root: Node, first: Node, table: dict[str, Node], found: dict[int, Node]) -> None:
    """Puts a thread under, or beside, the one that stands for its subject."""
    if first.letter is None:
        first.children.extend(root.children if root.letter is None else [root])
    elif root.reply and not first.reply:
        first.children.append(root)
    else:
        both = Node(children=[first, root])
        del found[id(first)]
        found[id(both)] = table[root.subject] = both


# --- on the wire


def rendered(roots: Iterable[Node]) -> bytes:
    """The threads in parentheses, as the THREAD response has them. RFC 5256 §4."""
    out: list[bytes] = []
    rest: list[Node | None] = list(reversed(list(roots)))
    while rest:
        node = rest.pop()
        if node is None:
            out.append(b")")
            continue
        words = []
        while True:
            if node.letter is not None:
                words.append(b"%d" % node.letter.number)
            if len(node.children) != 1:
                break
            node = node.children[0]
        out.append(b"(" + b" ".join(words) + (b" " if words and node.children else b""))
        rest.append(None)
        rest.extend(reversed(node.children))
    return b"".join(out)

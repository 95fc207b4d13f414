"""Threads, held against a plain reading of RFC 5256 that shares nothing with the code."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from mailcore.imap.commands.thread_build import Letter, by_references, by_subject, rendered

IDS = st.sampled_from("abcdef")
LETTERS = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.sampled_from(["", "X", "Y"]),
        st.booleans(),
        st.one_of(st.just(""), IDS),
        st.lists(IDS, max_size=4),
    ),
    max_size=12,
).map(lambda rows: [Letter(number, *row) for number, row in enumerate(rows, 1)])


@dataclass
class Tree:
    letter: Letter | None
    below: list[Tree] = field(default_factory=list)

    def when(self) -> tuple[int, int]:
        return (self.letter.sent, self.letter.number) if self.letter else self.below[0].when()

    def subject(self) -> str:
        return self.letter.subject if self.letter else self.below[0].subject()

    def answers(self) -> bool:
        return bool(self.letter and self.letter.reply)

    def ordered(self) -> Tree:
        return Tree(self.letter, sorted([each.ordered() for each in self.below], key=Tree.when))

    def text(self) -> str:
        own = str(self.letter.number) if self.letter else ""
        if len(self.below) == 1:
            return f"{own} {self.below[0].text()}".strip()
        return f"{own} {''.join(f'({each.text()})' for each in self.below)}".strip()


def plainly(letters: list[Letter]) -> str:
    """REFERENCES, step by step as the RFC says it."""
    above: dict[str, str | None] = {}
    there: dict[str, Letter] = {}

    def line(name: str) -> list[str]:
        found = [name]
        while (parent := above[found[-1]]) is not None:
            found.append(parent)
        return found

    for letter in letters:
        me = letter.message_id if letter.message_id and letter.message_id not in there else f"#{letter.number}"
        above.setdefault(me, None)
        there[me] = letter
        for each in letter.references:
            above.setdefault(each, None)
        for one, other in zip(letter.references, letter.references[1:], strict=False):
            if above[other] is None and other not in line(one):
                above[other] = one
        above[me] = None
        if letter.references and me not in line(letter.references[-1]):
            above[me] = letter.references[-1]

    def grown(name: str) -> list[Tree]:
        below = [tree for each, parent in above.items() if parent == name for tree in grown(each)]
        return [Tree(there[name], below)] if name in there else below

    roots: list[Tree] = []
    for name in [name for name, parent in above.items() if parent is None]:
        trees = grown(name)
        roots += [Tree(None, trees)] if name not in there and len(trees) > 1 else trees
    roots = sorted([root.ordered() for root in roots], key=Tree.when)
    return "".join(f"({root.text()})" for root in sorted([r.ordered() for r in merged(roots)], key=Tree.when))


def merged(roots: list[Tree]) -> list[Tree]:
    """Step 5."""
    table: dict[str, Tree] = {}
    for root in roots:
        held = table.get(root.subject())
        if root.subject() and (
            held is None or (held.letter and (root.letter is None or (held.answers() and not root.answers())))
        ):
            table[root.subject()] = root
    left = list(roots)
    for root in roots:
        held = table.get(root.subject())
        if held is None or held is root:
            continue
        left = [each for each in left if each is not root]
        if held.letter is None:
            held.below += [root] if root.letter else root.below
        elif root.answers() and not held.answers():
            held.below.append(root)
        else:
            table[root.subject()] = both = Tree(None, [held, root])
            left = [both if each is held else each for each in left]
    return left


@given(letters=LETTERS)
@settings(max_examples=600, deadline=None)
def test_by_references(letters: list[Letter]) -> None:
    assert rendered(by_references(letters)).decode() == plainly(letters)


@given(letters=LETTERS)
@settings(max_examples=200, deadline=None)
def test_by_subject(letters: list[Letter]) -> None:
    groups: list[list[Letter]] = []
    for subject in {letter.subject for letter in letters}:
        some = [letter for letter in letters if letter.subject == subject]
        groups.append(sorted(some, key=lambda each: (each.sent, each.number)))
    groups.sort(key=lambda group: (group[0].sent, group[0].number))
    trees = [Tree(group[0], [Tree(letter) for letter in group[1:]]) for group in groups]
    assert rendered(by_subject(letters)).decode() == "".join(f"({tree.text()})" for tree in trees)


@given(letters=LETTERS)
@settings(max_examples=100, deadline=None)
def test_each_message_is_in_one_thread(letters: list[Letter]) -> None:
    told = rendered(by_references(letters)).replace(b"(", b" ").replace(b")", b" ").split()
    assert sorted(map(int, told)) == [letter.number for letter in letters]


def test_a_chain_of_thousands_is_one_thread_and_soon() -> None:
    letters = [Letter(n, n, "", False, f"m{n}", (f"m{n - 1}",)) for n in range(1, 20_001)]
    began = time.perf_counter()
    assert rendered(by_references(letters)).count(b"(") == 1
    assert rendered(by_references(list(reversed(letters)))).count(b"(") == 1
    assert time.perf_counter() - began < 10

"""Nobody gets past the one check, by the shape of the code: whatever takes a folder's number opens it."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import groupware.store.sql

SQL = Path(groupware.store.sql.__file__).parent

WITHOUT = {
    "folder_changes.make": "its callers have opened the parent, or make the owner of the tree",
    "folder_changes.erase": "its callers have opened the folder, or take its owner away",
    "folder_changes._check_no_gain": "compares rights in a folder that has been opened, and below it",
    "folder_changes._shown": "asks the tree whether a folder may be looked up, and gives nothing of it away",
    "snoozes._back": "asks the tree whether a folder is there still; the move there opens it",
    "listings._listed": "a line of a listing: asks the tree for the right to look it up itself",
    "folders.has_children": "the same of what is below",
    "planting.plant_inbox": "in a tree of which the check of the whole store found that it has none",
    "torn._hang": "hangs up what no root leads to; no protocol reaches that",
    "torn._told": "tells of that",
    "dangling.set_contents_aside": "the same of folders that are nobody's",
    "verify._recount": "counts again what the check of the whole store found wrong; no protocol reaches that",
    "verify.set_aside": "its caller has opened the folder, or the check found that there is none",
    "accounts.make_account": "its callers have passed `administer`; a recipient's folder has been opened with `a`",
    "principals.insert_principal": "the same",
    "principals.set_root": "the root of a tree that has just been planted",
    "tx.note_change": "writes down what was done in a folder that has been opened",
    "tx.open": "the check itself",
    "tx.open_each": "the check itself, for several folders",
    "tx.open_times": "the check itself, for the times alone",
    "tx.open_for_guests": "the check itself, to put a meeting in",
    "tx.lock": "locks owners in their order, and reads nothing",
    "emails.instances": "opens every folder in which it finds something, several at once, and keeps what may be read",
    "door/items.instances": "the same",
    "annotated._write": "its callers have opened the folder, or may write the server's own annotations",
}
"""Functions that take a folder's number and open nothing, and why that is right."""


@dataclass(frozen=True)
class Function:
    name: str
    takes_folder: bool
    calls: frozenset[str]
    opens: bool


def functions() -> Mapping[str, Function]:
    """Every function of the package that works on a transaction."""
    found: dict[str, Function] = {}
    for path in sorted(SQL.rglob("*.py")):
        module = path.relative_to(SQL).with_suffix("").as_posix()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                made = _function(module, node)
                if made is not None:
                    found[made.name] = made
    return found


def _function(module: str, node: ast.FunctionDef) -> Function | None:
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    types = {each.arg: ast.unparse(each.annotation) for each in arguments if each.annotation is not None}
    if "Tx" not in types.values() and not (
        (module == "tx" or module.startswith("door/")) and arguments and arguments[0].arg == "self"
    ):
        return None
    takes = any(word in {"FolderId", "Where"} for each in types.values() for word in _names(each))
    calls, opens = set(), False
    for each in ast.walk(node):
        if not isinstance(each, ast.Call):
            continue
        if isinstance(each.func, ast.Attribute) and isinstance(each.func.value, ast.Name):
            holder, name = each.func.value.id, each.func.attr
            opens = opens or (
                holder in {"tx", "self"}
                and name in {"open", "open_times", "open_outline", "open_for_guests", "open_fed", "administer"}
            )
            calls.add(f"{module if holder in {'tx', 'self'} else holder}.{name}")
        elif isinstance(each.func, ast.Name):
            calls.add(f"{module}.{each.func.id}")
    return Function(f"{module}.{node.name}", takes, frozenset(calls), opens)


def _names(annotation: str) -> list[str]:
    return [node.id for node in ast.walk(ast.parse(annotation, mode="eval")) if isinstance(node, ast.Name)]


def _reaches(name: str, known: Mapping[str, Function], passed: frozenset[str] = frozenset()) -> bool:
    one = known.get(name)
    if one is None or name in passed:
        return False
    return one.opens or any(_reaches(each, known, passed | {name}) for each in one.calls)


def test_whatever_takes_a_folders_number_opens_the_folder() -> None:
    known = functions()
    bare = {name for name, one in known.items() if one.takes_folder and not _reaches(name, known)}
    assert sum(one.takes_folder for one in known.values()) > 40
    assert bare == WITHOUT.keys()


def test_only_the_guard_makes_an_opened() -> None:
    makers = {
        path.name
        for path in SQL.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"Opened", "_opened"}
        and (node.func.id == "Opened" or path.name == "guard.py")
    }  # fmt: skip
    assert makers == {"guard.py"}

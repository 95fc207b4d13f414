"""Errors are made where they are raised: one that is raised again and again keeps every frame that it came through."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ("groupware", "mailcore", "connectors", "web", "migrations")


def test_no_error_is_made_once_for_all_who_raise_it() -> None:
    files = [path for room in PRODUCT for path in (ROOT / room).rglob("*.py")]
    assert files
    assert [place for path in files for place in raised_constants(path)] == []


def raised_constants(path: Path) -> list[str]:
    """Where a module raises what is called as constants are."""
    raises = [each for each in ast.walk(ast.parse(path.read_text())) if isinstance(each, ast.Raise)]
    named = [(each.lineno, each.exc.id) for each in raises if isinstance(each.exc, ast.Name)]
    return [f"{path.relative_to(ROOT)}:{line} {name}" for line, name in named if name.isupper()]

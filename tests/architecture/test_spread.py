"""The tests that go together, and those that go first."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from tests.support.scratch import in_memory
from tests.support.spread import LONG, OTHERS, TOGETHER, place

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", [*LONG, *TOGETHER, *OTHERS])
def test_what_is_named_is_there(name: str) -> None:
    assert (ROOT / name).is_dir() if name.endswith("/") else (ROOT / name).is_file()


def test_the_tests_of_a_file_stay_together_and_so_do_those_of_the_browser() -> None:
    assert place("tests/cli/test_serve.py::test_one[a::b]") == "tests/cli/test_serve.py"
    assert place("tests/e2e/test_looks.py::test_one") == place("tests/e2e/test_notes.py::test_two[x]")


def test_who_says_where_temporary_files_go_is_obeyed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    in_memory()
    assert tempfile.gettempdir() == str(tmp_path)

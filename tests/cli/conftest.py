"""The command `postroom`, run in this process."""

import io
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mailcore.cli.main import run
from tests.support.s3server import s3 as s3
from tests.support.server import server as server


@dataclass
class Said:
    """What a command answered."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Postroom = Callable[..., Said]


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with alice and bob at example.test."""
    data = tmp_path_factory.mktemp("furnished") / "data"
    for words in (
        ["domain", "add", "example.test"],
        ["account", "add", "alice@example.test", "--no-password", "--name", "Alice A."],
        ["account", "add", "bob@example.test", "--no-password"],
    ):
        assert run(["--data", str(data), *words]) == 0
    return data


@pytest.fixture
def data(furnished: Path, tmp_path: Path) -> Path:
    """A copy of that folder."""
    return shutil.copytree(furnished, tmp_path / "data")


@pytest.fixture
def postroom(
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Postroom:
    """Runs a command line on that folder."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.chdir(tmp_path)

    def call(*words: str | Path, stdin: str = "") -> Said:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        capsys.readouterr()
        status = run(["--data", str(data), *map(str, words)])
        out, err = capsys.readouterr()
        return Said(status, out, err)

    return call

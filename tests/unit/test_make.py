"""`make` says in one line what is missing and who may install it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """Programs of a machine with an ordinary user, without sudo and with nothing installed."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, body in (
        ("id", "echo 1000"),
        ("sudo", "exit 1"),
        ("dpkg-query", "exit 1"),
        ("apt-get", "echo apt was called; exit 1"),
        ("python-without-venv", 'case "$*" in *ensurepip*) exit 1;; esac; echo it was asked for a venv; exit 1'),
    ):
        path = programs / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
    return programs


def make(machine: Path, tmp_path: Path, path: str) -> subprocess.CompletedProcess[str]:
    venv = tmp_path / "venv"
    words = [
        "make",
        "--no-print-directory",
        f"VENV={venv}",
        f"PYTHON={machine}/python-without-venv",
        f"{venv}/bin/python",
    ]
    environ = {"PATH": path, "HOME": str(tmp_path)}
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, env=environ, check=False)


def test_python_without_venv_is_said_with_the_package_that_has_it(machine: Path, tmp_path: Path) -> None:
    done = make(machine, tmp_path, f"{machine}:{os.environ['PATH']}")
    told, *rest = done.stderr.splitlines()
    assert told == "These Debian packages are missing, and only root may install them: apt-get install python3-venv"
    assert [line.startswith("make: ***") for line in rest] == [True]
    assert (done.returncode, done.stdout) == (2, "")


def test_another_system_is_told_the_names_that_debian_has(machine: Path, tmp_path: Path) -> None:
    (machine / "apt-get").unlink()
    for name in ("sh", "grep", "make", "env"):
        found = shutil.which(name)
        assert found is not None
        (machine / name).symlink_to(found)
    done = make(machine, tmp_path, str(machine))
    assert done.stderr.splitlines()[0] == (
        "These are missing, by the names of Debian's packages; install them as this system does it: python3-venv"
    )

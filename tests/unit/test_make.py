"""`make` finds its way to a virtual environment, or says in one line what is missing."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = """
case "$*" in
    *ensurepip*) exit 1;;
    *--without-pip*) mkdir -p "$4/bin"; cp "$0" "$4/bin/python";;
    *) echo "$0 $*";;
esac
"""
UNPACKS = 'mkdir -p "$3/usr/share/python-wheels"; : >"$3/usr/share/python-wheels/pip-1.whl"'


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """Programs of a machine with an ordinary user, without sudo, with nothing installed and nothing to be had."""
    programs = tmp_path / "bin"
    programs.mkdir()
    put(programs, "id", "echo 1000")
    put(programs, "sudo", "exit 1")
    put(programs, "dpkg-query", "exit 1")
    put(programs, "apt-get", "echo apt was called; exit 1")
    put(programs, "python-without-pip", PYTHON)
    return programs


def put(programs: Path, name: str, body: str) -> None:
    """A program that does no more than this."""
    path = programs / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def make(machine: Path, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    venv = tmp_path / "venv"
    words = [
        "make",
        "--no-print-directory",
        f"VENV={venv}",
        f"PYTHON={machine}/python-without-pip",
        f"{venv}/bin/python",
    ]
    environ = {"PATH": f"{machine}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, env=environ, check=False)


def test_python_without_pip_is_said_with_the_package_that_has_it(machine: Path, tmp_path: Path) -> None:
    done = make(machine, tmp_path)
    told, *rest = done.stderr.splitlines()
    assert told == "This Python has no pip, and none can be fetched here: install what Debian calls python3-venv"
    assert [line.startswith("make: ***") for line in rest] == [True]
    assert (done.returncode, done.stdout) == (2, "")
    assert not (tmp_path / "venv").exists()


def test_who_may_install_nothing_has_pip_unpacked_beside(machine: Path, tmp_path: Path) -> None:
    put(machine, "apt-get", 'case "$*" in *download*) : >pip.deb;; *) exit 1;; esac')
    put(machine, "dpkg", UNPACKS)
    done = make(machine, tmp_path)
    venv = tmp_path / "venv"
    wheel = venv / "pip" / "usr" / "share" / "python-wheels" / "pip-1.whl"
    said = f"{venv}/bin/python {wheel}/pip install -q --disable-pip-version-check --no-index {wheel}\n"
    assert (done.returncode, done.stdout, done.stderr) == (0, said, "")

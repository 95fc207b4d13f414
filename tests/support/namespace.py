"""A test that takes root, for an ordinary user: once more, as the root of a user namespace with mounts of its own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


def is_root() -> bool:
    """Whether mounts may be made here: as root, or inside a namespace."""
    return os.getuid() == 0


def again_as_root(test: str) -> None:
    """Run the test of that node id in a namespace; it fails here as it does there."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", test]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    probe = subprocess.run(["unshare", "-rm", "true"], capture_output=True, text=True, check=False)
    if probe.returncode:
        pytest.fail(
            f"this test mounts a small file system: run it as root, or allow user namespaces ({probe.stderr.strip()})"
        )
    done = subprocess.run(["unshare", "-rm", *command], capture_output=True, text=True, env=environ, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

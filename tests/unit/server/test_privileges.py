"""Giving up root."""

import os
import subprocess
import sys

import pytest

from mailcore.server.privileges import NoSuchUser, become


def test_without_a_name_nothing_changes() -> None:
    before = os.getuid(), os.getgid(), os.getgroups()
    become("")
    assert (os.getuid(), os.getgid(), os.getgroups()) == before


def test_an_unknown_user_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(NoSuchUser, match=r"server\.run_as: there is no user 'nobody-at-all'"):
        become("nobody-at-all")


def test_root_becomes_the_user_for_good() -> None:
    code = (
        "import os\nfrom mailcore.server.privileges import become\nbecome('nobody')\n"
        "print(os.getuid(), os.geteuid(), 0 in os.getgroups())\n"
        "try:\n    os.setuid(0)\nexcept PermissionError:\n    print('for good')\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ})
    if os.geteuid() == 0:
        import pwd

        nobody = pwd.getpwnam("nobody").pw_uid
        assert ran.stdout.split() == [str(nobody), str(nobody), "False", "for", "good"]
    else:
        assert ran.stdout.split()[0] == str(os.getuid())

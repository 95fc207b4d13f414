"""`postroom restore`: numbers go on behind a gap, but for a server that has only moved."""

from __future__ import annotations

from pathlib import Path

import pytest

from groupware.model.folder import Folder, Role
from mailcore.cli.site import opened
from mailcore.server.config import load
from tests.cli.conftest import Postroom


def inbox(data: Path) -> Folder:
    """Alice's."""
    with opened(load(None, data=data)) as here:
        return here.read(lambda tx: tx.role(tx.account("alice@example.test").id, Role.INBOX))


@pytest.mark.parametrize("moved", [False, True])
def test_what_a_server_gave_out_goes_on_only_where_nothing_can_be_lost(
    postroom: Postroom, data: Path, tmp_path: Path, moved: bool
) -> None:
    assert postroom("backup", tmp_path / "b.tar").status == 0
    words = ["restore", tmp_path / "b.tar", *(["--moved"] if moved else [])]
    assert postroom("--data", tmp_path / "again", *words).status == 0
    before, after = inbox(data), inbox(tmp_path / "again")
    assert (after.uidnext == before.uidnext, after.modseq == before.modseq) == (moved, moved)
    assert (after.id, after.uidvalidity) == (before.id, before.uidvalidity)
    assert postroom("--data", tmp_path / "again", "check").status == 0

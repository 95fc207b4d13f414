"""The site's secret, made once; and a database that is not where it was, which is not begun anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from groupware.model.errors import Refused
from groupware.store import DATABASE
from mailcore.server import storage
from mailcore.server.config import ConfigError, load
from mailcore.server.storage import HOLDER, SECRET_OCTETS, open_storage, site_secret


def test_it_is_made_once_and_is_on_the_disk_with_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = list[Path]()
    monkeypatch.setattr(storage, "sync_folder", synced.append)
    config = load(None, data=tmp_path, environ={}, services=())
    made = site_secret(config)
    assert (len(made), (tmp_path / "secret").stat().st_mode & 0o777) == (SECRET_OCTETS, 0o600)
    assert synced == [tmp_path]
    assert site_secret(config) == made
    assert synced == [tmp_path]


def test_a_file_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"short")
    with pytest.raises(ConfigError, match=r"secret: a secret has at least"):
        site_secret(load(None, data=tmp_path, environ={}, services=()))


async def test_a_server_does_not_begin_with_an_empty_database_where_it_had_another(tmp_path: Path) -> None:
    config = load(None, data=tmp_path, environ={}, services=())
    (tmp_path / HOLDER).write_text("x" * 32)
    with pytest.raises(Refused, match="its database is not here"):
        await open_storage(config)
    assert not (tmp_path / DATABASE).exists()
    (tmp_path / HOLDER).unlink()
    await (await open_storage(config)).close()
    (tmp_path / HOLDER).write_text("x" * 32)
    await (await open_storage(config)).close()

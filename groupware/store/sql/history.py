"""Brings a database to the newest schema."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from sqlalchemy import Connection, inspect, text

_LOCK = 0x706F7374  # of PostgreSQL: one process at a time

_LACKS_INDEX = text(
    "SELECT to_regclass('ix_search_text_body') IS NULL AND EXISTS (SELECT 1 FROM pg_extension WHERE extname='pg_trgm')"
)


_SAYS = re.compile(r"""^(revision|down_revision) = ['"](\w+)['"]""", re.MULTILINE)


class NewerSchema(Exception):
    """The database was made by a newer program than this one."""


@cache
def revisions() -> tuple[str, ...]:
    """The revisions that this program has, the oldest first: each says which one it comes after."""
    after: dict[str, str] = {}
    for each in (files("migrations") / "versions").iterdir():
        if each.name[:4].isdigit():
            found = dict(_SAYS.findall(each.read_text("utf-8")))
            after[found.get("down_revision", "")] = found["revision"]
    chain = [after[""]]
    while chain[-1] in after:
        chain.append(after[chain[-1]])
    return tuple(chain)


def head() -> str:
    """The newest revision that this program has."""
    return revisions()[-1]


def upgrade(connection: Connection, to: str = "head") -> None:
    """The database at the newest schema, or at `to`; nothing happens when it is there already. NewerSchema."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
    there = _revision(connection)
    if there == head():
        _late_index(connection)
        return
    if there and there not in revisions():
        raise NewerSchema(f"the database has schema {there}, this program knows up to {head()}: use a newer program")
    from alembic import command  # slow to import, and hardly ever needed
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(files("migrations")))
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def _late_index(connection: Connection) -> None:
    """Makes the index of search where pg_trgm came into the database after the tables."""
    if connection.dialect.name != "postgresql" or not connection.execute(_LACKS_INDEX).scalar():
        return
    for column in ("head", "body"):
        connection.execute(
            text(
                f"CREATE INDEX IF NOT EXISTS ix_search_text_{column} ON search_text"
                f" USING gin ({column} gin_trgm_ops) WHERE indexed"
            )
        )
    connection.execute(
        text("CREATE INDEX IF NOT EXISTS ix_header_text_lines ON header_text USING gin (lines gin_trgm_ops)")
    )


def _revision(connection: Connection) -> str:
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")

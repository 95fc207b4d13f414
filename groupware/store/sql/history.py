"""Brings a database to the newest schema."""

from __future__ import annotations

from importlib.resources import files

from sqlalchemy import Connection, inspect, text

_LOCK = 0x706F7374  # of PostgreSQL: one process at a time


class NewerSchema(Exception):
    """The database was made by a newer program than this one."""


def head() -> str:
    """The newest revision that this program has."""
    names = (each.name for each in (files("migrations") / "versions").iterdir())
    return max(name[:4] for name in names if name[:4].isdigit())


def upgrade(connection: Connection, to: str = "head") -> None:
    """The database at the newest schema, or at `to`; nothing happens when it is there already. NewerSchema."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
    there = _revision(connection)
    if there == head():
        return
    if there > head():
        raise NewerSchema(f"the database has schema {there}, this program knows up to {head()}: use a newer program")
    from alembic import command  # slow to import, and hardly ever needed
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(files("migrations")))
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def _revision(connection: Connection) -> str:
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")

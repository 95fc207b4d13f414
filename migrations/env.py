"""Run by Alembic: applies the history to the connection that the caller hands in."""

from __future__ import annotations

from alembic import context

from groupware.store.sql.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=connection.dialect.name == "sqlite")
with context.begin_transaction():
    context.run_migrations()

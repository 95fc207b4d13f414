"""The history of the database schema, run by Alembic at start-up and by the CLI."""

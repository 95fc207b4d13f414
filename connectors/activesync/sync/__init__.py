"""Sync, and what tells how far it has come."""

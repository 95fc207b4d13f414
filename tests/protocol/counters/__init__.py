"""Counters of a running server."""

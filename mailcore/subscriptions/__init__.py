"""Calendars that people subscribe to: fetched from other servers into calendars here."""

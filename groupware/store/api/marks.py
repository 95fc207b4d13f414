"""Marks on the bus that are of no folder, and how a folder is named."""

from __future__ import annotations

from groupware.model.ids import AccountId, FolderId

QUEUE = FolderId(0)
"""The mark on the bus for "something in the mail queue is due"; no folder has this number."""

SERVER_ENTRIES = FolderId(-1)
"""The mark on the bus for "an annotation of the server has changed"; no folder has this number."""

POLICY = FolderId(-2)
"""The mark on the bus for "the rules of SMTP have changed", with their epoch; no folder has this number."""

LISTS = FolderId(-3)
"""The mark on the bus for "something has come for a mail list"; no folder has this number."""

PUSH = FolderId(-4)
"""The mark on the bus for "another registration for push"; no folder has this number."""

OCCASIONS = FolderId(-5)
"""The mark on the bus for "a script waits for what happened to a message"; no folder has this number."""

STANDING = FolderId(-6)
"""The mark on the bus for "whether those who have signed in may stay has changed, for many"; no folder has it."""

SNOOZES = FolderId(-7)
"""The mark on the bus for "another message waits until a moment"; no folder has this number."""

REMOTES = FolderId(-8)
"""The mark on the bus for "a mailbox of another server is to be fetched, or none any more"; no folder has it."""


SOURCES = FolderId(-9)
"""The mark on the bus for "a calendar is to be filled from elsewhere, or none any more"; no folder has it."""


def standing_of(account: AccountId) -> FolderId:
    """The mark on the bus for the same of one account; no folder has such a number."""
    return FolderId(-1000 - account)


Where = str | FolderId
"""A folder by its id, or by its path in the asking principal's own view."""

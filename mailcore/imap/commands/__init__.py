"""The commands, a family in each module. Importing this fills the table."""

from mailcore.imap.commands import (
    acl,
    append,
    basic,
    copy,
    fetch,
    folders,
    idle,
    listing,
    login,
    metadata,
    quota,
    replace,
    search,
    select,
    status,
    store,
)

__all__ = [
    "acl",
    "append",
    "basic",
    "copy",
    "fetch",
    "folders",
    "idle",
    "listing",
    "login",
    "metadata",
    "quota",
    "replace",
    "search",
    "select",
    "status",
    "store",
]

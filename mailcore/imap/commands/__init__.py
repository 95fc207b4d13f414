"""The commands, a family in each module. Importing this fills the table."""

from mailcore.imap.commands import (
    acl,
    append,
    basic,
    copy,
    enable,
    fetch,
    folders,
    idle,
    listing,
    login,
    quota,
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
    "enable",
    "fetch",
    "folders",
    "idle",
    "listing",
    "login",
    "quota",
    "search",
    "select",
    "status",
    "store",
]

"""Giving up root once the ports are open."""

import grp
import os
import pwd


class NoSuchUser(Exception):
    """`server.run_as` names nobody."""


def become(user: str) -> None:
    """Go on as this user, with its groups; nothing to do without root or without a name. NoSuchUser."""
    if not user or os.geteuid() != 0:
        return
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        raise NoSuchUser(f"server.run_as: there is no user {user!r}") from None
    groups = [group.gr_gid for group in grp.getgrall() if user in group.gr_mem]
    os.setgroups([*groups, entry.pw_gid])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)

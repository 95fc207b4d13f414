"""Where the message goes: keep, fileinto, redirect, discard, and whether a folder is there.

RFC 5228 §4; copy (RFC 3894), mailbox (RFC 5490), special-use (RFC 8579), mailboxid (RFC 9042), extlists (RFC 6134).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from mailcore.sieve.actions import Discard, FileInto, Keep, Place, Redirect
from mailcore.sieve.constants import plain_address
from mailcore.sieve.flags import chosen_flags
from mailcore.sieve.run import Command, Run, Test
from mailcore.sieve.script import Call

_LONGEST_NAME: Final = 1000


def keep(run: Run, call: Call) -> None:
    """RFC 5228 §4.3. A second keep only renews the flags."""
    action = Keep(chosen_flags(run, call), line=call.line)
    run.implicit_keep = False
    for index, there in enumerate(run.actions):
        if isinstance(there, Keep):
            run.actions[index] = replace(there, flags=action.flags)
            return
    run.act(action, "kept")


def file_into(run: Run, call: Call) -> None:
    """RFC 5228 §4.1. Into one folder a message goes once, with the flags that were said last (RFC 5232 §5)."""
    action = FileInto(place_of(run, call, "folder"), chosen_flags(run, call), "copy" in call.args, call.line)
    if not action.copy:
        run.implicit_keep = False
    for index, there in enumerate(run.actions):
        if isinstance(there, FileInto) and there.place == action.place:
            run.actions[index] = replace(there, flags=action.flags, copy=there.copy and action.copy)
            return
    run.act(action, f"filed into {action.place.name!r}")


def place_of(run: Run, call: Call, argument: str) -> Place:
    """The folder that a command names with its tags. `SieveError` for what cannot be a name."""
    name = run.text(call, argument)
    if not name or len(name) > _LONGEST_NAME or any(sign < " " or sign == "\x7f" for sign in name):
        raise run.error(f"{name[:60]!r} is no name of a folder.")
    return Place(name, "create" in call.args, run.text(call, "specialuse"), run.text(call, "mailboxid"))


def redirect(run: Run, call: Call) -> None:
    """RFC 5228 §4.2, RFC 3894 §3.2, RFC 6134 §2.5. To one address it goes once."""
    text = run.text(call, "address")
    of_list = "list" in call.args
    if of_list and not run.env.list_reaches(text):
        known = run.env.list_exists(text)
        raise run.error(f"Mail cannot be redirected to {text[:80]!r}." if known else f"There is no list {text[:80]!r}.")
    address = text if of_list else plain_address(text)
    if address is None:
        raise run.error(f"{text[:80]!r} is no address: name@example.com is.")
    action = Redirect(address, "copy" in call.args, of_list, call.line)
    if not action.copy:
        run.implicit_keep = False
    for index, there in enumerate(run.actions):
        if isinstance(there, Redirect) and there.address == address and there.of_list == of_list:
            run.actions[index] = replace(there, copy=there.copy and action.copy)
            return
    run.act(action, f"redirected to {address}")


def discard(run: Run, call: Call) -> None:
    """RFC 5228 §4.4: it only takes the implicit keep away."""
    run.implicit_keep = False
    if not any(isinstance(there, Discard) for there in run.actions):
        run.act(Discard(call.line), "discarded")


def mailbox_exists(run: Run, call: Call) -> bool:
    """Whether all the folders are there and mail may go into them. RFC 5490 §3.1."""
    return all(_asked(run) and run.env.folder_exists(name) for name in run.texts(call, "folders"))


def mailbox_id_exists(run: Run, call: Call) -> bool:
    """RFC 9042 §4."""
    return all(_asked(run) and run.env.mailbox_id_exists(one) for one in run.texts(call, "ids"))


def special_use_exists(run: Run, call: Call) -> bool:
    """RFC 8579 §3."""
    _asked(run)
    return run.env.special_use(run.text(call, "folder"), run.texts(call, "uses"))


def valid_list(run: Run, call: Call) -> bool:
    """RFC 6134 §2.8."""
    return all(_asked(run) and run.env.list_exists(name) for name in run.texts(call, "lists"))


def _asked(run: Run) -> bool:
    """Looking something up costs more than comparing."""
    run.spend(100)
    return True


COMMANDS: Final[Mapping[str, Command]] = {
    "keep": keep,
    "fileinto": file_into,
    "redirect": redirect,
    "discard": discard,
}
TESTS: Final[Mapping[str, Test]] = {
    "mailboxexists": mailbox_exists,
    "mailboxidexists": mailbox_id_exists,
    "specialuse_exists": special_use_exists,
    "valid_ext_list": valid_list,
}

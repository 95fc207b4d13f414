"""Passwords on command lines: never in an argument, where every user of the machine could read them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Annotated

import typer

from groupware.directory.password import NO_SALTS, BadPassword, Digest, problems, seal
from groupware.model.errors import Refused
from mailcore.cli.show import elsewhere, note

Stdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


def ask(address: str, from_stdin: bool) -> str:
    """The new password: the first line of standard input, or asked for twice on a terminal. `Refused`: no use."""
    terminal = elsewhere.get()
    if terminal is not None:
        password = terminal.ask(f"Password for {address}", hidden=True)
    elif from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        password = typer.prompt(f"Password for {address}", hide_input=True, confirmation_prompt=True)
    else:
        raise Refused("no password: give --password-stdin and write it to standard input")
    if not password:
        raise Refused("the password is empty")
    return password


def sealed(address: str, password: str, salts: Mapping[Digest, bytes] = NO_SALTS) -> dict[str, str]:
    """What is stored of a password, by kind of secret. `Refused`; one that is merely weak is said, and taken."""
    try:
        found = seal(password, salts)
    except BadPassword as error:
        raise Refused(str(error)) from None
    for each in problems(password, address):
        note(f"weak password for {address}: {each}")
    return {"password": found.hash, "scram-sha-1": found.scram_sha1, "scram-sha-256": found.scram_sha256}

"""How a family of commands begins."""

from __future__ import annotations

import typer


def family(help_text: str = "") -> typer.Typer:
    """An empty family: asked without a command it shows its help, in plain text."""
    return typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        help=help_text or None,
        pretty_exceptions_enable=False,
    )


def single() -> typer.Typer:
    """A family that is one command."""
    return typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

"""`postroom policy`: the rules of SMTP, edited one by one or as a file, and tried without doing anything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from groupware.model.errors import AlreadyExists, NotFound, Refused
from groupware.store.api import WriteTx
from mailcore.cli.family import family
from mailcore.cli.policy_trial import try_
from mailcore.cli.show import Json, Row, note, one, rows, say
from mailcore.cli.site import site
from mailcore.smtp.policy.actions import VERBS
from mailcore.smtp.policy.conditions import OPERATORS
from mailcore.smtp.policy.rules import Rule, for_domain, from_toml, parse, read, stored, table, to_toml
from mailcore.smtp.policy.variables import EVENTS, VARIABLES

app = family()
app.command("try")(try_)
Name = Annotated[str, typer.Argument(help="Name of the rule.")]
At = Annotated[str | None, typer.Option("--at", help=f"Its event: {', '.join(EVENTS)}.", show_default=False)]
If = Annotated[list[str] | None, typer.Option("--if", "--all", help="A condition that has to hold; several: all.")]
Any_ = Annotated[list[str] | None, typer.Option("--any", help="A condition of which one has to hold.")]
Then = Annotated[list[str] | None, typer.Option("--then", help="What is done; several: in this order.")]
Note = Annotated[str | None, typer.Option("--note", help="What it is for.", show_default=False)]
Before = Annotated[str | None, typer.Option(help="In front of this rule.", show_default=False)]
Of = Annotated[str, typer.Option("--domain", help="The rules of this domain, instead of the server's.")]
First = Annotated[bool, typer.Option("--first", help="In front of all others.")]


@app.command("list")
def list_(ctx: typer.Context, domain: Of = "", as_json: Json = False) -> None:
    """Show the rules in the order in which they are asked."""
    with site(ctx) as here:
        found = [read(each) for each in here.read(lambda tx: tx.policy(domain))]
    shown: Sequence[Row] = [table(each) for each in found] if as_json else list(map(_line, found))
    rows(shown, as_json, "there are no rules")


@app.command()
def show(ctx: typer.Context, name: Name, domain: Of = "", as_json: Json = False) -> None:
    """Show one rule as a file has it."""
    with site(ctx) as here:
        found = _named([read(each) for each in here.read(lambda tx: tx.policy(domain))], name)
    if as_json:
        one(table(found), as_json)
    else:
        say(to_toml([found]).rstrip())


@app.command()
def add(
    ctx: typer.Context,
    name: Name,
    at: At = None,
    all_: If = None,
    any_: Any_ = None,
    then: Then = None,
    remark: Note = None,
    disabled: Annotated[bool, typer.Option("--disabled", help="It does not hold yet.")] = False,
    before: Before = None,
    first: First = False,
    domain: Of = "",
) -> None:
    """Make a rule, behind all others if nothing else is said."""
    rule = _checked(parse({"name": name, "enabled": not disabled, **_given(at, all_, any_, then, remark)}), domain)

    def change(rules: list[Rule]) -> None:
        if any(each.name.lower() == name.lower() for each in rules):
            raise AlreadyExists(f"there is a rule {name!r} already; change it with: postroom policy set {name}")
        rules.insert(_place(rules, before, first=first), rule)

    _change(ctx, change, domain)
    say(f"{name} is asked at {rule.at}")


@app.command("set")
def set_(
    ctx: typer.Context,
    name: Name,
    at: At = None,
    all_: If = None,
    any_: Any_ = None,
    then: Then = None,
    remark: Note = None,
    none: Annotated[bool, typer.Option("--always", help="Without any condition.")] = False,
    domain: Of = "",
) -> None:
    """Change a rule: what is given takes the place of what was there."""

    def change(rules: list[Rule]) -> None:
        old = _named(rules, name)
        kept = {key: value for key, value in table(old).items() if not (none and key in ("all", "any"))}
        rules[rules.index(old)] = _checked(parse({**kept, **_given(at, all_, any_, then, remark)}), domain)

    _change(ctx, change, domain)
    say(f"{name} is changed")


@app.command()
def move(ctx: typer.Context, name: Name, before: Before = None, first: First = False, domain: Of = "") -> None:
    """Give a rule another place; behind all others if nothing is said."""

    def change(rules: list[Rule]) -> None:
        found = _named(rules, name)
        if before is not None and before.lower() == name.lower():
            raise Refused("a rule cannot stand in front of itself")
        rules.remove(found)
        rules.insert(_place(rules, before, first=first), found)

    _change(ctx, change, domain)
    say(f"{name} is moved")


@app.command()
def delete(ctx: typer.Context, name: Name, domain: Of = "") -> None:
    """Take a rule away."""
    _change(ctx, lambda rules: rules.remove(_named(rules, name)), domain)
    say(f"{name} is gone")


@app.command()
def enable(ctx: typer.Context, name: Name, domain: Of = "") -> None:
    """Let a rule hold."""
    _switch(ctx, name, domain, on=True)


@app.command()
def disable(ctx: typer.Context, name: Name, domain: Of = "") -> None:
    """Keep a rule, but do not ask it."""
    _switch(ctx, name, domain, on=False)


@app.command()
def export(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="Into this file; without it: shown.")] = None,
    domain: Of = "",
) -> None:
    """Write all rules as a file that import reads."""
    with site(ctx) as here:
        text = to_toml([read(each) for each in here.read(lambda tx: tx.policy(domain))])
    if file is None:
        say(text.rstrip())
    else:
        file.write_text(text, "utf-8")
        note(f"written to {file}")


@app.command("import")
def import_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="The file; - is standard input.")],
    domain: Of = "",
) -> None:
    """Make the rules of a file those that hold, instead of all that there are."""
    found = [_checked(each, domain) for each in _of_file(file)]
    with site(ctx) as here:
        here.write(lambda tx: tx.put_policy([stored(each) for each in found], domain))
    say(f"{len(found)} rules hold now")


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="The file; - is standard input.")],
    domain: Of = "",
    as_json: Json = False,
) -> None:
    """Look whether a file is right, and say everything that is wrong in it."""
    try:
        found = [_checked(each, domain) for each in _of_file(file)]
    except Refused as error:
        wrong = str(error).splitlines()
    else:
        wrong = []
    if as_json:
        rows([{"problem": each} for each in wrong], as_json)
    for line in wrong if not as_json else ():
        note(line)
    if wrong:
        raise typer.Exit(1)
    if not as_json:
        say(f"{len(found)} rules, all of them right")


@app.command()
def variables(as_json: Json = False) -> None:
    """Show what rules may ask for, or set."""
    rows(
        [
            {
                "name": each.name + ("NAME" if each.family else ""),
                "kind": each.kind,
                "known at": list(each.known),
                "set at": list(each.settable),
                "meaning": each.doc,
            }
            for each in VARIABLES.values()
        ],
        as_json,
    )


@app.command()
def words(as_json: Json = False) -> None:
    """Show the operators of conditions, and the actions."""
    found = [{"word": name, "kind": "operator", "behind it": "", "meaning": doc} for name, doc in OPERATORS.items()]
    found += [
        {"word": each.name, "kind": "action", "behind it": each.usage, "meaning": each.doc} for each in VERBS.values()
    ]
    rows(found, as_json)


def _checked(rule: Rule, domain: str) -> Rule:
    return for_domain(rule) if domain else rule


def _change(ctx: typer.Context, change: Callable[[list[Rule]], object], domain: str) -> None:
    def work(tx: WriteTx) -> None:
        rules = [read(each) for each in tx.policy(domain)]
        change(rules)
        tx.put_policy([stored(each) for each in rules], domain)

    with site(ctx) as here:
        here.write(work)


def _switch(ctx: typer.Context, name: str, domain: str, *, on: bool) -> None:
    def change(rules: list[Rule]) -> None:
        found = _named(rules, name)
        rules[rules.index(found)] = replace(found, enabled=on)

    _change(ctx, change, domain)
    say(f"{name} {'holds' if on else 'is not asked any more'}")


def _given(
    at: str | None, all_: list[str] | None, any_: list[str] | None, then: list[str] | None, remark: str | None
) -> dict[str, object]:
    given = {"at": at, "all": all_ or None, "any": any_ or None, "then": then or None, "note": remark}
    return {key: value for key, value in given.items() if value is not None}


def _named(rules: Sequence[Rule], name: str) -> Rule:
    found = next((each for each in rules if each.name.lower() == name.lower()), None)
    if found is None:
        raise NotFound(f"there is no rule {name[:64]!r}; postroom policy list shows those there are")
    return found


def _place(rules: Sequence[Rule], before: str | None, *, first: bool) -> int:
    if before is not None:
        return rules.index(_named(rules, before))
    return 0 if first else len(rules)


def _of_file(file: Path) -> tuple[Rule, ...]:
    return from_toml(typer.get_text_stream("stdin").read() if str(file) == "-" else _text(file))


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError:
        raise Refused(f"{file}: this is not UTF-8") from None


def _line(rule: Rule) -> Row:
    when = [str(each) for each in rule.all]
    when += ["(" + " or ".join(map(str, rule.any)) + ")"] if rule.any else []
    return {
        "name": rule.name,
        "at": rule.at,
        "enabled": rule.enabled,
        "when": " and ".join(when),
        "then": "; ".join(map(str, rule.then)),
    }

"""Domains, accounts, groups, aliases, settings."""

from pathlib import Path

import pytest

from groupware.model.browser import NewBrowserSession
from groupware.model.token import NewGrant, NewTokens
from groupware.store import DATABASE
from mailcore.cli.place import Place
from mailcore.cli.site import configuration, opened
from mailcore.server.storage import HOLDER
from tests.cli.conftest import Postroom


def test_a_domain_is_added_once(postroom: Postroom) -> None:
    assert postroom("domain", "add", "Other.test").out == "domain other.test\n"
    again = postroom("domain", "add", "other.test")
    assert (again.status, again.out, again.err) == (1, "", "postroom: other.test: the domain is there already\n")
    assert [each["domain"] for each in postroom("domain", "list", "--json").json] == ["example.test", "other.test"]


def test_an_account_is_added_with_its_password_from_standard_input(postroom: Postroom) -> None:
    made = postroom(
        "account", "add", "carol@example.test", "--password-stdin", "--name", "Carol", stdin="correct horse 7\n"
    )
    assert (made.status, made.out, made.err) == (0, "account carol@example.test\n", "")
    shown = postroom("account", "show", "carol@example.test", "--json").json
    assert (shown["name"], shown["password"], shown["app_passwords"]) == ("Carol", True, 0)


def test_a_weak_password_is_said_and_taken(postroom: Postroom) -> None:
    made = postroom("account", "add", "carol@example.test", "--password-stdin", stdin="secret\n")
    assert made.status == 0
    assert "weak password for carol@example.test: The password has 6 characters" in made.err


def test_an_empty_password_is_none(postroom: Postroom) -> None:
    made = postroom("account", "add", "carol@example.test", "--password-stdin", stdin="")
    assert (made.status, made.err) == (1, "postroom: the password is empty\n")


def test_the_account_list_has_one_shape(postroom: Postroom) -> None:
    found = postroom("account", "list", "example.test", "--json").json
    assert [each["address"] for each in found] == ["alice@example.test", "bob@example.test", "postmaster@example.test"]
    assert found[0] == {
        "address": "alice@example.test",
        "name": "Alice A.",
        "aliases": [],
        "enabled": True,
        "items": 0,
        "bytes": 0,
    }


def test_an_account_is_disabled_and_deleted(postroom: Postroom) -> None:
    assert postroom("account", "set", "bob@example.test", "--disable").status == 0
    assert postroom("account", "show", "bob@example.test", "--json").json["enabled"] is False
    assert postroom("account", "delete", "bob@example.test", "--yes").status == 0
    assert postroom("account", "show", "bob@example.test").status == 1


def test_browsers_are_listed_and_signed_out(postroom: Postroom, data: Path) -> None:
    who = "bob@example.test"

    with opened(configuration(Place(data=data))) as site:
        principal = site.read(lambda tx: tx.identity(tx.account(who).id))
        for digest in "abc":
            new = NewBrowserSession(digest * 64, 600, 0, "192.0.2.7", "Firefox")
            site.run(site.store.write(principal, lambda tx, new=new: tx.put_browser_session(new)))  # type: ignore[misc]
    first, *others = postroom("account", "sessions", "list", who, "--json").json
    assert (first["peer"], first["browser"], len(others)) == ("192.0.2.7", "Firefox", 2)
    assert postroom("account", "sessions", "end", who, str(first["id"])).status == 0
    assert postroom("account", "sessions", "list", who, "--json").json == others
    assert postroom("account", "sessions", "end", who, str(first["id"])).status != 0
    assert postroom("account", "sessions", "end", who).status == 0
    assert postroom("account", "sessions", "list", who, "--json").json == []


def test_programs_that_were_let_in_are_shown_and_shut_out(postroom: Postroom, data: Path) -> None:
    who = "bob@example.test"
    with opened(configuration(Place(data=data))) as site:
        principal = site.read(lambda tx: tx.identity(tx.account(who).id))
        for digest in "abc":
            new = NewGrant(digest * 64, f"Mailer {digest}", "mail", digest * 64, "c", "http://127.0.0.1/", 60, "::1")
            site.run(site.store.write(principal, lambda tx, new=new: tx.put_oauth_grant(new)))  # type: ignore[misc]
            known = site.read(lambda tx, new=new: tx.oauth_grant("code", new.code))  # type: ignore[misc]
            tokens = NewTokens(digest * 64, digest * 64, 60, 60)
            site.write(lambda tx, known=known, tokens=tokens: tx.turn_oauth_grant(known, tokens, "::1"))  # type: ignore[misc]
    first, *others = postroom("account", "tokens", "list", who, "--json").json
    assert (first["program"], first["scope"], len(others)) == ("Mailer a", "mail", 2)
    assert postroom("account", "tokens", "end", who, str(first["id"])).status == 0
    assert postroom("account", "tokens", "end", who, str(first["id"])).status != 0
    assert postroom("account", "tokens", "end", who).out == f"2 programs of {who} have no tokens any more\n"
    assert postroom("account", "tokens", "list", who, "--json").json == []


def test_second_factors_are_listed_and_taken_away(postroom: Postroom, data: Path) -> None:
    who, kinds = "bob@example.test", ("totp", "key", "recovery", "recovery")
    with opened(configuration(Place(data=data))) as site:
        for at, kind in enumerate(kinds):
            site.write(lambda tx, at=at, kind=kind: tx.put_credential(who, kind, f"sealed {at}", kind))  # type: ignore[misc]
    phone, key = postroom("account", "factors", "list", who, "--json").json
    assert (phone["kind"], key["label"]) == ("totp", "key")
    assert "sealed" not in postroom("account", "factors", "list", who, "--json").out
    assert postroom("account", "factors", "remove", who, "999").status == 1
    assert postroom("account", "factors", "remove", who, str(phone["id"])).status == 0
    assert postroom("account", "factors", "list", who, "--json").json == [key]
    assert postroom("account", "factors", "remove", who).status == 0
    with opened(configuration(Place(data=data))) as site:
        _, left = site.read(lambda tx: tx.credentials(who))
    assert not {each.kind for each in left} & set(kinds), "the codes on paper go with the last one"


def test_an_app_password_is_shown_once(postroom: Postroom) -> None:
    secret = postroom("account", "app-password", "add", "bob@example.test", "phone").out.strip()
    (listed,) = postroom("account", "app-password", "list", "bob@example.test", "--json").json
    assert listed["label"] == "phone"
    assert secret not in str(listed)
    assert postroom("account", "app-password", "remove", "bob@example.test", str(listed["id"])).status == 0
    assert postroom("account", "app-password", "list", "bob@example.test", "--json").json == []


def test_a_shared_secret_is_shown_once(postroom: Postroom) -> None:
    made = [postroom("account", "shared-secret", "make", "bob@example.test").out.strip() for _ in range(2)]
    assert made[0] != made[1]
    assert made[1] not in postroom("account", "show", "bob@example.test", "--json").out
    assert postroom("account", "shared-secret", "remove", "bob@example.test").status == 0
    assert postroom("account", "shared-secret", "remove", "bob@example.test").status == 1


def test_a_group_and_its_members(postroom: Postroom) -> None:
    postroom("group", "add", "sales@example.test")
    assert postroom("group", "member", "add", "sales@example.test", "bob@example.test").status == 0
    (group,) = postroom("group", "list", "--json").json
    assert (group["group"], group["members"]) == ("sales@example.test", ["bob@example.test"])
    postroom("group", "member", "remove", "sales@example.test", "bob@example.test")
    assert postroom("group", "member", "list", "sales@example.test", "--json").json == []


def test_an_alias_comes_and_goes(postroom: Postroom) -> None:
    assert postroom("alias", "add", "bob@example.test", "robert@example.test").status == 0
    expected = [{"alias": "robert@example.test", "address": "bob@example.test"}]
    assert postroom("alias", "list", "bob@example.test", "--json").json == expected
    assert postroom("alias", "remove", "robert@example.test").status == 0
    assert postroom("alias", "list", "--json").json == []


def test_a_setting_says_where_it_comes_from(postroom: Postroom) -> None:
    assert postroom("setting", "set", "mailboxSize", "5000", "--of", "example.test").status == 0
    inherited = postroom("setting", "get", "mailboxSize", "--of", "bob@example.test", "--json").json
    assert (inherited["value"], inherited["origin"], inherited["explicit"]) == (5000, "domain", False)
    assert postroom("setting", "unset", "mailboxSize", "--of", "example.test").status == 0
    assert postroom("setting", "get", "mailboxSize").out == "0 (default)\n"


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("account", "show", "nobody@example.test"), 1),
        (("account", "add", "alice@example.test", "--no-password"), 1),
        (("account", "add", "no address", "--no-password"), 1),
        (("account", "add", "x@elsewhere.test", "--no-password"), 1),
        (("account", "set", "bob@example.test"), 2),
        (("domain", "set", "example.test"), 2),
        (("account", "add"), 2),
        (("account",), 2),
        (("nonsense",), 2),
        (("setting", "set", "mailboxSize", "much"), 1),
        (("setting", "get", "nonsense"), 1),
        (("alias", "add", "bob@example.test", "a@example.test", "--expires", "soon"), 2),
        (("domain", "delete", "example.test"), 1),
        (("queue", "show", "7"), 1),
        (("folder", "add", "example.test", "x", "--kind", "foo"), 2),
        (("service", "list"), 1),
        (("dns", "query", "example.test", "NONSENSE"), 2),
        (("dns", "flush"), 1),
        (("log", "tail"), 1),
        (("log", "tail", "../postroom.db"), 2),
        (("import", "alice@example.test", "INBOX", "/nonexistent"), 1),
        (("serve", "--port-base", "many"), 2),
        (("--config", "/nonexistent.toml", "domain", "list"), 1),
    ],
)
def test_an_error_is_one_line(postroom: Postroom, words: tuple[str, ...], status: int) -> None:
    said = postroom(*words)
    assert said.status == status
    assert "Value error" not in said.err
    if words != ("account",):  # asked for nothing, a family shows its help
        assert said.err.startswith("postroom: ")
        assert said.err.count("\n") == 1
        assert "internal error" not in said.err


def test_a_mistyped_setting_is_told_what_may_be_meant(postroom: Postroom) -> None:
    assert "'mailboxsizes'; is mailboxSize" in postroom("setting", "get", "mailboxsizes").err


def test_help_names_every_family(postroom: Postroom) -> None:
    said = postroom("--help").out
    assert all(name in said for name in ("serve", "account", "grant", "import", "export"))


@pytest.mark.parametrize(
    "line",
    [
        ["check"], ["account", "list"], ["export", "alice@example.test", "out.mbox"], ["queue", "list"],
        ["backup", "out.tar"], ["salvage", "list"], ["salvage", "drop", "1"],
    ],
)  # fmt: skip
def test_a_mistyped_folder_is_no_empty_server(postroom: Postroom, tmp_path: Path, line: list[str]) -> None:
    typo = tmp_path / "typo"
    said = postroom("--data", typo, *line)
    assert said.status == 1
    assert said.err.startswith(f"postroom: {typo}: no data of Postroom is there")
    assert not typo.exists()


@pytest.mark.parametrize("line", [["domain", "add", "new.test"], ["setting", "set", "language", "de"]])
def test_a_server_whose_database_is_elsewhere_does_not_begin_with_an_empty_one(
    postroom: Postroom, tmp_path: Path, line: list[str]
) -> None:
    data = tmp_path / "elsewhere"
    data.mkdir()
    (data / HOLDER).write_text("x" * 32)
    said = postroom("--data", data, *line)
    assert said.status == 1
    assert "its database is not here: for PostgreSQL give DATABASE_URL" in said.err
    assert not (data / DATABASE).exists()


def test_a_temporary_alias_is_random_and_there_are_only_so_many_for_only_so_long(postroom: Postroom) -> None:
    postroom("setting", "set", "temporaryAliasCount", "2", "--of", "bob@example.test")
    postroom("setting", "set", "temporaryAliasLifetime", "5", "--of", "bob@example.test")
    made = [postroom("alias", "temporary", "bob@example.test", "--days", "5") for _ in range(2)]
    assert [each.status for each in made] == [0, 0]
    names = [each.out.strip() for each in made]
    assert len(set(names)) == 2
    assert all(len(each.partition("@")[0]) == 12 and each.endswith("@example.test") for each in names)
    assert {each["alias"] for each in postroom("alias", "list", "bob@example.test", "--json").json} == set(names)
    said = postroom("alias", "temporary", "bob@example.test")
    assert (said.status, "1 to 5 days" in said.err) == (1, True)
    said = postroom("alias", "temporary", "bob@example.test", "--days", "1")
    assert (said.status, "temporaryAliasCount" in said.err) == (1, True)
    postroom("alias", "remove", names[0])
    assert postroom("alias", "temporary", "bob@example.test", "--days", "1").status == 0

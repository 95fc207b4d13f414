"""Signing in against the store: what passes, what does not, what it costs, and what nobody can tell from outside."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TypeVar

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupware.directory import factors, password, sql
from groupware.directory.api import FactorMissing, Login, Second
from groupware.directory.sql import policy, store_sealed
from groupware.model.errors import NotFound, TryAgain
from groupware.model.ids import AccountId
from groupware.model.principal import OPERATOR, Credential, Domain, NewAccount, Principal, PrincipalKind
from groupware.model.rights import LEVELS, parse_rights
from groupware.store.api import WriteTx
from tests.unit.directory.desk import APP, SECRET, SITE, TYPED, A, B, Desk, P, sealed

T = TypeVar("T")


# --- what passes


@pytest.mark.parametrize("name", [A, "ALICE@Example.test", " alice@example.test", "alice", "info", "alice@alias.test"])
async def test_a_name_in_all_its_forms(desk: Desk, name: str) -> None:
    who = await desk.login(name)
    assert (who.name, who.client) == (A, "imap")
    assert who.identifiers == {A, "domain:example.test", "everyone", "anyone"}


async def test_a_listener_s_domain_comes_before_the_primary_one(desk: Desk) -> None:
    await desk.write(lambda tx: tx.put_domain(Domain("other.test")))
    await desk.write(lambda tx: tx.put_account(NewAccount("alice@other.test")))
    await desk.write(lambda tx: store_sealed(tx, "alice@other.test", sealed()))
    assert (await desk.login("alice", domain="other.test")).name == "alice@other.test"


async def test_what_the_mechanism_has_proved_needs_no_password(desk: Desk) -> None:
    assert (await desk.login(A, None, proven=True)).name == A
    assert await desk.refused("nobody", None, proven=True) == (sql.WRONG, 0)
    await desk.refused(A, None)


async def test_an_app_password_passes_beside_the_main_one(desk: Desk) -> None:
    number = await desk.write(lambda tx: tx.put_credential(A, "app", password.app_hash(APP), "phone"))
    assert (await desk.login(A, APP.upper())).name == A
    assert desk.hashed == 0
    await desk.login(A)
    await desk.write(lambda tx: tx.drop_credential(A, number))
    await desk.refused(A, APP)


# --- what it costs


async def used(desk: Desk) -> list[datetime | None]:
    await asyncio.gather(*desk.directory._tasks)
    _, found = await desk.store.read(OPERATOR, lambda tx: tx.credentials(A))
    return [each.used for each in found if each.kind == "app"]


async def test_when_an_app_password_was_used_is_written_at_most_once_a_minute(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.write(lambda tx: tx.put_credential(A, "app", password.app_hash(APP), "phone"))
    other = password.app_hash("other-app-pass-word")
    await desk.write(lambda tx: tx.put_credential(A, "app", other, "laptop"))
    await desk.login(A)
    assert await used(desk) == [None, None]
    await asyncio.gather(desk.login(A, APP), desk.login(A, APP))
    first, laptop = await used(desk)
    assert first is not None and datetime.now(UTC) - first < timedelta(seconds=30)
    assert laptop is None
    await desk.login(A, APP)
    assert await used(desk) == [first, None]
    monkeypatch.setattr(sql, "USED_SECONDS", 0.0)
    await desk.login(A, APP)
    second, _ = await used(desk)
    assert second is not None and second > first


async def test_noting_the_use_asks_nobody_to_sign_in_again(desk: Desk) -> None:
    await desk.write(lambda tx: tx.put_credential(A, "app", password.app_hash(APP), "phone"))
    before = (await desk.store.read(OPERATOR, lambda tx: tx.account(A))).version
    await desk.login(A, APP)
    await used(desk)
    assert (await desk.store.read(OPERATOR, lambda tx: tx.account(A))).version == before


async def test_an_app_password_that_is_taken_away_meanwhile_is_no_error(desk: Desk) -> None:
    before = await desk.store.read(OPERATOR, lambda tx: tx.credentials(A))
    await desk.write(lambda tx: tx.use_credential(A, 987654))
    assert await desk.store.read(OPERATOR, lambda tx: tx.credentials(A)) == before


async def test_no_argon2_when_it_was_right_a_short_while_ago(desk: Desk) -> None:
    await desk.login(A)
    hashed = desk.hashed
    await desk.login(A)
    assert desk.hashed == hashed
    desk.now = 301
    await desk.login(A)
    assert desk.hashed - hashed == 1


@pytest.mark.parametrize("change", ["password", "disabled", "domain"])
async def test_a_change_counts_at_once(desk: Desk, change: str) -> None:
    await desk.login(A)
    if change == "password":
        other = password.app_hash("x")
        await desk.write(lambda tx: tx.put_credential(A, "password", other))
    elif change == "disabled":
        await desk.write(lambda tx: tx.update_account(A, enabled=False))
    else:
        await desk.write(lambda tx: tx.put_domain(Domain("example.test", enabled=False)))
    said, cost = await desk.refused(A)
    assert (said, cost) == (sql.WRONG, 1)


async def test_every_refusal_has_the_same_words_and_costs_one_argon2(desk: Desk) -> None:
    await desk.write(lambda tx: tx.put_account(NewAccount("off@example.test", enabled=False)))
    await desk.write(lambda tx: store_sealed(tx, "off@example.test", sealed()))
    await desk.write(lambda tx: tx.put_account(NewAccount("group@example.test", PrincipalKind.GROUP)))
    await desk.write(lambda tx: tx.put_account(NewAccount("bare@example.test")))
    await desk.put_setting("imap", False, await desk.id(B))
    said = [
        await desk.refused("nobody"),
        await desk.refused(A, "wrong"),
        await desk.refused("off"),
        await desk.refused("group"),
        await desk.refused("bare"),
        await desk.refused(B),
        await desk.refused(B),
        await desk.refused("x" * 400),
        await desk.refused("a\0b@example.test"),
        await desk.refused(""),
    ]
    assert set(said) == {(sql.WRONG, 1)}


async def test_an_app_password_of_a_disabled_account_costs_as_much(desk: Desk) -> None:
    await desk.write(lambda tx: tx.put_credential(A, "app", password.app_hash(APP), "phone"))
    await desk.write(lambda tx: tx.update_account(A, enabled=False))
    assert await desk.refused(A, APP) == (sql.WRONG, 1)


async def test_too_many_at_once_are_turned_away(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "MAX_WAITING", 0)
    with pytest.raises(TryAgain):
        await desk.login(A)


# --- second factors


@pytest.fixture
async def guarded(desk: Desk) -> Desk:
    """Alice has an authenticator, and a phone with an app password."""
    await desk.write(lambda tx: tx.put_credential(A, "totp", factors.seal_secret(SECRET, SITE), "phone"))
    await desk.write(lambda tx: [tx.put_credential(A, *each, "phone") for each in app_forms().items()])
    return desk


@cache
def app_forms() -> Mapping[str, str]:
    return password.seal_app(APP, {})


def shown(later: int = 0) -> Second:
    return Second(pyotp.TOTP(SECRET).at(datetime.now(UTC), counter_offset=later))


async def test_the_password_alone_is_for_nobody_who_has_a_second_factor(guarded: Desk) -> None:
    for _ in range(2):  # the second time it is remembered
        with pytest.raises(FactorMissing, match="app password"):
            await guarded.login(A)
    with pytest.raises(FactorMissing) as asked:
        await guarded.login(A, second=Second())
    assert (asked.value.codes, asked.value.keys) == (True, ())
    assert (await guarded.login(A, second=shown())).name == A
    assert (await guarded.login(A, APP)).name == A
    assert (await guarded.login(B)).name == B


async def test_a_wrong_password_is_told_nothing_of_a_second_factor(guarded: Desk) -> None:
    for second in (None, Second(), shown()):
        assert await guarded.refused(A, "wrong", second=second) == (sql.WRONG, 1)


async def test_scram_proves_only_app_passwords_of_who_has_a_second_factor(guarded: Desk) -> None:
    keys = await guarded.directory.scram_keys(A, "sha256")
    assert keys is not None
    assert keys.pairs == password.read_keys(app_forms()["app-scram-sha-256"]).pairs


@given(st.integers(-3, 3))
def test_a_code_is_of_one_of_the_steps_around_now(away: int) -> None:
    now = datetime(2026, 11, 27, 12, 0, 10, tzinfo=UTC)
    step = int(now.timestamp()) // factors.STEP_SECONDS + away
    found = factors.step_of(SECRET, pyotp.TOTP(SECRET).generate_otp(step), now)
    assert found == (step if abs(away) <= factors.DRIFT else None)


async def test_a_secret_is_spent_once_for_a_moment_and_not_for_those_before(desk: Desk) -> None:
    number = await desk.write(lambda tx: tx.put_credential(A, "totp", "sealed", "phone"))
    moment = datetime(2026, 11, 27, 12, tzinfo=UTC)
    spent = [
        await desk.write(lambda tx, at=at: tx.spend_credential(A, number, moment + timedelta(seconds=at)))  # type: ignore[misc]
        for at in (0, 0, -30, 30, 30)
    ]
    assert spent == [True, False, False, True, False]


# --- switches


@pytest.mark.parametrize("level", ["account", "domain", "server"])
async def test_a_service_that_is_off_for_account_domain_or_server(desk: Desk, level: str) -> None:
    domain = (await desk.store.read(OPERATOR, lambda tx: tx.domains()))[0]
    of = {"account": await desk.id(A), "domain": domain.id, "server": 1}[level]
    assert of is not None
    await desk.put_setting("pop3", False, of)
    await desk.login(A)
    await desk.refused(A, service="pop3")


async def test_submitting_takes_the_switch_of_outgoing_mail(desk: Desk) -> None:
    await desk.put_setting("smtpOutgoing", False, await desk.id(A))
    await desk.refused(A, service="smtp")
    assert (await desk.login(A, service="imap")).name == A


async def test_a_blocked_login_and_aliases_as_names(desk: Desk) -> None:
    alice = await desk.id(A)
    await desk.put_setting("allowAliasLogins", False, alice)
    await desk.refused("info")
    await desk.login(A)
    await desk.put_setting("blockedLogin", True, alice)
    await desk.refused(A)
    assert await desk.directory.scram_keys(A, "sha256") is None


# --- acting as somebody else


async def test_one_acts_as_oneself(desk: Desk) -> None:
    assert (await desk.login(A, act_as="ALICE")).name == A


async def test_nobody_acts_as_another_without_a_right(desk: Desk) -> None:
    for other in (B, "nobody@example.test", "nobody@elsewhere.test"):
        said, _ = await desk.refused(A, act_as=other)
        assert said == f"{A} may not act as {other}"


async def test_who_administers_the_whole_tree_acts_as_its_owner(desk: Desk) -> None:
    def share(tx: WriteTx, level: str) -> None:
        root = tx.locate(tx.account(B).id, "").id
        tx.grant(root, A, LEVELS[level] if level in LEVELS else parse_rights(level))

    await desk.write(lambda tx: share(tx, "editor"))
    await desk.refused(A, act_as=B)
    await desk.write(lambda tx: share(tx, "master"))
    who = await desk.login(A, act_as=B)
    assert (who.name, who.client) == (B, f"imap by {A}")
    await desk.write(lambda tx: tx.update_account(B, enabled=False))
    await desk.refused(A, act_as=B)


async def test_a_postmaster_acts_as_those_of_the_domain(desk: Desk) -> None:
    await desk.write(lambda tx: store_sealed(tx, P, sealed()))
    assert (await desk.login(P, act_as=B)).name == B
    await desk.write(lambda tx: tx.put_domain(Domain("other.test")))
    await desk.write(lambda tx: tx.put_account(NewAccount("eve@other.test")))
    await desk.refused(P, act_as="eve@other.test")


# --- stored forms


def ssha(typed: str) -> str:
    digest = hashlib.sha1(typed.encode() + b"salt").digest()
    return "{SSHA}" + base64.b64encode(digest + b"salt").decode()


async def stored(desk: Desk) -> Sequence[str]:
    _, found = await desk.store.read(OPERATOR, lambda tx: tx.credentials(A))
    return [each.value for each in sorted(found, key=lambda each: each.kind)]


async def test_an_imported_password_is_stored_anew_after_the_first_login(desk: Desk) -> None:
    await desk.write(lambda tx: tx.put_credential(A, "password", ssha(TYPED)))
    await desk.login(A)
    await desk.directory.close()
    main, scram1, scram256 = await stored(desk)
    assert main.startswith("$argon2id$")
    assert scram1.startswith("SCRAM-SHA-1$") and scram256.startswith("SCRAM-SHA-256$")


async def test_a_password_that_was_changed_meanwhile_is_left_alone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    await desk.write(lambda tx: tx.put_credential(A, "password", ssha(TYPED)))
    changed = ssha("another")
    write = desk.store.write

    async def raced(who: Principal, work: Callable[[WriteTx], T]) -> T:
        await write(OPERATOR, lambda tx: tx.put_credential(A, "password", changed))
        return await write(who, work)

    monkeypatch.setattr(desk.store, "write", raced)
    await desk.login(A)
    await desk.directory.close()
    assert await stored(desk) == [changed]


async def test_a_stored_form_that_cannot_be_checked_lets_nobody_in(desk: Desk) -> None:
    await desk.write(lambda tx: tx.put_credential(A, "password", "{CRYPT}xx"))
    assert (await desk.refused(A))[0] == sql.WRONG


async def test_scram_keys_of_the_password_and_of_app_passwords(desk: Desk) -> None:
    keys = await desk.directory.scram_keys("alice", "sha256")
    assert keys is not None and keys.text() == sealed().scram_sha256
    app = password.derive(APP, "sha256", keys.salt).text()
    await desk.write(lambda tx: tx.put_credential(A, "app-scram-sha-256", app, "phone"))
    both = await desk.directory.scram_keys(A, "sha256")
    assert both is not None and len(both.pairs) == 2 and both.pairs[0] == keys.pairs[0]
    assert await desk.directory.scram_keys("nobody", "sha1") is None
    assert await desk.directory.scram_keys(P, "sha1") is None


async def test_an_app_password_serves_scram_before_and_after_a_new_main_password(desk: Desk) -> None:
    def salts(found: Sequence[Credential]) -> Mapping[password.Digest, bytes]:
        return password.salts_of([(each.kind, each.value) for each in found])

    async def add(tx_kinds: Mapping[str, str], label: str) -> None:
        for kind, value in tx_kinds.items():
            await desk.write(lambda tx, kind=kind, value=value: tx.put_credential(A, kind, value, label))

    _, first = await desk.store.read(OPERATOR, lambda tx: tx.credentials(A))
    await add(password.seal_app(APP, salts(first)), "phone")
    _, second = await desk.store.read(OPERATOR, lambda tx: tx.credentials(A))
    await desk.write(lambda tx: store_sealed(tx, A, password.seal("another one", salts(second))))
    for digest in password.DIGESTS:
        keys = await desk.directory.scram_keys(A, digest)
        assert keys is not None
        expected = [password.derive(each, digest, keys.salt).pairs[0] for each in ("another one", APP)]
        assert list(keys.pairs) == expected


async def test_scram_with_an_app_password_is_a_use_of_it(desk: Desk) -> None:
    keys = await desk.directory.scram_keys(A, "sha256")
    assert keys is not None
    for kind, value in password.seal_app(APP, {"sha256": keys.salt}).items():
        await desk.write(lambda tx, kind=kind, value=value: tx.put_credential(A, kind, value, "phone"))
    fitted = password.derive(APP, "sha256", keys.salt).pairs[0].stored_key
    await desk.directory.login(Login(A, proven=True, stored_key=keys.pairs[0].stored_key))
    await desk.directory.login(Login(A, proven=True, stored_key=fitted))
    await desk.directory.close()
    _, found = await desk.store.read(OPERATOR, lambda tx: tx.credentials(A))
    assert [each.label for each in found if each.used is not None] == ["phone"]
    assert next(each for each in found if each.kind == "app").used is not None


# --- other questions


async def test_a_principal_without_a_password(desk: Desk) -> None:
    alice = await desk.id(A)
    assert (await desk.directory.principal(alice)).name == A
    await desk.write(lambda tx: tx.update_account(A, enabled=False))
    with pytest.raises(NotFound):
        await desk.directory.principal(alice)
    with pytest.raises(NotFound):
        await desk.directory.principal(AccountId(999))


@pytest.mark.parametrize(("address", "to"), [(A, A), ("postmaster", P), ("Bob+x", B), ("x@y.test", "x@y.test")])
async def test_where_mail_goes(desk: Desk, address: str, to: str) -> None:
    assert [each.address for each in await desk.directory.resolve(address)] == [to]


async def test_the_domains_of_this_server_are_known_as_they_are_now(desk: Desk) -> None:
    assert await desk.directory.local_domains() == {"example.test", "alias.test"}
    await desk.write(lambda tx: tx.put_domain(Domain("other.test")))
    assert await desk.directory.local_domains() == {"example.test", "alias.test", "other.test"}


async def test_the_policy_of_an_account(desk: Desk) -> None:
    alice = await desk.id(A)
    await desk.put_setting("passwordMinLength", 12, alice)
    await desk.put_setting("passwordRequire", "lettersAndNumbers", 1)
    found = await desk.store.read(OPERATOR, lambda tx: policy(tx, alice))
    assert found == password.Policy(12, 1024, "lettersAndNumbers")

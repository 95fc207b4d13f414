"""One's password and those of programs, changed by a page."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from groupware.model.errors import NotFound
from groupware.model.principal import OPERATOR
from groupware.model.token import NewGrant
from tests.protocol.signin.test_factors import stand
from tests.protocol.signin.test_signin import ALICE, FOREIGN, OURS, asks, attempt, signed_in
from tests.support.jmapstand import Client, Stand
from tests.support.smtpstand import PASSWORD

__all__ = ["stand"]
NEW = "a new horse 8"


async def post(stand: Stand, place: str, headers: dict[str, str], **body: Any) -> httpx.Response:
    return await stand.http.post(f"/signin{place}", json=body, headers=headers)


async def programs(stand: Stand) -> list[dict[str, Any]]:
    return list((await stand.http.get("/signin/passwords")).json())


async def test_another_password_is_set_and_the_other_browsers_are_signed_out(stand: Stand) -> None:
    await signed_in(stand)
    other = dict(stand.http.cookies)
    headers = await signed_in(stand)
    assert (await post(stand, "/password", headers, password=PASSWORD, new=NEW)).status_code == 204
    assert await asks(stand, headers) == 200
    mine = dict(stand.http.cookies)
    stand.http.cookies.clear()
    stand.http.cookies.update(other)
    assert await asks(stand, headers) == 401
    assert mine != other
    stand.http.cookies.clear()
    assert (await attempt(stand)).status_code == 401
    assert (await attempt(stand, NEW)).status_code == 200


async def test_another_password_ends_what_programs_were_let_do(stand: Stand) -> None:
    headers, code = await signed_in(stand), "c" * 64
    alice = await stand.house.store.read(OPERATOR, lambda tx: tx.identity(tx.account(ALICE).id))
    await stand.house.store.write(
        alice, lambda tx: tx.put_oauth_grant(NewGrant(code, "x", "mail", code, "c", "r", 9, ""))
    )
    granted = await stand.house.store.read(OPERATOR, lambda tx: tx.oauth_grant("code", code))
    assert granted.account == alice.account
    assert (await post(stand, "/password", headers, password=PASSWORD, new=NEW)).status_code == 204
    with pytest.raises(NotFound):
        await stand.house.store.read(OPERATOR, lambda tx: tx.oauth_grant("code", code))


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({"password": "wrong", "new": NEW}, 401, "credentials"),
        ({"new": NEW}, 400, "request"),
        ({"password": PASSWORD}, 400, "request"),
        ({"password": PASSWORD, "new": "short"}, 422, "password"),
        ({"password": PASSWORD, "new": ALICE}, 422, "password"),
    ],
)
async def test_what_is_no_change_changes_nothing(stand: Stand, given: dict[str, str], status: int, code: str) -> None:
    headers = await signed_in(stand)
    got = await post(stand, "/password", headers, **given)
    told = got.json()
    assert (got.status_code, bool(told["error"]), told["code"]) == (status, True, code)
    assert told.get("facts", {}).keys() == ({"least", "most", "require"} if code == "password" else set())
    stand.http.cookies.clear()
    assert (await attempt(stand)).status_code == 200


async def test_no_page_of_others_changes_a_password(stand: Stand) -> None:
    headers = await signed_in(stand)
    assert (await post(stand, "/password", {**headers, **FOREIGN}, password=PASSWORD, new=NEW)).status_code == 403
    assert (await post(stand, "/passwords", OURS, password=PASSWORD, label="phone")).status_code == 403
    assert await programs(stand) == []


async def test_a_program_signs_in_with_its_own_password_until_that_is_removed(stand: Stand) -> None:
    headers = await signed_in(stand)
    got = await post(stand, "/passwords", headers, password=PASSWORD, label="phone")
    made = got.json()["password"]
    [there] = await programs(stand)
    assert (got.status_code, there["label"], made in str(there)) == (201, "phone", False)
    stand.http.cookies.clear()
    assert (await Client(stand.http, "alice", made).get("/jmap/session")).status_code == 200
    headers = await signed_in(stand)
    again = await post(stand, "/passwords", headers, password=PASSWORD, label="phone")
    assert again.status_code == 409
    place = f"/signin/passwords/{there['id']}"
    for number, status in ((there["id"] + 1000, 404), (there["id"], 204)):
        got = await stand.http.request(
            "DELETE", f"/signin/passwords/{number}", json={"password": PASSWORD}, headers=headers
        )
        assert got.status_code == status, place
    assert await programs(stand) == []
    stand.http.cookies.clear()
    await Client(stand.http, "bob").get("/jmap/session")  # what was right on a connection is not asked again on it
    assert (await Client(stand.http, "alice", made).get("/jmap/session")).status_code == 401


async def test_nothing_is_told_to_who_is_not_signed_in(stand: Stand) -> None:
    stand.http.cookies.clear()
    assert (await stand.http.get("/signin/passwords")).status_code == 401

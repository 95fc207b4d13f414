"""Second factors: taken into use, asked for at the next sign-in, good once, and what programs are told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pyotp
import pytest
import pytest_asyncio

from groupware.directory import factors, keys
from groupware.directory.password import app_hash
from groupware.model.principal import OPERATOR
from tests.protocol.signin.test_signin import ALICE, FOREIGN, OURS, attempt, signed_in, visited
from tests.support.jmapstand import Stand, jmap_stand
from tests.support.smtpstand import PASSWORD
from tests.support.softkey import SoftKey

ORIGIN = "https://mail.example.test"
APP = "abcd-efgh-jkmn-pqrs"


@pytest_asyncio.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    async with jmap_stand(tmp_path) as made:
        yield made


def code(secret: str, later: int = 0) -> str:
    """What an authenticator shows, so many steps from now."""
    return pyotp.TOTP(secret).at(datetime.now(UTC), counter_offset=later)


def wrong(secret: str) -> str:
    """A code that is none of those around now."""
    near = {code(secret, each) for each in range(-3, 4)}
    return next(each for each in map("{:06d}".format, range(20)) if each not in near)


async def post(stand: Stand, place: str, headers: dict[str, str], **body: Any) -> httpx.Response:
    return await stand.http.post(f"/signin/factors{place}", json=body, headers=headers)


async def with_authenticator(stand: Stand) -> tuple[dict[str, str], str, list[str]]:
    """Alice has an authenticator: the fields of her page, the secret, and her codes on paper."""
    headers = await signed_in(stand)
    new = (await post(stand, "/totp", headers, password=PASSWORD)).json()
    got = await post(stand, "", headers, label="phone", state=new["state"], code=code(new["secret"]))
    assert got.status_code == 201, got.text
    return headers, new["secret"], got.json()["paper"]


async def with_key(stand: Stand) -> tuple[dict[str, str], SoftKey]:
    headers = await signed_in(stand)
    new = (await post(stand, "/key", headers, password=PASSWORD)).json()
    key = SoftKey(ORIGIN)
    got = await post(stand, "", headers, label="key", state=new["state"], response=key.create(new["options"]))
    assert got.status_code == 201, got.text
    return headers, key


async def fresh(stand: Stand, **more: Any) -> httpx.Response:
    """Alice signs in with a browser that knows nothing."""
    stand.http.cookies.clear()
    return await attempt(stand, **more)


async def test_an_authenticator_is_asked_for_from_then_on(stand: Stand) -> None:
    _, secret, paper = await with_authenticator(stand)
    assert len(set(paper)) == factors.RECOVERY_CODES
    got = await fresh(stand)
    needed = {"error": "A second factor is needed.", "code": "factor", "codes": True, "key": None}
    assert (got.status_code, got.json()) == (401, needed)
    assert not stand.http.cookies.get("__Host-postroom")
    assert (await fresh(stand, code=wrong(secret))).status_code == 401
    coming = code(secret, 1)  # the one of now has been used to take it into use
    assert (await fresh(stand, code=f" {coming[:3]} {coming[3:]}")).status_code == 200


async def test_a_code_is_good_once(stand: Stand) -> None:
    _, secret, _ = await with_authenticator(stand)
    first, coming = code(secret), code(secret, 1)
    assert (await fresh(stand, code=first)).status_code == 401, "it has been used to take it into use"
    proof = await visited(stand)
    both = await asyncio.gather(*[attempt(stand, proof=proof, code=coming) for _ in range(2)])
    assert sorted(each.status_code for each in both) == [200, 401]
    assert (await fresh(stand, code=first)).status_code == 401


async def test_a_code_on_paper_is_good_once(stand: Stand) -> None:
    headers, _, paper = await with_authenticator(stand)
    assert (await fresh(stand, code=paper[0].upper().replace("-", " "))).status_code == 200
    assert (await fresh(stand, code=paper[0])).status_code == 401
    assert (await fresh(stand, code=paper[1])).status_code == 200
    assert (await stand.http.get("/signin/factors")).json()["paper"] == factors.RECOVERY_CODES - 2
    assert headers


async def test_other_codes_on_paper_make_the_former_void(stand: Stand) -> None:
    headers, _, paper = await with_authenticator(stand)
    other = (await post(stand, "/paper", headers, password=PASSWORD)).json()["paper"]
    assert not set(other) & set(paper)
    assert (await fresh(stand, code=paper[0])).status_code == 401
    assert (await fresh(stand, code=other[0])).status_code == 200


async def test_a_security_key_answers_for_itself(stand: Stand) -> None:
    _, key = await with_key(stand)
    asked = (await fresh(stand)).json()["key"]
    answer = {"state": asked["state"], "response": key.get(asked["options"])}
    assert (await fresh(stand, key=answer)).status_code == 200
    assert (await fresh(stand, key=answer)).status_code == 401, "the same answer once more"


async def test_the_answer_of_another_key_or_place_is_none(stand: Stand) -> None:
    _, key = await with_key(stand)
    asked = (await fresh(stand)).json()["key"]
    other, elsewhere = SoftKey(ORIGIN), SoftKey("https://evil.test")
    other.id, elsewhere.id, elsewhere.private = key.id, key.id, key.private
    for each in (other, elsewhere):
        answer = {"state": asked["state"], "response": each.get(asked["options"])}
        assert (await fresh(stand, key=answer)).status_code == 401
    again = (await fresh(stand)).json()["key"]
    mixed = {"state": again["state"], "response": key.get(asked["options"])}
    assert (await fresh(stand, key=mixed)).status_code == 401, "an answer to another question"


@pytest.mark.parametrize("response", [{}, {"id": 1}, {"id": "a", "rawId": "a", "type": "public-key", "response": {}}])
async def test_what_is_no_answer_of_a_key_is_refused(stand: Stand, response: dict[str, Any]) -> None:
    headers, _ = await with_key(stand)
    new = (await post(stand, "/key", headers, password=PASSWORD)).json()
    got = await post(stand, "", headers, label="other", state=new["state"], response=response)
    assert (got.status_code, got.json()["code"]) == (422, "wrongKey")
    asked = (await fresh(stand)).json()["key"]
    assert (await fresh(stand, key={"state": asked["state"], "response": response})).status_code == 401


async def test_a_question_is_forgotten_in_time(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    _, key = await with_key(stand)
    asked = (await fresh(stand)).json()["key"]
    monkeypatch.setattr(keys, "LASTS_SECONDS", -1)
    assert (await fresh(stand, key={"state": asked["state"], "response": key.get(asked["options"])})).status_code == 401


async def test_programs_take_an_app_password_and_are_told_so(stand: Stand) -> None:
    await with_authenticator(stand)
    await stand.house.store.write(OPERATOR, lambda tx: tx.put_credential(ALICE, "app", app_hash(APP), "phone"))
    stand.http.cookies.clear()
    refused = await stand.http.get("/jmap/session", auth=(ALICE, PASSWORD))
    assert refused.status_code == 401
    assert "app password" in refused.json()["detail"]
    assert (await stand.http.get("/jmap/session", auth=(ALICE, APP))).status_code == 200
    assert (await stand.house.parts.directory.scram_keys(ALICE, "sha256")) is None


async def test_an_app_password_opens_no_browser(stand: Stand) -> None:
    await stand.house.store.write(OPERATOR, lambda tx: tx.put_credential(ALICE, "app", app_hash(APP), "phone"))
    assert (await attempt(stand, APP)).status_code == 401


async def test_other_browsers_are_signed_out_when_the_first_factor_comes(stand: Stand) -> None:
    await signed_in(stand)
    before = dict(stand.http.cookies)
    await with_authenticator(stand)
    assert (await stand.http.get("/jmap/session")).status_code == 200
    stand.http.cookies.clear()
    stand.http.cookies.update(before)
    assert (await stand.http.get("/jmap/session")).status_code == 401


async def test_changes_take_the_password_and_a_page_of_ours(stand: Stand) -> None:
    headers, _, _ = await with_authenticator(stand)
    (there,) = (await stand.http.get("/signin/factors")).json()["factors"]
    assert (there["kind"], there["label"]) == ("totp", "phone")
    place = f"/signin/factors/{there['id']}"
    for body, fields, status in [
        ({"password": "wrong"}, headers, 401),
        ({}, headers, 400),
        ({"password": PASSWORD}, {**headers, **FOREIGN}, 403),
        ({"password": PASSWORD}, OURS, 403),
    ]:
        got = await stand.http.request("DELETE", place, json=body, headers=fields)
        assert got.status_code == status
    assert len((await stand.http.get("/signin/factors")).json()["factors"]) == 1
    got = await stand.http.request("DELETE", place, json={"password": PASSWORD}, headers=headers)
    assert got.status_code == 204
    assert (await stand.http.get("/signin/factors")).json() == {"factors": [], "paper": 0}
    assert (await fresh(stand)).status_code == 200


async def test_what_did_not_show_that_it_works_is_not_taken(stand: Stand) -> None:
    headers = await signed_in(stand)
    new = (await post(stand, "/totp", headers, password=PASSWORD)).json()
    got = await post(stand, "", headers, label="phone", state=new["state"], code=wrong(new["secret"]))
    assert (got.status_code, got.json()["code"]) == (422, "wrongCode")
    got = await post(stand, "", headers, label="phone", state="made up", code=code(new["secret"]))
    assert (got.status_code, got.json()["code"]) == (422, "tooLate")
    assert (await stand.http.get("/signin/factors")).json()["factors"] == []
    assert (await fresh(stand)).status_code == 200


async def test_a_second_one_of_a_name_is_refused(stand: Stand) -> None:
    headers, _, _ = await with_authenticator(stand)
    new = (await post(stand, "/totp", headers, password=PASSWORD)).json()
    got = await post(stand, "", headers, label="phone", state=new["state"], code=code(new["secret"]))
    assert got.status_code == 409
    got = await post(stand, "", headers, label="tablet", state=new["state"], code=code(new["secret"]))
    assert (got.status_code, got.json()) == (201, {"paper": []})


async def test_the_database_alone_has_no_secret(stand: Stand) -> None:
    _, secret, paper = await with_authenticator(stand)
    _, stored = await stand.house.store.read(OPERATOR, lambda tx: tx.credentials(ALICE))
    values = "\n".join(each.value for each in stored)
    assert secret not in values
    assert not any(each in values for each in paper)

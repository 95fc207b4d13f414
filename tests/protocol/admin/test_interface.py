"""Every operation of the interface, for everybody: who administers the server, a domain, nothing, or is a stranger."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import jsonschema
import pytest

from tests.protocol.admin.stand import ALICE, ANNA, FOREIGN, NEWS, ROOT, Stand
from web.admin.app import OPERATIONS
from web.admin.table import Operation

BY_NAME: Final = {each.name: each for each in OPERATIONS}
PATHS: Final = {
    "domain": "example.test", "address": ALICE, "service": "imap", "alias": "al@example.test", "member": ALICE,
    "setting": "imap", "rule": "big-mail",
}  # fmt: skip
BODIES: Final[Mapping[str, Mapping[str, Any]]] = {
    "addDomain": {"name": "new.test", "aliases": ["newer.test"]},
    "changeDomain": {"enabled": False, "aliases": ["example.org"]},
    "addAccount": {"local": "dora", "name": "Dora", "password": "horse battery"},
    "changeAccount": {"name": "Alice A.", "enabled": False},
    "setPassword": {"password": "another horse"},
    "addAlias": {"alias": "ally@example.test"},
    "addGroup": {"local": "team", "name": "The team"},
    "addList": {"local": "talk", "name": "Talk", "owners": [ALICE]},
    "changeList": {"name": "All the news", "enabled": False},
    "putSubscriber": {"name": "Carl", "delivery": "digest", "moderated": True},
    "moderateList": {"verdict": "approve"},
    "putListSetting": {"value": "all"},
    "putRule": {"at": "data", "all": ["messageSize greater 9"], "then": ["reject 552 5.3.4 big"], "note": "it is big"},
    "tryRules": {"from": "ann@far.test", "to": [ALICE], "message": "Subject: hello\n\nhello\n"},
    "putDomainSetting": {"value": False},
    "putAccountSetting": {"value": False},
}
"""Of the operations that take a body: one that is fine."""
BEFORE: Final = {
    "releaseMessage": "holdMessage", "removeModerator": "putModerator",
    **{f"unset{each}Setting": f"put{each}Setting" for each in ("Domain", "Account", "List")},
}  # fmt: skip
"""What has to be done before, so that there is something to change."""
READS: Final = [each.name for each in OPERATIONS if each.method == "GET"]
CHANGES: Final = [each.name for each in OPERATIONS if each.method != "GET"]
DRY: Final = "tryRules"
"""Asks by POST, and changes nothing."""
OWN_ANSWER: Final = {"describe", "overview", "listDomains", "ruleWords"}
"""What whoever administers something is answered, with what is their own."""


def path_of(each: Operation, message: int) -> str:
    """A path that is fine, about example.test."""
    address = {"groups": "crew@example.test", "lists": NEWS}.get(each.words[0], ALICE)
    member = {"putMember": "bob@example.test", "putSubscriber": "carl@far.test"}.get(each.name, ALICE)
    more = {"setting": "listModerate"} if each.words[0] == "lists" else {}
    return each.path.format(**{**PATHS, "address": address, "member": member, "number": message, **more})


async def asked(stand: Stand, headers: Mapping[str, str], name: str) -> Any:
    """The answer to a request that is fine."""
    each = BY_NAME[name]
    return await stand.ask(headers, each.method, path_of(each, stand.message), BODIES.get(name))


def test_every_operation_that_takes_a_body_has_one_here() -> None:
    assert set(BODIES) == {each.name for each in OPERATIONS if each.takes_body}


def test_names_and_routes_are_there_once() -> None:
    assert len(BY_NAME) == len(OPERATIONS) == len({(each.method, each.path) for each in OPERATIONS})


async def test_the_description_has_every_route_and_no_other(stand: Stand) -> None:
    told = (await asked(stand, await stand.session(ROOT), "describe")).json()
    there = {(verb.upper(), path) for path, verbs in told["paths"].items() for verb in verbs}
    assert there == {(each.method, each.path) for each in OPERATIONS}
    assert told["openapi"] == "3.1.0"
    for each in OPERATIONS:
        described = told["paths"][each.path][each.method.lower()]
        in_path = {one["name"] for one in described["parameters"] if one["in"] == "path"}
        assert in_path == {word[1:-1] for word in each.words if word.startswith("{")}
        assert ("requestBody" in described) == each.takes_body
        proofs = [one for one in described["parameters"] if one["name"] == "X-CSRF-Token"]
        assert len(proofs) == (each.method != "GET")


async def test_a_domain_that_is_empty_goes(stand: Stand) -> None:
    headers = await stand.session(ROOT)
    assert (await asked(stand, headers, "deleteDomain")).status_code == 422
    assert (await asked(stand, headers, "addDomain")).status_code == 200
    assert (await stand.ask(headers, "DELETE", "/domains/new.test")).status_code == 204
    assert (await stand.ask(headers, "GET", "/domains/new.test")).status_code == 404


@pytest.mark.parametrize("name", [name for name in BY_NAME if name != "deleteDomain"])
async def test_who_administers_the_server_is_answered_as_described(stand: Stand, name: str) -> None:
    headers = await stand.session(ROOT)
    told = (await asked(stand, headers, "describe")).json()
    each = BY_NAME[name]
    got = await asked(stand, headers, name)
    described = told["paths"][each.path][each.method.lower()]["responses"]
    assert str(got.status_code) in ("200", "204"), got.text
    assert str(got.status_code) in described
    if got.status_code == 200:
        schema = described["200"]["content"]["application/json"]["schema"]
        jsonschema.validate(got.json(), schema, jsonschema.Draft202012Validator)
    assert got.headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in got.headers["content-security-policy"]


@pytest.mark.parametrize("name", [name for name in CHANGES if name not in ("deleteDomain", DRY)])
async def test_what_changes_something_changes_it(stand: Stand, name: str) -> None:
    """Each change is seen in what is stored, so none is a dead button."""
    headers = await stand.session(ROOT)
    if name in BEFORE:
        before = BEFORE[name]
        assert (await asked(stand, headers, before)).status_code == 200
    if name == "retryMessage":
        await stand.put_off()
    was = await stand.state()
    got = await asked(stand, headers, name)
    assert got.status_code < 300, got.text
    assert await stand.state() != was


@pytest.mark.parametrize("name", list(BY_NAME))
async def test_a_domains_administrator_meets_that_domain_alone(stand: Stand, name: str) -> None:
    headers, was = await stand.session(ANNA), await stand.state()
    got = await asked(stand, headers, name)
    if name in OWN_ANSWER:
        assert got.status_code == 200
        assert "example.test" not in got.text
    else:
        assert got.status_code in (403, 404), got.text
    assert await stand.state() == was


@pytest.mark.parametrize("name", list(BY_NAME))
async def test_who_administers_nothing_is_told_so_whatever_is_asked(stand: Stand, name: str) -> None:
    headers, was = await stand.session(ALICE), await stand.state()
    got = await asked(stand, headers, name)
    assert (got.status_code, got.json()) == (403, {"error": f"{ALICE} administers nothing here."})
    assert await stand.state() == was


@pytest.mark.parametrize("name", list(BY_NAME))
async def test_a_stranger_is_asked_to_sign_in(stand: Stand, name: str) -> None:
    was = await stand.state()
    assert (await asked(stand, {}, name)).status_code == 401
    assert await stand.state() == was


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("how", ["without", "wrong", "foreign"])
async def test_what_changes_something_takes_a_page_of_ours(stand: Stand, name: str, how: str) -> None:
    headers, was = await stand.session(ROOT), await stand.state()
    if how == "without":
        del headers["x-csrf-token"]
    headers |= {"wrong": {"x-csrf-token": "0" * 64}, "foreign": FOREIGN}.get(how, {})
    assert (await asked(stand, headers, name)).status_code == 403
    assert await stand.state() == was


@pytest.mark.parametrize("name", READS)
async def test_a_page_of_another_site_reads_nothing(stand: Stand, name: str) -> None:
    assert (await asked(stand, {**await stand.session(ROOT), **FOREIGN}, name)).status_code == 403

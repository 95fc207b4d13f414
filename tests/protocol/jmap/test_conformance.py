"""Every method: its answer has the shape that the RFCs give it, and each kind of wrong request its own error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.protocol.jmap.scene import scene
from tests.support import jmapschemas as schemas
from tests.support.jmapschemas import shapes
from tests.support.jmapstand import Client, Stand
from web.jmap.limits import IN_GET, IN_SET
from web.jmap.methods import METHODS as ALL_METHODS

Json = dict[str, Any]
METHODS = [name for name in ALL_METHODS if not name.startswith("PushSubscription/")]
"""Those of accounts: a push subscription is of no account (`test_push_subscription`)."""
SETS = [name for name in METHODS if name.endswith("/set")]
GETS = [name for name in METHODS if name.endswith("/get") and name != "SearchSnippet/get"]
CHANGES = [name for name in METHODS if name.endswith("/changes")]
QUERIES = [name for name in METHODS if name.endswith("/query")]


def fits(schema: Mapping[str, Any], value: Any) -> None:
    """Fails with each place where the value is not as the schema says."""
    wrong = [f"{each.json_path}: {each.message[:300]}" for each in Draft202012Validator(schema).iter_errors(value)]
    assert wrong == []


def test_every_method_has_a_schema() -> None:
    assert schemas.RESPONSES.keys() == ALL_METHODS.keys()


EMPTY = (
    "hanges",
    "MobileDevice/set",
    "VacationResponse/set",
    "ParticipantIdentity/set",
    "Principal/set",
    "Notification/set",
    "Access/set",
    "Device/set",
    "Settings/set",
    "RemovedItem/set",
    "/explain",
)
"""Methods that make nothing in the scene."""


async def test_every_answer_has_the_shape_that_it_should_have(stand: Stand, alice: Client) -> None:
    asked = await scene(stand, alice)
    assert asked.keys() == set(METHODS)
    account = await alice.account()
    for name, given in asked.items():
        if name == "Quota/changes":
            given = {"sinceState": (await alice.call("Quota/get", ids=[]))["state"]}
        answers = await alice.calls((name, {"accountId": account, **given}))
        assert answers[0][0] == name, answers
        fits(schemas.RESPONSES[name], answers[0][1])
        found = answers[0][1]
        told = found.get("list", found.get("ids", found.get("created", found.get("parsed", found.get("copied", 1)))))
        assert told or name.endswith(EMPTY), (name, found)
    fits(schemas.SESSION, (await alice.get("/jmap/session")).json())


@pytest.mark.parametrize("name", METHODS)
async def test_each_kind_of_wrong_request_has_its_error(alice: Client, name: str) -> None:
    account = await alice.account()
    for given, kind in (
        ({}, "invalidArguments"),
        ({"accountId": 7}, "invalidArguments"),
        ({"accountId": account, "odd": 1}, "invalidArguments"),
        ({"accountId": account, "#odd": {"resultOf": "x", "name": name, "path": "/"}}, "invalidResultReference"),
    ):
        [[said, error]] = await alice.calls((name, given))
        assert (said, error["type"]) == ("error", kind), given
        fits(shapes.ERROR, error)
    body = {"using": ["urn:ietf:params:jmap:core"], "methodCalls": [[name, {"accountId": account}, "0"]]}
    [[said, error, _]] = (await alice.post(body)).json()["methodResponses"]
    assert said == "error" and error["type"] == ("invalidArguments" if name == "Blob/copy" else "unknownMethod")


WANTED: dict[str, Json] = {
    "MDN/send": {"identityId": "X1", "send": {}},
    "MDN/parse": {"blobIds": []},
    "Blob/upload": {"create": {}},
    "Blob/lookup": {"ids": [], "typeNames": []},
    "Blob/copy": {"fromAccountId": "A999999", "blobIds": []},
    "Email/import": {"emails": {}},
    "Email/copy": {"fromAccountId": "A888888", "create": {}},
    "ContactCard/copy": {"fromAccountId": "A888888", "create": {}},
    "SieveScript/validate": {"blobId": "S1"},
    "Task/copy": {"fromAccountId": "A888888", "create": {}},
    "ContactCard/parse": {"blobIds": []},
    "ContactCard/export": {"ids": []},
    "Note/copy": {"fromAccountId": "A888888", "create": {}},
    "JournalEntry/copy": {"fromAccountId": "A888888", "create": {}},
    "SieveScript/try": {"blobId": "S1", "mailboxId": "F1"},
    "FolderAccess/explain": {"id": "F1", "principalId": "Px"},
    "RemoteMailbox/fetch": {"ids": []},
    "CalendarSource/fetch": {"ids": []},
    "RemovedItem/restore": {"ids": []},
    "Principal/getAvailability": {"id": "Px", "utcStart": "2025-03-01T00:00:00Z", "utcEnd": "2025-04-01T00:00:00Z"},
    "CalendarEvent/copy": {"fromAccountId": "A888888", "create": {}},
    "CalendarEvent/parse": {"blobIds": []},
    "CalendarEvent/import": {"calendarId": "F1", "blobId": "U1"},
    "CalendarEvent/export": {"calendarId": "F1"},
    "CalendarEvent/timeline": {"id": "E1"},
    "CalendarEvent/propose": {"id": "E1", "start": "2025-03-03T15:00:00", "duration": "PT1H"},
    "MeetingProposal/answer": {"id": "Q1", "accept": True},
    "Email/parse": {"blobIds": []},
    "SearchSnippet/get": {"emailIds": []},
    **{name: {"sinceState": "0-0000000000000000"} for name in CHANGES},
    **{name: {"sinceQueryState": "Q0"} for name in METHODS if name.endswith("/queryChanges")},
    **{name: {"ids": []} for name in GETS},
}
"""Arguments that a method cannot do without."""


@pytest.mark.parametrize("name", METHODS)
async def test_an_account_that_is_not_there_is_said_to_be_absent(alice: Client, name: str) -> None:
    kind = await alice.refused(name, accountId="A999999", **WANTED.get(name, {}))
    assert kind in ("accountNotFound", "fromAccountNotFound")


@pytest.mark.parametrize("name", SETS)
async def test_every_set_has_the_same_limits(alice: Client, name: str) -> None:
    many = {f"k{number}": {} for number in range(IN_SET + 1)}
    assert await alice.refused(name, create=many) == "requestTooLarge"
    assert await alice.refused(name, ifInState="0-00") == "stateMismatch"
    assert await alice.refused(name, create=[]) == "invalidArguments"
    got = await alice.call(name)
    fits(shapes.SET, got)
    assert got["oldState"] == got["newState"]


@pytest.mark.parametrize("name", GETS)
async def test_every_get_has_the_same_limits(alice: Client, name: str) -> None:
    assert await alice.refused(name, ids=[f"X{number}" for number in range(IN_GET + 1)]) == "requestTooLarge"
    assert await alice.refused(name, ids=[], properties=["odd"]) == "invalidArguments"
    assert await alice.refused(name, ids=["bad id"]) == "invalidArguments"
    got = await alice.call(name, ids=["X1", "X1"])
    fits(schemas.RESPONSES[name], got)
    assert got["notFound"] == ["X1"]


@pytest.mark.parametrize("name", CHANGES)
async def test_every_state_that_nobody_knows_is_said_so(alice: Client, name: str) -> None:
    for state in ("nothing", "999999999-0000000000000000", ""):
        assert await alice.refused(name, sinceState=state) == "cannotCalculateChanges"
    assert await alice.refused(name, sinceState="x", maxChanges=0) == "invalidArguments"
    kind = name.partition("/")[0]
    now = (await alice.call(f"{kind}/get", ids=[]))["state"]
    got = await alice.call(name, sinceState=now)
    assert (got["created"], got["updated"], got["destroyed"], got["newState"]) == ([], [], [], now)


@pytest.mark.parametrize("name", QUERIES)
async def test_every_query_has_the_same_limits(alice: Client, name: str) -> None:
    assert await alice.refused(name, filter={"odd": 1}) == "unsupportedFilter"
    assert await alice.refused(name, sort=[{"property": "odd"}]) == "unsupportedSort"
    assert await alice.refused(name, anchor="X9") == "anchorNotFound"
    assert await alice.refused(name, limit=-1) == "invalidArguments"
    got = await alice.call(name, position=1000, calculateTotal=True)
    fits(shapes.QUERY, got)
    assert got["ids"] == []

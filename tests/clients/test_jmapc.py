"""The Python library jmapc: changes, queries of changes, threads, snippets, identities and copies, as it sends them."""

from __future__ import annotations

from typing import Any, TypeVar

import jmapc
from jmapc import methods

from tests.clients.account import Account
from tests.clients.test_jmap import Connect, connect, draft, mailbox

__all__ = ["connect"]
R = TypeVar("R")


def asked(of: jmapc.Client, kind: type[R], method: Any) -> R:
    """The answer, which is of that kind."""
    found = of.request(method, raise_errors=True)
    assert isinstance(found, kind), found
    return found


def test_jmapc_echoes_and_learns_of_errors(connect: Connect, alice: Account) -> None:
    here = connect(alice)
    assert asked(here, methods.CoreEchoResponse, methods.CoreEcho(data={"a": 1})).data == {"a": 1}
    unknown = here.request(methods.MailboxChanges(since_state="long ago"))
    assert isinstance(unknown, jmapc.Error) and unknown.type == "cannotCalculateChanges"
    refused = here.request(methods.EmailGet(ids=[f"M{number}" for number in range(501)]))
    assert isinstance(refused, jmapc.Error) and refused.type == "requestTooLarge"


def test_jmapc_follows_what_became_of_mail(connect: Connect, alice: Account) -> None:
    here = connect(alice)
    sought = jmapc.EmailQueryFilterCondition(in_mailbox=mailbox(here, "inbox"))
    before = asked(here, methods.EmailGetResponse, methods.EmailGet(ids=[])).state
    query = asked(here, methods.EmailQueryResponse, methods.EmailQuery(filter=sought))
    threads = asked(here, methods.ThreadGetResponse, methods.ThreadGet(ids=[])).state
    boxes = asked(here, methods.MailboxGetResponse, methods.MailboxGet(ids=[])).state
    alice.put(b"Message-ID: <a@far.test>\r\nSubject: tea and cake\r\n\r\nHello\r\n")
    told = asked(here, methods.EmailChangesResponse, methods.EmailChanges(since_state=str(before)))
    [email] = told.created
    assert (told.updated, told.destroyed, told.has_more_changes) == ([], [], False)
    asked_for = methods.EmailQueryChanges(filter=sought, since_query_state=str(query.query_state))
    came = asked(here, methods.EmailQueryChangesResponse, asked_for)
    assert [(each.id, each.index) for each in came.added or ()] == [(email, 0)]
    assert asked(here, methods.MailboxChangesResponse, methods.MailboxChanges(since_state=str(boxes))).updated
    turned = asked(here, methods.ThreadChangesResponse, methods.ThreadChanges(since_state=str(threads)))
    [thread] = asked(here, methods.ThreadGetResponse, methods.ThreadGet(ids=turned.updated)).data
    assert thread.email_ids == [email]


def test_jmapc_finds_words_and_shows_where(connect: Connect, alice: Account) -> None:
    here = connect(alice)
    alice.put(b"Subject: tea and cake\r\nFrom: Ann <ann@far.test>\r\n\r\nHello there\r\n")
    alice.put(b"Subject: nothing of that\r\n\r\nHello\r\n")
    words = jmapc.EmailQueryFilterCondition(text="cake")
    both = jmapc.EmailQueryFilterOperator(
        operator=jmapc.Operator.AND, conditions=[words, jmapc.EmailQueryFilterCondition(mail_from="ann")]
    )
    order = [jmapc.Comparator(property="subject"), jmapc.Comparator(property="receivedAt", is_ascending=False)]
    found = asked(here, methods.EmailQueryResponse, methods.EmailQuery(filter=both, sort=order, calculate_total=True))
    assert (len(found.ids), found.total) == (1, 1)
    shown = asked(here, methods.SearchSnippetGetResponse, methods.SearchSnippetGet(ids=found.ids, filter=words))
    assert [each.subject for each in shown.data] == ["tea and <mark>cake</mark>"]


def test_jmapc_knows_who_one_is(connect: Connect, alice: Account) -> None:
    here = connect(alice)
    found = asked(here, methods.IdentityGetResponse, methods.IdentityGet())
    assert [each.email for each in found.data] == [alice.address]
    changed = asked(here, methods.IdentityChangesResponse, methods.IdentityChanges(since_state=str(found.state)))
    assert (changed.created, changed.updated, changed.destroyed) == ([], [], [])


def test_jmapc_lists_what_was_sent(connect: Connect, alice: Account, bob: Account) -> None:
    here = connect(alice)
    [identity, *_] = asked(here, methods.IdentityGetResponse, methods.IdentityGet()).data
    before = asked(here, methods.EmailSubmissionGetResponse, methods.EmailSubmissionGet(ids=[])).state
    submission = jmapc.EmailSubmission(email_id=draft(here, alice.address, bob.address), identity_id=identity.id)
    here.request(methods.EmailSubmissionSet(create={"s": submission}), raise_errors=True)
    state = methods.EmailSubmissionChanges(since_state=str(before))
    [sent] = asked(here, methods.EmailSubmissionChangesResponse, state).created
    mine = jmapc.EmailSubmissionQueryFilterCondition(identity_ids=[str(identity.id)])
    found = asked(here, methods.EmailSubmissionQueryResponse, methods.EmailSubmissionQuery(filter=mine))
    assert found.ids == [sent]
    late = methods.EmailSubmissionQueryChanges(filter=mine, since_query_state=str(found.query_state))
    assert asked(here, methods.EmailSubmissionQueryChangesResponse, late).added == []
    assert len(bob.until(1)) == 1


def test_jmapc_arranges_mailboxes(connect: Connect, alice: Account) -> None:
    here = connect(alice)
    tree = {"a": jmapc.Mailbox(name="Above"), "b": jmapc.Mailbox(name="Below", parent_id="#a")}
    made = asked(here, methods.MailboxSetResponse, methods.MailboxSet(create=tree)).created or {}
    above, below = str(made["a"].id), str(made["b"].id)
    inside = jmapc.MailboxQueryFilterCondition(parent_id=above)
    found = asked(here, methods.MailboxQueryResponse, methods.MailboxQuery(filter=inside))
    assert found.ids == [below]
    query = methods.MailboxQueryChanges(filter=inside, since_query_state=str(found.query_state))
    asked(here, methods.MailboxSetResponse, methods.MailboxSet(update={below: {"parentId": None}}))
    assert asked(here, methods.MailboxQueryChangesResponse, query).removed == [below]
    refused = asked(here, methods.MailboxSetResponse, methods.MailboxSet(destroy=["F999999"])).not_destroyed or {}
    assert refused["F999999"].type == "notFound"

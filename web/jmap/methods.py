"""The table of methods, and how a request's calls are answered one after the other. RFC 8620 §3.3."""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from groupware.model.errors import GroupwareError
from web.jmap import (
    access,
    access_requests,
    availability,
    blob_methods,
    books,
    calendar_files,
    calendars,
    card,
    card_files,
    card_query,
    card_set,
    devices,
    directory,
    email_changes,
    email_get,
    email_import,
    email_parse,
    email_query,
    email_set,
    event,
    event_notices,
    event_query,
    event_set,
    fetched,
    holders_set,
    identity,
    labels,
    mailbox,
    mailbox_query,
    mailbox_set,
    mdn,
    meetings,
    notes,
    notification,
    principal,
    push,
    quota,
    remote,
    removed,
    senders,
    sets,
    sieve_lab,
    sieve_script,
    snippet,
    sources,
    submission,
    submission_set,
    task_set,
    tasks,
    thing_copy,
    thread,
    vacation,
)
from web.jmap.arguments import ChangesArguments, GetArguments, QueryArguments, QueryChangesArguments, taken
from web.jmap.errors import MethodError, method_error
from web.jmap.limits import (
    ACCESS,
    AVAILABILITY,
    BLOB,
    CALENDAR_FILES,
    CALENDAR_SOURCES,
    CALENDARS,
    CALENDARS_PARSE,
    CARDS,
    CONTACTS,
    CORE,
    DEVICES,
    LAB,
    LABELS,
    MAIL,
    MDN,
    MEETINGS,
    NOTES,
    PRINCIPALS,
    QUOTA,
    REMOTE,
    REMOVED,
    SENDERS,
    SIEVE,
    SUBMISSION,
    TASKS,
    TEMPORARY,
    VACATION,
)
from web.jmap.references import Answer, References
from web.jmap.request import Call, Request
from web.jmap.turn import Turn

Handler = Callable[[Turn, Any], Awaitable[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Method:
    """A handler, its arguments, and the capability that it belongs to."""

    capability: str
    arguments: type[Any]
    run: Handler


METHODS: Final[Mapping[str, Method]] = {
    "Blob/upload": Method(BLOB, blob_methods.UploadArguments, blob_methods.upload),
    "Blob/get": Method(BLOB, blob_methods.FetchArguments, blob_methods.get),
    "Blob/lookup": Method(BLOB, blob_methods.LookupArguments, blob_methods.lookup),
    "Blob/copy": Method(CORE, blob_methods.CopyArguments, blob_methods.copy),
    "PushSubscription/get": Method(CORE, push.Fetched, push.get),
    "PushSubscription/set": Method(CORE, push.Changes, push.set_),
    "Mailbox/get": Method(MAIL, GetArguments, mailbox.get),
    "Mailbox/changes": Method(MAIL, ChangesArguments, mailbox.changes),
    "Mailbox/query": Method(MAIL, mailbox_query.Arguments, mailbox_query.query),
    "Mailbox/queryChanges": Method(MAIL, mailbox_query.ChangedArguments, mailbox_query.query_changes),
    "Mailbox/set": Method(MAIL, mailbox_set.Arguments, mailbox_set.set_),
    "Identity/get": Method(SUBMISSION, GetArguments, identity.get),
    "Identity/changes": Method(SUBMISSION, ChangesArguments, identity.changes),
    "Identity/set": Method(SUBMISSION, sets.SetArguments, identity.set_),
    "EmailSubmission/get": Method(SUBMISSION, GetArguments, submission.get),
    "EmailSubmission/changes": Method(SUBMISSION, ChangesArguments, submission.changes),
    "EmailSubmission/query": Method(SUBMISSION, QueryArguments, submission.query),
    "EmailSubmission/queryChanges": Method(SUBMISSION, QueryChangesArguments, submission.query_changes),
    "EmailSubmission/set": Method(SUBMISSION, submission_set.Arguments, submission_set.set_),
    "MDN/send": Method(MDN, mdn.SendArguments, mdn.send),
    "MDN/parse": Method(MDN, mdn.ParseArguments, mdn.parse),
    "VacationResponse/get": Method(VACATION, GetArguments, vacation.get),
    "VacationResponse/set": Method(VACATION, sets.SetArguments, vacation.set_),
    "Quota/get": Method(QUOTA, GetArguments, quota.get),
    "Quota/changes": Method(QUOTA, ChangesArguments, quota.changes),
    "Quota/query": Method(QUOTA, QueryArguments, quota.query),
    "Quota/queryChanges": Method(QUOTA, QueryChangesArguments, quota.query_changes),
    "AddressBook/get": Method(CONTACTS, GetArguments, books.get),
    "AddressBook/changes": Method(CONTACTS, ChangesArguments, books.changes),
    "AddressBook/set": Method(CONTACTS, holders_set.BookArguments, books.set_),
    "ContactCard/get": Method(CONTACTS, GetArguments, card.get),
    "ContactCard/changes": Method(CONTACTS, ChangesArguments, books.card_changes),
    "ContactCard/query": Method(CONTACTS, QueryArguments, card_query.query),
    "ContactCard/queryChanges": Method(CONTACTS, QueryChangesArguments, card_query.query_changes),
    "ContactCard/set": Method(CONTACTS, sets.SetArguments, card_set.set_),
    "ContactCard/copy": Method(CONTACTS, thing_copy.Arguments, books.card_copy),
    "ContactCard/parse": Method(CARDS, card_files.ParseArguments, card_files.parse),
    "ContactCard/export": Method(CARDS, card_files.ExportArguments, card_files.export),
    "Calendar/get": Method(CALENDARS, GetArguments, calendars.get),
    "Calendar/changes": Method(CALENDARS, ChangesArguments, calendars.changes),
    "Calendar/set": Method(CALENDARS, holders_set.CalendarArguments, calendars.set_),
    "CalendarEvent/get": Method(CALENDARS, event.Arguments, event.get),
    "CalendarEvent/changes": Method(CALENDARS, ChangesArguments, calendars.event_changes),
    "CalendarEvent/query": Method(CALENDARS, event_query.Arguments, event_query.query),
    "CalendarEvent/queryChanges": Method(CALENDARS, event_query.ChangedArguments, event_query.query_changes),
    "CalendarEvent/set": Method(CALENDARS, event_set.Arguments, event_set.set_),
    "CalendarEvent/copy": Method(CALENDARS, thing_copy.Arguments, event_set.copy),
    "CalendarEvent/parse": Method(CALENDARS_PARSE, event_set.ParseArguments, event_set.parse),
    "CalendarEventNotification/get": Method(CALENDARS, GetArguments, event_notices.get),
    "CalendarEventNotification/changes": Method(CALENDARS, ChangesArguments, event_notices.changes),
    "CalendarEventNotification/query": Method(CALENDARS, QueryArguments, event_notices.query),
    "CalendarEventNotification/queryChanges": Method(CALENDARS, QueryChangesArguments, event_notices.query_changes),
    "CalendarEventNotification/set": Method(CALENDARS, sets.SetArguments, event_notices.set_),
    "ParticipantIdentity/get": Method(CALENDARS, GetArguments, calendars.identities),
    "ParticipantIdentity/changes": Method(CALENDARS, ChangesArguments, calendars.identity_changes),
    "ParticipantIdentity/set": Method(CALENDARS, sets.SetArguments, calendars.identities_set),
    "Principal/get": Method(PRINCIPALS, GetArguments, principal.get),
    "Principal/changes": Method(PRINCIPALS, ChangesArguments, principal.changes),
    "Principal/query": Method(PRINCIPALS, QueryArguments, principal.query),
    "Principal/queryChanges": Method(PRINCIPALS, QueryChangesArguments, principal.query_changes),
    "Principal/set": Method(PRINCIPALS, sets.SetArguments, principal.set_),
    "Principal/getAvailability": Method(AVAILABILITY, availability.Arguments, availability.availability),
    "ShareNotification/get": Method(PRINCIPALS, GetArguments, notification.get),
    "ShareNotification/changes": Method(PRINCIPALS, ChangesArguments, notification.changes),
    "ShareNotification/query": Method(PRINCIPALS, QueryArguments, notification.query),
    "ShareNotification/queryChanges": Method(PRINCIPALS, QueryChangesArguments, notification.query_changes),
    "ShareNotification/set": Method(PRINCIPALS, sets.SetArguments, notification.set_),
    "TaskList/get": Method(TASKS, GetArguments, tasks.lists),
    "TaskList/changes": Method(TASKS, ChangesArguments, tasks.list_changes),
    "TaskList/set": Method(TASKS, holders_set.ListArguments, tasks.lists_set),
    "Task/get": Method(TASKS, GetArguments, tasks.get),
    "Task/changes": Method(TASKS, ChangesArguments, tasks.changes),
    "Task/query": Method(TASKS, QueryArguments, tasks.query),
    "Task/queryChanges": Method(TASKS, QueryChangesArguments, tasks.query_changes),
    "Task/set": Method(TASKS, sets.SetArguments, task_set.set_),
    "Task/copy": Method(TASKS, thing_copy.Arguments, task_set.copy),
    "SieveScript/get": Method(SIEVE, GetArguments, sieve_script.get),
    "SieveScript/query": Method(SIEVE, QueryArguments, sieve_script.query),
    "SieveScript/set": Method(SIEVE, sieve_script.Arguments, sieve_script.set_),
    "SieveScript/validate": Method(SIEVE, sieve_script.ValidateArguments, sieve_script.validate),
    "SieveScript/try": Method(LAB, sieve_lab.Arguments, sieve_lab.try_),
    "Label/get": Method(LABELS, GetArguments, labels.get),
    "Label/changes": Method(LABELS, ChangesArguments, labels.changes),
    "Label/set": Method(LABELS, sets.SetArguments, labels.set_),
    "CalendarEvent/import": Method(CALENDAR_FILES, calendar_files.ImportArguments, calendar_files.import_),
    "CalendarEvent/export": Method(CALENDAR_FILES, calendar_files.ExportArguments, calendar_files.export),
    "CalendarEvent/timeline": Method(MEETINGS, meetings.TimelineArguments, meetings.timeline),
    "CalendarEvent/propose": Method(MEETINGS, meetings.ProposeArguments, meetings.propose),
    "MeetingProposal/get": Method(MEETINGS, GetArguments, meetings.get),
    "MeetingProposal/answer": Method(MEETINGS, meetings.AnswerArguments, meetings.answer),
    "RemoteMailbox/get": Method(REMOTE, GetArguments, remote.get),
    "RemoteMailbox/set": Method(REMOTE, sets.SetArguments, remote.set_),
    "RemoteMailbox/fetch": Method(REMOTE, fetched.FetchArguments, remote.fetch),
    "CalendarSource/get": Method(CALENDAR_SOURCES, GetArguments, sources.get),
    "CalendarSource/set": Method(CALENDAR_SOURCES, sets.SetArguments, sources.set_),
    "CalendarSource/fetch": Method(CALENDAR_SOURCES, fetched.FetchArguments, sources.fetch),
    "RemovedItem/get": Method(REMOVED, removed.Arguments, removed.get),
    "RemovedItem/set": Method(REMOVED, sets.SetArguments, removed.set_),
    "RemovedItem/restore": Method(REMOVED, removed.RestoreArguments, removed.restore),
    "SenderSettings/get": Method(SENDERS, GetArguments, senders.get),
    "SenderSettings/set": Method(SENDERS, sets.SetArguments, senders.set_),
    "TemporaryAddress/get": Method(TEMPORARY, GetArguments, senders.addresses),
    "TemporaryAddress/set": Method(TEMPORARY, sets.SetArguments, senders.addresses_set),
    "MobileDevice/get": Method(DEVICES, GetArguments, devices.get),
    "MobileDevice/set": Method(DEVICES, sets.SetArguments, devices.set_),
    "FolderAccess/get": Method(ACCESS, GetArguments, access.get),
    "FolderAccess/set": Method(ACCESS, sets.SetArguments, access.set_),
    "FolderAccess/explain": Method(ACCESS, access.ExplainArguments, access.explain),
    "AccessRequest/get": Method(ACCESS, GetArguments, access_requests.get),
    "AccessRequest/set": Method(ACCESS, sets.SetArguments, access_requests.set_),
    **{name: Method(NOTES, arguments, run) for name, (arguments, run) in notes.METHODS.items()},
    "Thread/get": Method(MAIL, GetArguments, thread.get),
    "Thread/changes": Method(MAIL, ChangesArguments, email_changes.thread_changes),
    "Email/get": Method(MAIL, email_get.Arguments, email_get.get),
    "Email/changes": Method(MAIL, ChangesArguments, email_changes.changes),
    "Email/query": Method(MAIL, email_query.Arguments, email_query.query),
    "Email/set": Method(MAIL, sets.SetArguments, email_set.set_),
    "Email/import": Method(MAIL, email_import.Arguments, email_import.import_),
    "Email/copy": Method(MAIL, email_import.CopyArguments, email_import.copy),
    "Email/parse": Method(MAIL, email_parse.Arguments, email_parse.parse),
    "SearchSnippet/get": Method(MAIL, snippet.Arguments, snippet.get),
    "Email/queryChanges": Method(MAIL, email_query.ChangedArguments, email_query.query_changes),
}
ECHO: Final = "Core/echo"


async def answers_to(turn: Turn, request: Request, failed: Callable[[str, str], None]) -> list[Answer]:
    """The answers to every call, in order. `failed` is told the method and the trace of an error of our own."""
    references = References()
    found = references.answers
    for call in request.calls:
        try:
            found.append((call.name, await _answer(turn, request, call, references), call.id))
            found += [(name, answer, call.id) for name, answer in turn.following]
        except MethodError as error:
            found.append(("error", error.value, call.id))
        except GroupwareError as error:
            found.append(("error", method_error(error).value, call.id))
        except Exception:
            failed(call.name, traceback.format_exc())
            found.append(("error", MethodError("serverFail", "an error of the server's own").value, call.id))
        turn.following.clear()
    return found


async def _answer(turn: Turn, request: Request, call: Call, before: References) -> Mapping[str, Any]:
    method = METHODS.get(call.name)
    capability = CORE if call.name == ECHO else method.capability if method is not None else ""
    if capability not in request.using:
        raise MethodError("unknownMethod", f"{call.name[:60]!r} is no method of what `using` names")
    given = before.resolved(call.arguments)
    if method is None:
        return given
    if isinstance(given.get("ids"), list):
        given["ids"] = [turn.real(each) if isinstance(each, str) else each for each in given["ids"]]
    if given.get("accountId") == directory.ACCOUNT:
        return await directory.answer(turn, call.name, taken(method.arguments, given))
    return await method.run(turn, taken(method.arguments, given))

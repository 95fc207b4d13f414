"""The properties of items in the order of the schema, and the elements that tell them. types.xsd."""

from __future__ import annotations

from typing import Final

_ITEM: Final = (
    "MimeContent ItemId ParentFolderId ItemClass Subject Sensitivity Body Attachments DateTimeReceived Size"
    " Categories Importance InReplyTo IsSubmitted IsDraft IsFromMe IsResend IsUnmodified"
    " InternetMessageHeaders DateTimeSent DateTimeCreated ResponseObjects ReminderDueBy ReminderIsSet"
    " ReminderNextTime ReminderMinutesBeforeStart DisplayCc DisplayTo DisplayBcc HasAttachments"
)
_BEHIND: Final = (
    "Culture EffectiveRights LastModifiedName LastModifiedTime IsAssociated WebClientReadFormQueryString"
    " WebClientEditFormQueryString ConversationId UniqueBody Flag StoreEntryId InstanceKey NormalizedBody"
    " Preview TextBody"
)
_MESSAGE: Final = (
    "Sender ToRecipients CcRecipients BccRecipients IsReadReceiptRequested IsDeliveryReceiptRequested"
    " ConversationIndex ConversationTopic From InternetMessageId IsRead IsResponseRequested References ReplyTo"
    " ReceivedBy ReceivedRepresenting"
)
_MEETING: Final = "AssociatedCalendarItemId IsDelegated IsOutOfDate HasBeenProcessed ResponseType"
_CALENDAR_ID: Final = "UID RecurrenceId DateTimeStamp"
_REQUEST: Final = "MeetingRequestType IntendedFreeBusyStatus"
_CALENDAR: Final = (
    "Start End OriginalStart IsAllDayEvent LegacyFreeBusyStatus Location When IsMeeting IsCancelled"
    " IsRecurring MeetingRequestWasSent IsResponseRequested CalendarItemType MyResponseType Organizer"
    " RequiredAttendees OptionalAttendees Resources ConflictingMeetingCount AdjacentMeetingCount Duration"
    " TimeZone AppointmentReplyTime AppointmentSequenceNumber AppointmentState Recurrence FirstOccurrence"
    " LastOccurrence ModifiedOccurrences DeletedOccurrences StartTimeZone EndTimeZone ConferenceType"
    " AllowNewTimeProposal IsOnlineMeeting MeetingWorkspaceUrl NetShowUrl JoinOnlineMeetingUrl"
)
_TASK: Final = (
    "ActualWork AssignedTime BillingInformation ChangeCount Companies CompleteDate Contacts DelegationState"
    " Delegator DueDate IsAssignmentEditable IsComplete IsRecurring IsTeamTask Mileage Owner PercentComplete"
    " Recurrence StartDate Status StatusDescription TotalWork"
)
_CONTACT: Final = (
    "FileAs FileAsMapping DisplayName GivenName Initials MiddleName Nickname CompleteName CompanyName"
    " EmailAddresses PhysicalAddresses PhoneNumbers AssistantName Birthday BusinessHomePage Children Companies"
    " ContactSource Department Generation ImAddresses JobTitle Manager Mileage OfficeLocation"
    " PostalAddressIndex Profession SpouseName Surname WeddingAnniversary HasPicture Notes"
    " UserSMIMECertificate DirectoryId"
)


def _of(space: str, names: str) -> list[str]:
    return [f"{space}:{name}" for name in names.split()]


_URIS: Final = [
    *_of("item", _ITEM),
    "extended",
    *_of("item", _BEHIND),
    *_of("message", _MESSAGE),
    *_of("meeting", _MEETING),
    *_of("calendar", _CALENDAR_ID),
    *_of("meetingRequest", _REQUEST),
    *_of("calendar", _CALENDAR),
    *_of("task", _TASK),
    *_of("contacts", _CONTACT),
    "distributionlist:Members",
]
ORDER: Final = {uri: place for place, uri in enumerate(_URIS)}
"""Where each stands."""
PLACE: Final = ORDER["extended"]
"""Where extended properties stand."""
TAGS: Final = {uri: uri.partition(":")[2] for uri in _URIS}
"""The name of each element."""

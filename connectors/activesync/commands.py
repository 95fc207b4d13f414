"""The table of commands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connectors.activesync.exchange import Handler
from connectors.activesync.foldersync import foldercreate, folderdelete, foldersync, folderupdate
from connectors.activesync.mail.compose import sendmail, smartforward, smartreply
from connectors.activesync.mail.move import moveitems
from connectors.activesync.mail.operations import getattachment, itemoperations
from connectors.activesync.people.resolve import resolverecipients, validatecert
from connectors.activesync.people.search import find, search
from connectors.activesync.people.settings import settings
from connectors.activesync.pim.response import meetingresponse
from connectors.activesync.provision import provision
from connectors.activesync.sync.estimate import getitemestimate
from connectors.activesync.sync.ping import ping
from connectors.activesync.sync.sync import sync

HANDLERS: Final[Mapping[str, Handler]] = {
    "Sync": sync,
    "SendMail": sendmail,
    "SmartForward": smartforward,
    "SmartReply": smartreply,
    "GetAttachment": getattachment,
    "FolderSync": foldersync,
    "FolderCreate": foldercreate,
    "FolderDelete": folderdelete,
    "FolderUpdate": folderupdate,
    "MoveItems": moveitems,
    "GetItemEstimate": getitemestimate,
    "MeetingResponse": meetingresponse,
    "Search": search,
    "Settings": settings,
    "Ping": ping,
    "ItemOperations": itemoperations,
    "Provision": provision,
    "ResolveRecipients": resolverecipients,
    "ValidateCert": validatecert,
    "Find": find,
}

"""Which items there are, by the kind of folder that they are in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connectors.activesync.mail.changes import MAIL
from connectors.activesync.pim.contacts import CONTACTS
from connectors.activesync.pim.events import EVENTS
from connectors.activesync.pim.notes import NOTES
from connectors.activesync.pim.tasks import TASKS
from connectors.activesync.sync.kinds import Kinds
from groupware.model.item import Kind

KINDS: Final[Mapping[Kind, Kinds]] = {
    Kind.MAIL: MAIL,
    Kind.CALENDAR: EVENTS,
    Kind.CONTACTS: CONTACTS,
    Kind.TASKS: TASKS,
    Kind.NOTES: NOTES,
}

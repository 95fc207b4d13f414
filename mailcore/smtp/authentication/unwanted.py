"""What the checks of senders have marked for Junk goes there: a link of the chain of filters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from groupware.model.event import Target
from groupware.model.folder import Destination, Role
from mailcore.queue.dsn import header_of
from mailcore.queue.filters import Case, Disposition, Filing, Filter, Judge, Level, Said, Verdict
from mailcore.server.parts import Parts, ServiceSetup
from mailcore.smtp.authentication.results import JUNK, is_junk
from mailcore.smtp.correspondents import correspondents

PRIORITY: Final = 50
_MARK: Final = JUNK.encode()
_JUNK: Final = Disposition((Filing(Destination(role=Role.JUNK)),))


def unwanted(parts: Parts, setup: ServiceSetup) -> Sequence[Filter]:
    """The link, behind which what scanners and rules say counts more; and that by which accounts judge senders."""
    config = setup.config
    authserv_id = config.smtp.authentication.authserv_id or config.host
    return Unwanted(authserv_id), correspondents(parts, config, authserv_id)


class Unwanted:
    """Files what carries the mark of this very server."""

    level: Level = "server"
    priority = PRIORITY
    fails: Literal["open", "later"] = "open"
    name = "senders"

    def __init__(self, authserv_id: str) -> None:
        self._id = authserv_id

    async def judges(self, targets: Sequence[Target], octets: bytes) -> Mapping[Target, Judge]:
        """All targets here of a message with the mark; of others none, after a look at the header."""
        header = header_of(octets)
        here = [each for each in targets if each.kind != "remote"]
        return dict.fromkeys(here, _judge) if _MARK in header and is_junk(header, self._id) else {}


async def _judge(case: Case) -> Verdict:
    return Verdict(_JUNK, said=(Said("into Junk: its sender is not who it says"),))

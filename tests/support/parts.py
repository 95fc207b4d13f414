"""Parts for tests of the server's frame: a log, and nothing behind it."""

from collections.abc import Callable
from typing import Any, cast

from mailcore.server.counters import Counters
from mailcore.server.events import EventLog
from mailcore.server.parts import Parts


def only_log(log: Callable[[str], EventLog]) -> Parts:
    """Parts of a server whose services need nothing but a log."""
    nothing = cast(Any, None)
    return Parts(
        log=log,
        store=nothing,
        blobs=nothing,
        bus=nothing,
        directory=nothing,
        counters=Counters(),
        dns=nothing,
        secret=b"",
    )

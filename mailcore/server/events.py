"""The seam to the log: named events with facts, as `log.get(module)` gives them."""

from typing import Protocol

from mailcore.server.log_line import Level


class EventLog(Protocol):
    """Where one module's events go. An event is a constant; what varies is in the facts."""

    def info(self, event: str, **facts: object) -> object:
        """Note what happened."""
        ...

    def protocol(self, event: str, **facts: object) -> object:
        """Note what went over the wire."""
        ...

    def wants(self, level: Level) -> bool:
        """Whether such a line would be written."""
        ...

    def warning(self, event: str, **facts: object) -> object:
        """Note what somebody should look at some day."""
        ...

    def error(self, event: str, **facts: object) -> object:
        """Note what somebody should look at now."""
        ...

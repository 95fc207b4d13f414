"""The section of the configuration about calendars that are fetched from elsewhere."""

from __future__ import annotations

from mailcore.server.declare import File, Many, Section, key


class SubscriptionsSection(Section):
    """Calendars that people subscribe to: what the service `subscriptions` may ask of other servers."""

    private: bool = key("Calendars may be at private addresses too: for those of one's own network", False)
    ports: Many[int] = key("Ports that they may be at; none: all", (80, 443))
    authorities: File | None = key(
        "Certificates of authorities (PEM) that are trusted beside the system's", None, example="own-ca.pem"
    )
    max_size: int = key("KB of one calendar; a larger one is not taken", 10240, ge=1, le=1_048_576)
    max_objects: int = key("Events of one calendar; one with more is not taken", 10_000, ge=1, le=1_000_000)
    answer_timeout: int = key("Seconds another server may be silent", 20, ge=1, le=600)
    fetch_timeout: int = key("Seconds until one calendar has come, all together", 120, ge=1, le=480)

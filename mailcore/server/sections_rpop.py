"""The section of the configuration about mailboxes of other servers that are fetched."""

from __future__ import annotations

from mailcore.server.declare import File, Many, Section, key


class RpopSection(Section):
    """Remote POP: what the service `rpop` may ask of other servers."""

    private: bool = key("Servers may be at private addresses too: for those of one's own network", False)
    ports: Many[int] = key("Ports that they may be at; none: all", (110, 995))
    authorities: File | None = key(
        "Certificates of authorities (PEM) that are trusted beside the system's", None, example="own-ca.pem"
    )
    max_message_size: int = key("KB of one message; a larger one stays where it is", 25600, ge=1, le=2_097_151)
    answer_timeout: int = key("Seconds another server may be silent", 60, ge=1, le=600)

"""The section of the configuration about the webmail."""

from __future__ import annotations

from mailcore.server.declare import Section, key


class WebmailSection(Section):
    """The webmail, and sessions of browsers."""

    session_idle_timeout: int = key(
        "Seconds without a request after which a session ends, unless its owner stays signed in; 0: none",
        900,
        known_as="sessionIdleTimeout",
        ge=0,
        le=604800,
    )
    session_activity_timeout: int = key(
        "Seconds after which a session ends however much it is used",
        216000,
        known_as="sessionActivityTimeout",
        ge=60,
        le=31536000,
    )
    stay_signed_in: int = key(
        "Seconds that a session lasts whose owner asks to stay signed in; 0: nobody may", 2592000, ge=0, le=31536000
    )

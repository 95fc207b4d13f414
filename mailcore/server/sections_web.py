"""The sections of the configuration about the web: the webmail, and what programs are told that set themselves up."""

from typing import Final, Literal

from mailcore.server.declare import Many, Section, key, tables

Told = Literal["imap", "pop3", "smtp", "sieve", "caldav", "carddav", "jmap", "activesync", "ews"]
_OUTSIDE: Final = r"^(?:[A-Za-z0-9.-]+:[1-9][0-9]{0,4})?$"


class BrandSection(Section):
    """How the webmail looks under some of the server's names."""

    hosts: Many[str] = key("Names under which browsers come; *: every other", ("*",), example=["mail.example.org"])
    name: str = key("What it is called there", "Postroom", pattern=r"^[^\x00-\x1f\x7f]{1,40}$")
    logo: str = key(
        "Picture beside the name, a PNG, JPEG, GIF, WebP or SVG of 256 KB at most; empty: that of Postroom",
        "",
        example="logo.svg",
    )
    colour: str = key(
        "Colour of what is chosen and pressed; made darker or lighter until it can be read",
        "",
        pattern="^(?:#[0-9A-Fa-f]{6})?$",
        example="#0b6b5d",
    )


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
    strict_transport: int = key(
        "Seconds for which browsers that came by TLS come to this name by TLS alone (Strict-Transport-Security); 0: "
        "they are not told to",
        31536000,
        ge=0,
        le=63072000,
    )
    brand: Many[BrandSection] = tables("Names, logos and colours, by the name under which browsers come")


class OAuthSection(Section):
    """Tokens that programs get here, once their owner consents in the browser (OAuth)."""

    enabled: bool = key("Whether programs may ask for tokens, and sign in with them", True)
    access_time: int = key("Seconds that an access token lasts", 3600, ge=60, le=86400)
    refresh_time: int = key(
        "Seconds after which a program has to ask anew that has not used its refresh token",
        7776000,
        ge=3600,
        le=31536000,
    )


class AutodiscoverSection(Section):
    """What programs are told that set themselves up by an address."""

    enabled: bool = key("Whether programs may ask", True)
    told: Many[Told] = key(
        "What they are told of, where it is served",
        ("imap", "pop3", "smtp", "sieve", "caldav", "carddav", "jmap", "activesync", "ews"),
    )
    host: str = key(
        "Name under which they reach the mail services; empty: server_name",
        "",
        pattern="^[A-Za-z0-9.-]*$",
        max_length=255,
    )
    imap: str = key(
        "Where they reach IMAP with TLS at once, as mail.example.org:993; empty: by the listeners", "", pattern=_OUTSIDE
    )
    pop3: str = key("The same for POP3", "", pattern=_OUTSIDE)
    smtp: str = key("The same for submission", "", pattern=_OUTSIDE)
    sieve: str = key("The same for ManageSieve", "", pattern=_OUTSIDE)

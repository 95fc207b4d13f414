"""The configuration's section for an OpenID provider, whose tokens sign people in (OAUTHBEARER, XOAUTH2)."""

from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from mailcore.server.declare import File, Many, Section, key

Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]

_OWN: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class OpenIdSection(Section):
    """An OpenID provider whose access tokens sign people in."""

    enable: bool = key("Offer OAUTHBEARER and XOAUTH2", False)
    issuer: str = key("The provider's issuer, as its tokens name it", "", max_length=1024)
    method: Literal["jwt", "introspection"] = key(
        "How a token is checked: by its signature with the provider's keys, or by asking the provider (RFC 7662)", "jwt"
    )
    jwks_url: str = key("Where the keys are; empty: as the provider's discovery document says", "", max_length=1024)
    introspection_url: str = key("Where it is asked; empty: as the discovery document says", "", max_length=1024)
    client_id: str = key("The name this server asks under", "", max_length=1024)
    client_secret_file: File | None = key("File with the secret it asks with", None, example="openid.secret")
    audience: Many[str] = key("One of these a token has to be for", ())
    scope: Many[str] = key("All of these a token has to hold", ())
    claim: str = key("The claim that names the account", "email", min_length=1, max_length=255)
    algorithms: Many[Algorithm] = key("Signatures that are taken", ("RS256", "ES256"))
    leeway: int = key("Seconds by which clocks may differ", 30, ge=0, le=600)
    cache_time: int = key("Seconds for which a token that was found good is not checked again", 60, ge=0, le=3600)
    timeout: int = key("Seconds the provider has for an answer", 10, ge=1, le=60)
    ca_file: File | None = key("Authorities that its certificate is checked against; absent: the system's", None,
                               example="ca.crt")  # fmt: skip


def placed(section: OpenIdSection, data: Path) -> OpenIdSection:
    """The section with its files where they are: below the data folder unless absolute."""
    files = {"client_secret_file": section.client_secret_file, "ca_file": section.ca_file}
    return section.model_copy(update={name: data / file for name, file in files.items() if file is not None})


def incomplete(section: OpenIdSection) -> tuple[str, str] | None:
    """The key with which the section would not do, or would let anybody in, and what is wrong with it."""
    if not section.enable:
        return None
    for name in ("issuer", "jwks_url", "introspection_url"):
        url = str(getattr(section, name))
        if (url or name == "issuer") and not is_safe(url):
            return name, f"{url!r} has to be an https URL (http from this machine alone)"
    if not section.audience:
        return "audience", "say whom tokens are for; without it, one for any other service would open a mailbox here"
    for name, file in (("client_secret_file", section.client_secret_file), ("ca_file", section.ca_file)):
        if file is not None and not file.is_file():
            return name, f"there is no file {file}"
    return None


def is_safe(url: str) -> bool:
    """Whether nobody on the way can change what comes from there."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in _OWN))

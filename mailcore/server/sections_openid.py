"""The configuration's section for an OpenID provider, whose tokens sign people in (OAUTHBEARER, XOAUTH2)."""

from typing import Literal

from mailcore.server.declare import File, Many, Section, key

Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]


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

"""What strangers may say to the authorization server: it is refused in its own words, whatever it is."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.oauth.clients import BadClient, client_of, is_redirect, registered
from web.oauth.consent import NotAsked, wish

SECRET = b"secret"
IDENT, _ = registered({"redirect_uris": ["http://127.0.0.1/back", "org.example:/x"]}, SECRET)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)
NAMES = ["redirect_uris", "client_name", "grant_types", "response_types", "token_endpoint_auth_method"]
ASKED = ["response_type", "redirect_uri", "code_challenge", "code_challenge_method", "scope", "state"]


@given(st.dictionaries(st.sampled_from(NAMES), JSON))
def test_a_registration_is_one_or_is_refused(said: dict[str, object]) -> None:
    try:
        ident, client = registered(said, SECRET)
    except BadClient:
        return
    assert client_of(ident, SECRET) == client
    assert all(map(is_redirect, client.redirects))


@given(st.text(max_size=60))
def test_an_identifier_that_nobody_was_given_is_none(ident: str) -> None:
    with pytest.raises(BadClient):
        client_of(ident, SECRET)


@given(st.dictionaries(st.sampled_from(ASKED), st.text(max_size=40)))
def test_an_answer_goes_nowhere_else(said: dict[str, str]) -> None:
    try:
        asked = wish({**said, "client_id": IDENT}, SECRET)
    except NotAsked:
        return
    assert asked.redirect.startswith(("http://127.0.0.1", "org.example:/x"))
    assert asked.answer("https://x", error="e").startswith(asked.redirect)


@given(st.text(max_size=40))
def test_what_looks_like_loopback_is_not_always(host: str) -> None:
    uri = f"http://{host}/back"
    try:
        asked = wish({"client_id": IDENT, "redirect_uri": uri, "response_type": "code"}, SECRET)
    except NotAsked:
        return
    assert asked.redirect.split("/")[2].partition(":")[0] == "127.0.0.1"
    assert urlencode({"x": asked.redirect})

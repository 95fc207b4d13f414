"""Which requests count as those of our own pages."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from web.signin.tokens import of_our_pages


def asked(**fields: str) -> Request:
    headers = [(name.replace("_", "-").encode(), value.encode()) for name, value in fields.items()]
    return Request({"type": "http", "headers": headers})


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "none"},
        {"origin": "https://mail.test"},
        {"origin": "https://MAIL.test"},
    ],
)
def test_ours(fields: dict[str, str]) -> None:
    assert of_our_pages(asked(host="mail.test", **fields))


@pytest.mark.parametrize(
    "fields",
    [
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "cross-site", "origin": "https://mail.test"},
        {"origin": "null"},
        {"origin": "https://mail.test.evil.test"},
        {"origin": "https://mail.test:8443"},
        {"origin": "https://user@mail.test"},
        {"origin": "https://["},
        {"origin": ""},
    ],
)
def test_others(fields: dict[str, str]) -> None:
    assert not of_our_pages(asked(host="mail.test", **fields))


def test_a_page_that_has_to_be_named() -> None:
    assert not of_our_pages(asked(host="mail.test"), named=True)
    assert of_our_pages(asked(host="mail.test", origin="https://mail.test"), named=True)
    assert not of_our_pages(Request({"type": "http", "headers": [(b"origin", b"https://")]}), named=True)

"""Brands: each name of the server has its own name, logo and colour; nothing in them is a script. Decision 317."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest
from starlette.routing import Mount

from mailcore.server.brands import LOGO_OCTETS, Brand, Logo, brand_for, logo_at
from mailcore.server.config import ConfigError, load
from tests.support.jmapstand import jmap_stand
from web.webmail.app import webmail
from web.webmail.files import built

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
ACME = Brand(("mail.acme.test",), 'Acme "Post" <b>', "#aa0033", Logo(PNG, "image/png"))
OTHER = Brand(("*",), "Elsewhere", "")


async def test_each_name_has_its_own_page_and_nothing_said_in_it_is_markup(tmp_path: Path) -> None:
    folder = tmp_path / "dist"
    folder.mkdir()
    page = '<!doctype html><head><link rel="icon" href="/mail/icon.svg" type="image/svg+xml"><title>Postroom</title>'
    (folder / "index.html").write_text(page)
    (folder / "index.html.br").write_bytes(b"stale")
    (folder / "app.webmanifest").write_text('{"name": "Postroom"}')
    mounts = lambda parts: [Mount("/mail", webmail(parts, built(folder), brands=[ACME, OTHER]))]  # noqa: E731
    async with jmap_stand(tmp_path, mounts) as stand:
        there = {}
        for host in ("mail.acme.test:8443", "b.test"):
            got = await stand.http.get("/mail/settings", headers={"host": host, "accept-encoding": "br, gzip"})
            assert "script-src 'self'" in got.headers["content-security-policy"]
            there[host] = got.text
        acme = there["mail.acme.test:8443"]
        assert "<b>" not in acme
        said = re.search(r'<meta name="brand" content="([^"]*)">', acme)
        assert said is not None
        assert json.loads(html.unescape(said[1])) == {
            "name": ACME.name, "colour": "#aa0033", "logo": "/mail/brand/logo"
        }  # fmt: skip
        assert 'href="/mail/brand/logo" type="image/png"' in acme
        assert "<title>Elsewhere</title>" in there["b.test"]
        manifest = await stand.http.get("/mail/app.webmanifest", headers={"host": "mail.acme.test"})
        assert manifest.json()["name"] == ACME.name
        logo = await stand.http.get("/mail/brand/logo", headers={"host": "mail.acme.test"})
        assert (logo.content, logo.headers["content-type"]) == (PNG, "image/png")
        assert "sandbox" in logo.headers["content-security-policy"]
        assert (await stand.http.get("/mail/brand/logo", headers={"host": "b.test"})).status_code == 404


def test_a_name_that_nobody_has_is_that_of_every_other() -> None:
    assert brand_for([OTHER, ACME], "MAIL.acme.test.") is ACME
    assert brand_for([ACME], "b.test") is None
    assert brand_for([ACME, OTHER], "") is OTHER


def test_a_logo_is_a_picture_of_a_bearable_size(tmp_path: Path) -> None:
    for name, octets, media in (
        ("a", PNG, "image/png"),
        ("b", b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        ("c", b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "image/svg+xml"),
    ):
        (tmp_path / name).write_bytes(octets)
        assert logo_at(tmp_path / name).media == media
    for name, octets in (("d", b"<html><script>"), ("e", PNG + b"\0" * LOGO_OCTETS)):
        (tmp_path / name).write_bytes(octets)
        with pytest.raises(ValueError, match=name):
            logo_at(tmp_path / name)


def test_what_is_wrong_with_a_brand_is_said_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "postroom.toml"
    file.write_text('[[webmail.brand]]\nlogo = "absent.png"\n')
    with pytest.raises(ConfigError, match=r"absent\.png"):
        load(file)
    file.write_text('[[webmail.brand]]\ncolour = "red;}"\n')
    with pytest.raises(ConfigError, match="colour"):
        load(file)

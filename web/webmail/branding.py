"""The client's pages under a brand: its page and its manifest say the name, the colour and the logo. Decision 317.

What is put in is text in an attribute and in a title, escaped; the page's policy lets no script in that is not a file
of the client. A logo is given as a picture alone, in a sandbox of its own, whatever is in it.
"""

from __future__ import annotations

import gzip
import html
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from starlette.responses import Response

from mailcore.server.brands import Brand
from web.webmail import files

LOGO: Final = "/mail/brand/logo"
_TITLE: Final = "<title>Postroom</title>"
_ICON: Final = '<link rel="icon" href="/mail/icon.svg" type="image/svg+xml"'
MANIFEST: Final = "app.webmanifest"
_PICTURE: Final = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "x-content-type-options": "nosniff",
    "cache-control": "public, max-age=3600",
}


def branded(there: Mapping[str, files.File], brand: Brand) -> Mapping[str, files.File]:
    """The files of the client, as they are under the brand."""
    found = dict(there)
    if files.INDEX in found:
        found[files.INDEX] = _changed(found[files.INDEX], lambda text: _page(text, brand))
    if MANIFEST in found:
        found[MANIFEST] = _changed(found[MANIFEST], lambda text: _manifest(text, brand))
    return found


def _changed(file: files.File, change: Any) -> files.File:
    octets = change(file.octets[""].decode()).encode()
    return replace(file, octets={"": octets, "gzip": gzip.compress(octets, 9, mtime=0)})


def _page(text: str, brand: Brand) -> str:
    said = {"name": brand.name, "colour": brand.colour, "logo": LOGO if brand.logo is not None else ""}
    meta = f'<meta name="brand" content="{html.escape(json.dumps(said), quote=True)}">'
    text = text.replace(_TITLE, f"<title>{html.escape(brand.name)}</title>{meta}", 1)
    if brand.logo is not None:
        text = text.replace(_ICON, f'<link rel="icon" href="{LOGO}" type="{brand.logo.media}"', 1)
    return text


def _manifest(text: str, brand: Brand) -> str:
    told = json.loads(text) | {"name": brand.name, "short_name": brand.name}
    if brand.colour:
        told["theme_color"] = brand.colour
    if brand.logo is not None:
        told["icons"] = [{"src": LOGO, "sizes": "any", "type": brand.logo.media}]
    return json.dumps(told)


def logo(brand: Brand | None) -> Response | None:
    """The logo of a brand, where it has one."""
    if brand is None or brand.logo is None:
        return None
    return Response(brand.logo.octets, headers=_PICTURE, media_type=brand.logo.media)

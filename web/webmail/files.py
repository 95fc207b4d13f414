"""The files of the client, as `make` has built them: hashed names are kept for ever, compressed forms lie beside."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

BUILT: Final = Path(__file__).parent / "dist"
INDEX: Final = "index.html"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; frame-src 'self' blob:; worker-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
SAFE: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
_CODINGS: Final = (("br", ".br"), ("gzip", ".gz"))
_FOREVER: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class File:
    """One file, in every coding that there is of it."""

    media: str
    octets: Mapping[str, bytes]
    """By coding; "": as it is."""
    cache: str


def built(folder: Path = BUILT) -> Mapping[str, File]:
    """The files by their path below `/mail/`; none when nothing has been built."""
    found: dict[str, File] = {}
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if not path.is_file() or path.suffix in (".br", ".gz") or path.name.startswith("."):
            continue
        name = path.relative_to(folder).as_posix()
        octets = {"": path.read_bytes()}
        for coding, ending in _CODINGS:
            beside = path.with_name(path.name + ending)
            if beside.is_file():
                octets[coding] = beside.read_bytes()
        cache = _FOREVER if name.startswith("assets/") else "no-cache"
        found[name] = File(mimetypes.guess_type(name)[0] or "application/octet-stream", octets, cache)
    return found


def answer(file: File, request: Request) -> Response:
    """The file, in the best coding that the browser takes."""
    accepted = {each.partition(";")[0].strip() for each in request.headers.get("accept-encoding", "").split(",")}
    coding = next((name for name, _ in _CODINGS if name in file.octets and name in accepted), "")
    headers = {**SAFE, "cache-control": file.cache, "vary": "accept-encoding"}
    if coding:
        headers["content-encoding"] = coding
    media = "text/javascript" if file.media == "application/javascript" else file.media
    return Response(file.octets[coding], headers=headers, media_type=media)

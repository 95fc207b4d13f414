"""What the webmail calls itself under one of the server's names: a name, a logo, a colour. Decision 317."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mailcore.server.sections_web import BrandSection

ANY: Final = "*"
LOGO_OCTETS: Final = 256 * 1024
_KINDS: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
)


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture, and what it is."""

    octets: bytes = field(repr=False)
    media: str


@dataclass(frozen=True, slots=True)
class Brand:
    """How the webmail looks to who comes by one of these names."""

    hosts: tuple[str, ...]
    name: str
    colour: str
    """`#rrggbb`, or "" for that of the webmail."""
    logo: Logo | None = None


def logo_at(path: Path) -> Logo:
    """The picture in a file. `ValueError` says why it is none that can be shown."""
    try:
        with path.open("rb") as file:
            octets = file.read(LOGO_OCTETS + 1)
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror or error}") from None
    if len(octets) > LOGO_OCTETS:
        raise ValueError(f"{path}: it has more than {LOGO_OCTETS // 1024} KB")
    media = next((name for begin, name in _KINDS if octets.startswith(begin)), "")
    if octets[:4] == b"RIFF" and octets[8:12] == b"WEBP":
        media = "image/webp"
    if not media and b"<svg" in octets[:2048] and b"\0" not in octets:
        media = "image/svg+xml"
    if not media:
        raise ValueError(f"{path}: it is no PNG, JPEG, GIF, WebP or SVG")
    return Logo(octets, media)


def brand_of(section: BrandSection, folder: Path) -> Brand:
    """The brand, its logo read; a path is seen from the folder of the configuration. `ValueError`."""
    logo = logo_at(folder / section.logo) if section.logo else None
    hosts = tuple(each.lower().rstrip(".") for each in section.hosts)
    return Brand(hosts, section.name, section.colour.lower(), logo)


def brands_of(sections: Sequence[BrandSection], path: Path | None) -> Sequence[Brand]:
    """All of them; `path`: of the file that says so. `ValueError`."""
    folder = path.parent if path is not None else Path()
    return [brand_of(each, folder) for each in sections]


def brand_for(brands: Sequence[Brand], host: str) -> Brand | None:
    """That of a name, which may have a port; else the one for every other; None: there is none."""
    name = host.lower().partition(":")[0].rstrip(".")
    found = next((each for each in brands if name in each.hosts), None)
    return found or next((each for each in brands if ANY in each.hosts), None)

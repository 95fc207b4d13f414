"""Those of a domain as contacts: who has an account there, groups, lists, rooms and equipment."""

from __future__ import annotations

import uuid
from typing import Final

from groupware.contacts.photos import Photo
from groupware.model.content import NO_PARAMS, Component, Line, escaped, folded, serialized, written
from groupware.model.principal import Person, PrincipalKind

from .versions.convert import in_version
from .versions.pairs import kind_of

_KINDS: Final = {
    PrincipalKind.ACCOUNT: "individual",
    PrincipalKind.GROUP: "group",
    PrincipalKind.LIST: "group",
    PrincipalKind.RESOURCE: "location",
    PrincipalKind.RECIPIENT: "org",
}
_END: Final = b"END:VCARD\r\n"


def card_of(person: Person) -> bytes:
    """The card, in version 3.0 as clients expect it that name none; as 4.0 it has the property KIND."""
    name = person.name.strip() or person.address
    family = name if person.kind is not PrincipalKind.ACCOUNT or " " not in name else name.rpartition(" ")[2]
    given = name[: -len(family)].strip() if family != name else ""
    lines = [
        ("VERSION", NO_PARAMS, "4.0"),
        ("UID", NO_PARAMS, f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, 'mailto:' + person.address)}"),
        ("KIND", NO_PARAMS, _KINDS.get(person.kind, "individual")),
        ("FN", NO_PARAMS, escaped(name)),
        ("N", NO_PARAMS, f"{escaped(family)};{escaped(given)};;;"),
        ("EMAIL", {"PREF": ("1",)}, escaped(person.address)),
        *[("EMAIL", NO_PARAMS, escaped(each)) for each in person.aliases],
        ("CALADRURI", NO_PARAMS, f"mailto:{person.address}"),
    ]
    card = Component("VCARD", 0, [Line(title, params, value, 0) for title, params, value in lines])
    return in_version(serialized([card]), "3.0")


def with_photo(card: bytes, photo: Photo) -> bytes:
    """A card of `card_of` with the picture of whom it is of."""
    params = {"ENCODING": ("b",), "TYPE": (kind_of("PHOTO", photo.media),)}
    line = folded(written(Line("PHOTO", params, photo.data, 0)))
    return card.removesuffix(_END) + line + _END

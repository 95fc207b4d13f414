"""What a Card has to look like. RFC 9553 §2."""

from __future__ import annotations

from typing import Final

from groupware.model.jsonlines import line_of, read_params
from groupware.model.shape import (
    FLAGS,
    UTC,
    Check,
    Misshapen,
    anything,
    filled,
    flag,
    integer,
    listed,
    mapped,
    number,
    one_of,
    text,
    thing,
)


def _params(value: object) -> None:
    try:
        read_params(
            {name: each for name, each in value.items() if name != "group"} if isinstance(value, dict) else value
        )
    except ValueError as error:
        raise Misshapen(str(error)) from None


def _entry(value: object) -> None:
    try:
        line_of(value)
    except ValueError as error:
        raise Misshapen(str(error)) from None


_USE: Final = {"contexts": FLAGS, "pref": number, "label": text, "vCardParams": _params}


def _many(known: dict[str, Check], *needed: str) -> Check:
    return mapped(thing({**_USE, **known}, needed), ids=True)


_COMPONENTS: Final = listed(thing({"kind": filled, "value": text}, ("kind", "value")))
_UNITS: Final = listed(thing({"name": text, "sortAs": text}, ("name",)))
_DATE: Final = thing({"year": number, "month": number, "day": number, "utc": UTC, "calendarScale": text})
_RESOURCE: Final[dict[str, Check]] = {"kind": text, "uri": filled, "mediaType": text}
_PRONOUNS: Final = _many({"pronouns": filled}, "pronouns")
MEMBERS: Final[dict[str, Check]] = {
    "@type": one_of("Card"),
    "version": one_of("1.0"),
    "uid": filled,
    "created": UTC,
    "updated": UTC,
    "kind": filled,
    "language": text,
    "prodId": text,
    "members": FLAGS,
    "relatedTo": mapped(thing({"relation": FLAGS})),
    "name": thing(
        {
            "components": _COMPONENTS,
            "full": text,
            "isOrdered": flag,
            "defaultSeparator": text,
            "sortAs": mapped(text),
            "vCardParams": _params,
        }
    ),
    "nicknames": _many({"name": filled}, "name"),
    "organizations": _many({"name": text, "units": _UNITS, "sortAs": text}),
    "speakToAs": thing({"grammaticalGender": text, "pronouns": _PRONOUNS}),
    "titles": _many({"name": filled, "kind": text, "organizationId": text}, "name"),
    "emails": _many({"address": filled}, "address"),
    "onlineServices": _many({"service": text, "uri": text, "user": text, "vCardName": text}),
    "phones": _many({"number": filled, "features": FLAGS}, "number"),
    "preferredLanguages": _many({"language": filled}, "language"),
    "calendars": _many(_RESOURCE, "uri"),
    "schedulingAddresses": _many({"uri": filled}, "uri"),
    "addresses": _many(
        {
            "components": _COMPONENTS,
            "full": text,
            "isOrdered": flag,
            "countryCode": text,
            "coordinates": text,
            "timeZone": text,
            "defaultSeparator": text,
        }
    ),
    "cryptoKeys": _many(_RESOURCE, "uri"),
    "directories": _many({**_RESOURCE, "listAs": number}, "uri"),
    "links": _many(_RESOURCE, "uri"),
    "media": _many({**_RESOURCE, "blobId": text}, "kind"),
    "localizations": mapped(mapped(anything)),
    "anniversaries": _many({"kind": filled, "date": _DATE, "place": anything}, "kind", "date"),
    "keywords": FLAGS,
    "notes": _many({"note": text, "created": UTC, "author": anything}, "note"),
    "personalInfo": _many({"kind": filled, "value": filled, "level": text, "listAs": integer}, "kind", "value"),
    "vCardProps": listed(_entry),
    "vCardParams": _params,
}
"""What each member looks like."""
CARD: Final = thing(MEMBERS, ("uid",), closed=True)
"""Raises `Misshapen`, which says where."""

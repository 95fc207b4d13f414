"""The certificates that an address book has of somebody: KEY of vCard, for S/MIME. RFC 6350 §6.8.1."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

from cryptography import x509

MOST: Final = 8
"""Of one contact."""


def certificates_in(card: Mapping[str, Any]) -> list[bytes]:
    """Those that can be read as X.509, in DER."""
    found = []
    for each in (card.get("cryptoKeys") or {}).values():
        head, _, data = str(each.get("uri") or "").partition(",")
        if not head.startswith("data:") or not head.endswith(";base64"):
            continue
        try:
            octets = base64.b64decode(data, validate=True)
            x509.load_der_x509_certificate(octets)
        except (binascii.Error, ValueError):
            continue
        found.append(octets)
    return found[:MOST]

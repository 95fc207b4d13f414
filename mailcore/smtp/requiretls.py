"""REQUIRETLS and its contrary: what who sends says about TLS on the whole way. RFC 8689.

1. A message that requires TLS goes to hosts whose names are proved (DNSSEC, MTA-STS, or the administrator's route),
   whose certificate is good for that name, and who promise to do the same; else it goes back.
2. A message with `TLS-Required: No` is not kept from anybody by a policy of the other side. It does not undo the first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from groupware.model.event import Envelope
from mailcore.queue.dsn import header_of
from mailcore.smtp.demands import Demand, usual_of
from mailcore.smtp.route import Hop
from mailcore.smtp.ways import Way

EXTENSION: Final = "requiretls"
NOT_SUPPORTED: Final = "5.7.30"
_WAIVED: Final = re.compile(rb"(?im)^TLS-Required[ \t]*:[ \t]*(?:\r?\n[ \t]+)?No[ \t]*\r?$")


def waived(envelope: Envelope, octets: bytes) -> bool:
    """Whether who has sent it would rather have it arrive than be protected. RFC 8689 §4.2.2."""
    return not envelope.require_tls and _WAIVED.search(header_of(octets)) is not None


def relaxed(hops: Sequence[Hop], way: Way) -> Sequence[tuple[Hop, Demand]]:
    """The hops with what the administrator alone demands."""
    demand = replace(usual_of(way), why=f"{way.name}: tls {way.tls} (TLS-Required: No)", counted=False)
    return [(hop, demand) for hop in hops]


def strict(found: Sequence[tuple[Hop, Demand]], way: Way) -> Sequence[tuple[Hop, Demand]]:
    """The hops with what REQUIRETLS demands of each. RFC 8689 §4.2.1."""
    return [(hop, _strict(hop, demand, way)) for hop, demand in found]


def _strict(hop: Hop, demand: Demand, way: Way) -> Demand:
    proved = hop.secure or bool(way.hosts) or (demand.policy == "sts" and not demand.lenient)
    refused = demand.refused
    if demand.tls == "none":
        refused = refused or f"{way.name} sends without TLS, and the message requires it (REQUIRETLS)."
    elif not proved:
        refused = refused or f"Neither DNSSEC nor MTA-STS proves that {hop.name} is the host (REQUIRETLS)."
    ours = bool(refused and not demand.refused)
    dane = demand.dane if demand.dane is not None and any(each.usable for each in demand.dane.records) else None
    return replace(
        demand,
        tls="implicit" if demand.tls == "implicit" else "required",
        checked=dane is None,
        dane=dane,
        lenient=False,
        refused=refused,
        code=NOT_SUPPORTED if ours else demand.code,
        extension=EXTENSION,
        why=f"REQUIRETLS; {demand.why}",
        counted=demand.counted and not ours,  # the host is not even asked
    )

"""Forwarding by the settings of an account (`forwardTo`), behind its script: with the bounds that a redirection has.

1. What the script discards or refuses goes nowhere, and what is held for Junk stays here.
2. What cannot go on, for it would go round in a circle, is kept.
"""

from __future__ import annotations

from dataclasses import replace

from groupware.model.script import ActiveScript
from mailcore.queue.circles import circle, mark
from mailcore.queue.dsn import header_of
from mailcore.queue.filters import Case, Disposition, Redirection, Said, Verdict, disposition_of


def forwarded(verdict: Verdict, case: Case, active: ActiveScript, most_received: int) -> Verdict:
    """The verdict of an account's script, or an empty one, with what forwarding makes of it."""
    now = disposition_of((*case.earlier, verdict))
    if not active.forward or not (now.filings or now.redirections) or now.refusal is not None:
        return verdict
    if now.unwanted:
        return _saying(verdict, "not forwarded: it is junk")
    header, octets = header_of(case.octets), mark(active.address) + case.octets
    redirections, said = list(now.redirections), list[Said]()
    keeps = active.keeps
    for address in active.forward:
        why = circle(header, active.address, address, most_received)
        if why:
            keeps = True
        else:
            redirections.append(Redirection(address, octets, whole=True))
        said.append(Said(f"not forwarded to {address}: {why}" if why else f"forwarded to {address}"))
    filings = now.filings if keeps else ()
    return replace(verdict, disposition=Disposition(filings, tuple(redirections)), said=(*verdict.said, *said))


def quiet(verdict: Verdict, case: Case) -> Verdict:
    """The verdict, with no answer of a vacation to what is unwanted: whom that names as its sender has not sent it."""
    if not any(each.kind == "vacation" for each in verdict.answers):
        return verdict
    if not disposition_of((*case.earlier, verdict)).unwanted:
        return verdict
    answers = tuple(each for each in verdict.answers if each.kind != "vacation")
    return _saying(replace(verdict, answers=answers), "not answered: it is junk")


def _saying(verdict: Verdict, did: str) -> Verdict:
    return replace(verdict, said=(*verdict.said, Said(did)))

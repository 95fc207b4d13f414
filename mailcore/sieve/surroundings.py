"""What is known around a message: duplicates (RFC 7352), environment (RFC 5183), verdicts of scanners (RFC 5235)."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from groupware.mime.headers import unfold
from mailcore.sieve.actions import Track
from mailcore.sieve.match import matches
from mailcore.sieve.run import Run, Test
from mailcore.sieve.script import Call

_WEEK: Final = 7 * 24 * 60 * 60
_LONGEST_SECONDS: Final = 365 * 24 * 60 * 60


def duplicate(run: Run, call: Call) -> bool:
    """Whether a message of this key was seen; that this one was is noted when the script has ended. RFC 7352 §3."""
    key = _key(run, call)
    if key is None:
        return False
    handle = run.text(call, "handle")
    run.spend(100)
    seconds = run.number(call, "seconds")
    period = min(_WEEK if seconds is None else seconds, _LONGEST_SECONDS)
    track = Track(handle, key, period, "last" in call.args, call.line)
    there = any(isinstance(one, Track) and (one.handle, one.key) == (handle, key) for one in run.actions)
    if not there:
        run.act(track, "looked for a duplicate")
    return run.env.seen(handle, key)


def _key(run: Run, call: Call) -> str | None:
    """What tells this message from others; None where there is nothing to tell it by."""
    if "uniqueid" in call.args:
        kind, value = "uniqueid", run.text(call, "uniqueid")
    else:
        kind = run.text(call, "header", "message-id").lower()
        found = run.letter.named.get(kind.encode(), ())
        value = unfold(found[0].value).decode("utf-8", "replace") if found else ""
    return sha256(f"{kind}\0{value}".encode("utf-8", "replace")).hexdigest() if value else None


def environment(run: Run, call: Call) -> bool:
    """An item that is not known agrees with nothing. RFC 5183 §4."""
    item = run.text(call, "item").lower()
    known = {"name": "Postroom", **run.env.items}
    return item in known and matches(run, call, [known[item]])


def spam_test(run: Run, call: Call) -> bool:
    """0: not tested, 1 (ham) to 10 (spam); with :percent 0 to 100. RFC 5235 §2."""
    score = run.env.spam
    if score is None:
        return _scored(run, call, 0, tested=False)
    percent = min(max(score, 0.0), 100.0)
    return _scored(run, call, round(percent if "percent" in call.args else 1 + percent * 9 / 100), tested=True)


def virus_test(run: Run, call: Call) -> bool:
    """0: not tested, 1 (none) to 5 (certain). RFC 5235 §3."""
    score = run.env.virus
    return _scored(run, call, 0 if score is None else min(max(score, 1), 5), tested=score is not None)


def _scored(run: Run, call: Call, score: int, *, tested: bool) -> bool:
    """:count tells whether it was tested at all. RFC 5235 §2."""
    values = [str(score)] if tested or "count" not in call.args else []
    return matches(run, call, values, keys=[run.text(call, "limit")])


TESTS: Final[Mapping[str, Test]] = {
    "duplicate": duplicate,
    "environment": environment,
    "spamtest": spam_test,
    "virustest": virus_test,
}

"""Keys that a domain's mail is signed with. The private half comes and goes sealed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam, delete, insert, select, update

from groupware.model.addresses import normal
from groupware.model.errors import AlreadyExists, NotFound, Refused
from groupware.model.ids import AccountId
from groupware.model.signing import ALGORITHMS, STATES, SigningKey, selector_name
from groupware.model.times import moment, now_micros

from . import domains, schema
from .principals import administer
from .tx import Tx

MOST: Final = 50
"""Keys of one domain."""

_k = schema.signing_key.c
_ONE: Final = (_k.domain == bindparam("which"), _k.selector == bindparam("label"))
_OF: Final = (
    select(_k.domain, _k.selector, _k.algorithm, _k.sealed, _k.public, _k.state, _k.created, _k.changed)
    .where(_k.domain == bindparam("which"))
    .order_by(_k.created, _k.selector)
)
_INSERT: Final = insert(schema.signing_key).values(
    {each: bindparam(each) for each in schema.signing_key.columns.keys()}  # noqa: SIM118 - not a mapping
)
_STATE: Final = update(schema.signing_key).where(*_ONE).values(state=bindparam("now_is"), changed=bindparam("now"))
_DROP: Final = delete(schema.signing_key).where(*_ONE)


def keys(tx: Tx, domain: str) -> Sequence[SigningKey]:
    """The keys of a domain or of an alias of one, the oldest first. `a` on the domain; `NotFound`."""
    _, name = _permitted(tx, domain)
    return _of(tx, name)


def _of(tx: Tx, name: str) -> list[SigningKey]:
    return [
        SigningKey(of, selector, algorithm, sealed, public, state, moment(created), moment(changed))
        for of, selector, algorithm, sealed, public, state, created, changed in tx.sql.rows(_OF, {"which": name})
    ]


def put(tx: Tx, domain: str, selector: str, algorithm: str, sealed: str, public: str) -> None:
    """Keeps a new key, which does not sign yet. `a` on the domain; `AlreadyExists`, `Refused`."""
    owner, name = _permitted(tx, domain)
    selector = selector_name(selector)
    if algorithm not in ALGORITHMS:
        raise Refused(f"{algorithm[:32]!r} is no kind of key; there are {', '.join(ALGORITHMS)}")
    there = _of(tx, name)
    if any(each.selector == selector for each in there):
        raise AlreadyExists(f"{name} has a key {selector} already; use another selector")
    if len(there) >= MOST:
        raise Refused(f"{name} has {MOST} keys; delete those that are not published any more")
    now = now_micros()
    tx.sql.change(
        _INSERT,
        {
            "principal_id": owner, "domain": name, "selector": selector, "algorithm": algorithm,
            "sealed": sealed, "public": public, "state": "published", "created": now, "changed": now,
        },
    )  # fmt: skip
    tx.note_administration("signing_key.put", owner, {"domain": name, "selector": selector, "algorithm": algorithm})


def turn(tx: Tx, domain: str, selector: str, state: str) -> None:
    """Brings a key into another state. `a` on the domain; `NotFound`, `Refused`."""
    owner, name = _permitted(tx, domain)
    if state not in STATES:
        raise Refused(f"{state[:32]!r} is no state of a key; there are {', '.join(STATES)}")
    values = {"which": name, "label": selector.lower(), "now_is": state, "now": now_micros()}
    if not tx.sql.change(_STATE, values):
        raise _no_such(name, selector)
    tx.note_administration("signing_key.state", owner, {"domain": name, "selector": selector.lower(), "state": state})


def drop(tx: Tx, domain: str, selector: str) -> None:
    """Takes a key away for good. `a` on the domain; `NotFound`."""
    owner, name = _permitted(tx, domain)
    if not tx.sql.change(_DROP, {"which": name, "label": selector.lower()}):
        raise _no_such(name, selector)
    tx.note_administration("signing_key.dropped", owner, {"domain": name, "selector": selector.lower()})


def _permitted(tx: Tx, domain: str) -> tuple[AccountId, str]:
    """The domain's principal, and the name meant: its own or that of an alias. `NoRight`, and only then `NotFound`."""
    name = normal(domain)
    found = domains.one(tx, name)
    administer(tx, found.name if found is not None else "")
    if found is None or found.id is None:
        raise NotFound(f"{domain[:80]}: there is no such domain here")
    return AccountId(found.id), name


def _no_such(domain: str, selector: str) -> NotFound:
    return NotFound(f"{domain} has no key {selector[:80]!r}")

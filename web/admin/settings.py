"""Settings of a domain and of an account: effective values, where they come from, and setting them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from groupware.model.ids import AccountId, PrincipalId
from groupware.model.principal import PrincipalKind, Setting
from groupware.model.settings import declared
from groupware.store.api import ReadTx, WriteTx
from web.admin.accounts import principal_of
from web.admin.domains import domain_of
from web.admin.table import ADDRESS, DOMAIN, FLAG, VALUE, Field, Given, Here, Operation, in_path, of, some

_SHOWN: Final = of("name", "origin", "about", value=VALUE, explicit=FLAG)
_NAME: Final = in_path("setting", "Name of the setting.")
_VALUE: Final = Field("value", "The value.", "value", required=True, longest=10_000, empty=True)
Whose = Callable[[ReadTx, Given], PrincipalId | AccountId]


def _domain(tx: ReadTx, given: Given) -> PrincipalId:
    found = domain_of(tx, given["domain"]).id
    assert found is not None
    return found


def _account(tx: ReadTx, given: Given) -> AccountId:
    return principal_of(tx, given["address"], PrincipalKind.ACCOUNT).id


def operations(path: str, field: Field, whose: Whose, of_what: str, only: str = "") -> tuple[Operation, ...]:
    """Those of the settings of one kind of thing; `only` those whose names begin so are listed."""

    async def listed(here: Here, given: Given) -> object:
        found = await here.read(lambda tx: tx.settings(whose(tx, given)))
        return {"settings": [_shown(each) for each in found if each.name.startswith(only)]}

    async def get(here: Here, given: Given) -> object:
        return _shown(await here.read(lambda tx: tx.setting(given["setting"], whose(tx, given))))

    async def put(here: Here, given: Given) -> object:
        return await _set(here, given, whose, given["value"])

    async def unset(here: Here, given: Given) -> object:
        return await _set(here, given, whose, None)

    one, name = f"{path}/{{setting}}", of_what.capitalize()
    return (
        Operation(
            "GET", path, f"list{name}Settings", f"Every setting of the {of_what}: its value, and where it comes from.",
            listed, (field,), of(settings=some(_SHOWN)),
        ),
        Operation("GET", one, f"get{name}Setting", f"A setting of the {of_what}.", get, (field, _NAME), _SHOWN),
        Operation(
            "PUT", one, f"put{name}Setting", f"Set it on the {of_what}.", put, (field, _NAME, _VALUE), _SHOWN
        ),
        Operation("DELETE", one, f"unset{name}Setting", "Let it be inherited again.", unset, (field, _NAME), _SHOWN),
    )  # fmt: skip


async def _set(here: Here, given: Given, whose: Whose, value: Any) -> object:
    def work(tx: WriteTx) -> Setting:
        at = whose(tx, given)
        tx.put_setting(given["setting"], value, at)
        return tx.setting(given["setting"], at)

    return _shown(await here.write(work))


def _shown(each: Setting) -> Mapping[str, object]:
    about = {"name": each.name, "value": each.value, "origin": each.origin, "explicit": each.explicit}
    return {**about, "about": declared(each.name).doc}


OPERATIONS: Final = (
    *operations("/domains/{domain}/settings", DOMAIN, _domain, "domain"),
    *operations("/accounts/{address}/settings", ADDRESS, _account, "account"),
)

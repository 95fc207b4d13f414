"""`groupware.store.api.devices` over SQL."""

from __future__ import annotations

from collections.abc import Sequence

from groupware.model.device import Access, Device, NewDevice, SyncState, Wipe
from groupware.model.ids import AccountId

from .. import devices
from ..tx import Tx


class Devices(Tx):
    __slots__ = ()

    def device(self, key: str) -> Device | None:
        return devices.by_key(self, key)

    def devices(self, of: AccountId | str | None = None) -> Sequence[Device]:
        return devices.every(self, of)

    def sync_state(self, device: int, collection: int) -> SyncState | None:
        return devices.state(self, device, collection)

    def sync_states(self, device: int, of: AccountId | str | None = None) -> Sequence[SyncState]:
        return devices.states(self, device, of)

    def put_device(self, new: NewDevice) -> Device:
        return devices.put(self, new)

    def settle_device(self, number: int, policy: int, *, settled: bool) -> None:
        devices.settle(self, number, policy, settled)

    def wiping_device(self, number: int, wipe: Wipe) -> None:
        devices.wiping(self, number, wipe)

    def order_device(
        self, number: int, of: AccountId | str | None, *, access: Access | None = None, wipe: Wipe | None = None
    ) -> Device:
        return devices.order(self, number, of, access, wipe)

    def put_sync_state(self, device: int, state: SyncState, after: int) -> bool:
        return devices.put_state(self, device, state, after)

    def drop_sync_states(self, device: int, of: AccountId | str | None = None, collection: int | None = None) -> None:
        devices.drop_states(self, device, of, collection)

    def drop_device(self, number: int, of: AccountId | str | None = None) -> None:
        devices.drop(self, number, of)

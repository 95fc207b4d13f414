"""Devices that keep a copy of an account, and how far each copy has come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from groupware.model.device import Access, Device, NewDevice, SyncState, Wipe
from groupware.model.ids import AccountId


class ReadDevices(Protocol):
    def device(self, key: str) -> Device | None:
        """The asking principal's own device of that DeviceId."""
        ...

    def devices(self, of: AccountId | str | None = None) -> Sequence[Device]:
        """The devices of an account, in the order in which they came. Oneself, or `a` on the domain."""
        ...

    def sync_state(self, device: int, collection: int) -> SyncState | None:
        """How far one of the asking principal's own devices has come."""
        ...

    def sync_states(self, device: int, of: AccountId | str | None = None) -> Sequence[SyncState]:
        """The same of all its collections. Oneself, or `a` on the domain. `NotFound`."""
        ...


class WriteDevices(Protocol):
    def put_device(self, new: NewDevice) -> Device:
        """Keeps what one of the asking principal's own devices says of itself, as seen now. `OverQuota`, `Refused`."""
        ...

    def settle_device(self, number: int, policy: int, *, settled: bool) -> None:
        """Which policy key one of one's own devices has, and whether it keeps the policies. `NotFound`."""
        ...

    def wiping_device(self, number: int, wipe: Wipe) -> None:
        """One of one's own devices was told to forget, or has, as it was ordered. `NotFound`, `Conflict`."""
        ...

    def order_device(
        self, number: int, of: AccountId | str | None, *, access: Access | None = None, wipe: Wipe | None = None
    ) -> Device:
        """Blocks or allows a device, or has it wiped. Oneself, or `a` on the domain. `NotFound`.

        To allow what an administrator has blocked takes `a` on the domain, and to take back a wipe that is not done:
        `NoRight`. What its owner blocks, its owner may allow.
        """
        ...

    def put_sync_state(self, device: int, state: SyncState, after: int) -> bool:
        """Keeps how far one's own device has come, if its key was `after` (0: there was none); else False."""
        ...

    def drop_sync_states(self, device: int, of: AccountId | str | None = None, collection: int | None = None) -> None:
        """The device starts over with a collection, or with all. Oneself, or `a` on the domain. `NotFound`."""
        ...

    def drop_device(self, number: int, of: AccountId | str | None = None) -> None:
        """Forgets a device with its states. Oneself, or `a` on the domain. `NotFound`.

        One that is blocked or to be wiped: `a` on the domain.
        """
        ...

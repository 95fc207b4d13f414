"""What is asked of a device: the policies, out of settings, and the key that stands for them. MS-ASPROV §2.2.2."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

from connectors.activesync.element import Element, el
from groupware.model.device import Device
from groupware.store.api import ReadTx


@dataclass(frozen=True, slots=True)
class Policies:
    """Those of an account."""

    password: bool
    length: int
    """Of the password, at least; 0: any."""
    lock: int
    """Seconds of idling after which the device locks itself; 0: never."""
    failures: int
    """Wrong passwords after which the device forgets everything; 0: never."""
    encryption: bool

    @property
    def needed(self) -> bool:
        """Whether there is anything that a device has to agree to."""
        return self != NONE

    def key(self, device: Device) -> int:
        """The policy key of a device that keeps these: another one when they change."""
        said = f"{device.number} {self.password} {self.length} {self.lock} {self.failures} {self.encryption}"
        return 1 + int.from_bytes(blake2b(said.encode(), digest_size=4).digest(), "big") % 0x7FFFFFFE

    def document(self) -> Element:
        """The EASProvisionDoc."""
        return el(
            "Provision:EASProvisionDoc",
            el("Provision:DevicePasswordEnabled", self.password),
            el("Provision:AlphanumericDevicePasswordRequired", False),
            el("Provision:PasswordRecoveryEnabled", False),
            el("Provision:RequireStorageCardEncryption", self.encryption),
            el("Provision:AttachmentsEnabled", True),
            el("Provision:MinDevicePasswordLength", self.length) if self.length else None,
            el("Provision:MaxInactivityTimeDeviceLock", self.lock) if self.lock else None,
            el("Provision:MaxDevicePasswordFailedAttempts", self.failures) if self.failures else None,
            el("Provision:AllowSimpleDevicePassword", True),
            el("Provision:DevicePasswordExpiration", 0),
            el("Provision:DevicePasswordHistory", 0),
            el("Provision:RequireDeviceEncryption", self.encryption),
        )


NONE = Policies(False, 0, 0, 0, False)


def policies_of(tx: ReadTx) -> Policies:
    """What is asked of the devices of who asks."""
    value = {name: tx.setting(name).value for name in SETTINGS}
    return Policies(
        bool(value["devicePassword"]),
        int(value["devicePasswordLength"]),
        int(value["deviceLockAfter"]),
        int(value["deviceFailuresMost"]),
        bool(value["deviceEncryption"]),
    )


SETTINGS = ("devicePassword", "devicePasswordLength", "deviceLockAfter", "deviceFailuresMost", "deviceEncryption")

"""The courier for recipients of this server: the intake's one way of delivery, run from the queue."""

from __future__ import annotations

from groupware.model.event import Attempt
from mailcore.queue.courier import Settlement
from mailcore.queue.intake import Intake


class LocalCourier:
    """Delivers into folders; delivery and settlement are one write."""

    __slots__ = ("_intake",)

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    async def carry(self, attempt: Attempt, octets: bytes, settlement: Settlement) -> None:
        """Deliver; a folder that is full is tried again, an address that leads nowhere has failed."""
        await settlement.prepare()
        outcomes = await self._intake.deliver_local(attempt, settlement.within)
        await settlement.settle(settlement.left(outcomes))

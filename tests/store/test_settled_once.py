"""Two processes that hold one message: one of them settles it, the other sees that."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress

from groupware.model.event import Envelope, Outcome, Recipient
from groupware.model.ids import BlobId, QueueId
from groupware.model.principal import OPERATOR
from groupware.store import open_store
from groupware.store.api import WriteTx
from groupware.store.bus import LocalBus
from tests.store.conftest import Place

ENVELOPE = Envelope("a@one.test", (Recipient("b@two.test"),), BlobId("0" * 64), 4, b"body", message="M1")


async def test_of_two_who_settle_one_message_at_once_one_does(place: Place) -> None:
    stores = [open_store(place.data, place.url, bus=LocalBus()) for _ in range(2)]
    together = threading.Barrier(2)

    def settled(tx: WriteTx, queue: QueueId) -> bool:
        with suppress(threading.BrokenBarrierError):  # SQLite lets the second one in when the first is done
            together.wait(0.5)
        if not tx.queued(queue):
            return False
        tx.settle([Outcome(queue, "b@two.test", "sent")])
        return True

    queue = await stores[0].write(OPERATOR, lambda tx: tx.enqueue(ENVELOPE))
    done = await asyncio.gather(*(store.write(OPERATOR, lambda tx: settled(tx, queue)) for store in stores))
    for store in stores:
        await store.close()
    assert sorted(done) == [False, True]

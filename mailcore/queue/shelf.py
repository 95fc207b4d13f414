"""The texts that hold now: read again when a file among them has changed.

What is wrong with a new one is said once, in the log, and the texts before hold until it is right.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Final

from mailcore.queue.texts import FOLDER, Texts, texts_of
from mailcore.server.config import Config, ConfigError
from mailcore.server.events import EventLog

EVERY: Final = 1.0
"""Seconds for which nobody looks again."""
Stamp = tuple[tuple[str, int, int, int], ...]


class Shelf:
    """The administrator's texts. Called, it gives those that hold."""

    __slots__ = ("_clock", "_config", "_log", "_looked", "_stamp", "_texts")

    def __init__(self, config: Config, log: EventLog, clock: Callable[[], float] = time.monotonic) -> None:
        """ConfigError names each file that is of no use."""
        self._config, self._log, self._clock = config, log, clock
        self._stamp, self._looked = self._now(), clock()
        self._texts = texts_of(config)

    def __call__(self) -> Texts:
        """The texts that hold."""
        moment = self._clock()
        if moment - self._looked < EVERY:
            return self._texts
        self._looked = moment
        stamp = self._now()
        if stamp != self._stamp:
            self._stamp = stamp
            self._renew()
        return self._texts

    def _renew(self) -> None:
        try:
            self._texts = texts_of(self._config)
        except (ConfigError, OSError) as error:
            self._log.error("templates_unusable", why="; ".join(str(error).splitlines()))
        else:
            self._log.info("templates_read", files=len(self._stamp))

    def _now(self) -> Stamp:
        """What tells one state of the folder from another."""
        try:
            with os.scandir(self._config.data / FOLDER) as found:
                stats = [(each.name, each.stat()) for each in found]
        except OSError:
            return ()
        return tuple(sorted((name, each.st_mtime_ns, each.st_size, each.st_ino) for name, each in stats))

"""What the client of one session has switched on, by ENABLE or by using it; session and view share it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Modes:
    """How the client wants to be spoken to."""

    condstore: bool = False
    """It knows of MODSEQ. RFC 7162 §3.1."""
    qresync: bool = False
    """It hears VANISHED instead of EXPUNGE. RFC 7162 §3.2.3."""
    rev2: bool = False
    """It speaks IMAP4rev2: nothing is recent, SEARCH is answered with ESEARCH, names are UTF-8. RFC 9051."""
    notified: bool = False
    """It is told of flags unasked, with the UID. RFC 5465 §5.1."""
    uidonly: bool = False
    """It never hears or says a sequence number. RFC 9586."""

    @property
    def vanishes(self) -> bool:
        """Whether VANISHED stands for EXPUNGE."""
        return self.qresync or self.uidonly

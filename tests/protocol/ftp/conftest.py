"""FTP backup for each test."""

from __future__ import annotations

from tests.protocol.ftp.stand import Backup, serving
from tests.support import onedoor
from tests.support.onedoor import opened_by_default, opening_of, planted

__all__ = ["planted"]
Opening = onedoor.Opening[Backup]
opening = opening_of("ftp_backup", serving)
backup = opened_by_default()

"""Where other programs find this server: what people are shown who set one up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from connectors.autodiscover.plain import PROFILE_PATH as PROFILE
from mailcore.server.config import Config
from mailcore.server.offers import offers

_MAIL: Final = ("imap", "pop3", "smtp", "sieve")


def programs_of(config: Config, served: Sequence[str]) -> Mapping[str, Any]:
    """The points of entry for programs (the safest of each protocol first), and the paths of the web's.

    `served`: paths that the HTTP service has.
    """
    told = offers(config, served)
    mail = [each for each in told if each.kind in _MAIL]
    web = {each.kind: urlsplit(each.url).path for each in told if each.url}
    return {
        "services": [{"protocol": each.kind, "host": each.host, "port": each.port, "tls": each.tls} for each in mail],
        "paths": web,
        "profile": PROFILE if config.autodiscover.enabled else "",
    }

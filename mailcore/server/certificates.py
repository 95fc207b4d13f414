"""The TLS contexts of all listeners, as the configuration wants them."""

import ssl
from pathlib import Path

from mailcore.server.clock import Clock
from mailcore.server.config import Config
from mailcore.server.events import EventLog
from mailcore.server.sections import TlsSection
from mailcore.server.tls import Certificate, Contexts, TlsError, TlsSettings, self_signed


class Certificates:
    """Gives each listener the context for its next handshake."""

    __slots__ = ("_clock", "_contexts", "_log", "_owner")

    def __init__(self, log: EventLog, clock: Clock) -> None:
        self._log, self._clock = log, clock
        self._contexts: dict[str, Contexts] = {}  # "": the server's
        self._owner: dict[str, str] = {}  # listener > whose contexts it uses

    def current(self, listener: str) -> ssl.SSLContext | None:
        """The context for a handshake that begins now; None: this listener has no TLS, for its files are unusable."""
        found = self._contexts.get(self._owner.get(listener, ""))
        return found.current() if found is not None else None

    def load(self, config: Config) -> list[str]:
        """Read every file anew; what is wrong, in words. Where something is wrong, what was there before goes on."""
        wrong = self._adopt("", _settings(config, config.tls, config.tls, self._clock))
        for name, section in config.listener_tls.items():
            wrong += self._adopt(name, _settings(config, section, config.tls, self._clock))
        self._owner = {name: name for name in config.listener_tls}
        for each in wrong:
            self._log.error("tls_unusable", why=each)
        return wrong

    def _adopt(self, name: str, settings: TlsSettings) -> list[str]:
        try:
            if name in self._contexts:
                self._contexts[name].reload(settings)
            else:
                self._contexts[name] = Contexts(settings)
        except TlsError as error:
            return [f"listener {name}: {error}" if name else str(error)]
        return []


def _settings(config: Config, section: TlsSection, server: TlsSection, clock: Clock) -> TlsSettings:
    """A section's settings. Without certificates it has the server's, and without those a self-signed one."""
    named = section.certificate or server.certificate
    found = tuple(Certificate(*_files(config.data, each.cert_file, each.key_file), each.names) for each in named)
    return TlsSettings(
        certificates=found or (self_signed(config.data / "tls", config.host, clock.now()),),
        minimum=section.min_version,
        ciphers=section.cipher_suite,
        server_order=section.prefer_server_cipher_suite_order,
        ca_file=config.data / section.ca_file if section.ca_file is not None else None,
        client_auth=section.request_client_auth,
    )


def _files(data: Path, cert: Path, key: Path | None) -> tuple[Path, Path | None]:
    return data / cert, data / key if key is not None else None

"""The TLS contexts of all listeners, as the configuration wants them."""

import ssl
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mailcore.server.clock import Clock
from mailcore.server.config import Config, ConfigError
from mailcore.server.config_file import Source
from mailcore.server.events import EventLog
from mailcore.server.sections import CertificateSection, TlsSection
from mailcore.server.tls import Certificate, Contexts, TlsError, TlsSettings, faults, self_signed
from mailcore.server.toml_lines import KeyPath


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


def check(config: Config) -> None:
    """Looks whether the files of all certificates can be used, before anything rests on them. ConfigError."""
    source = Source(config.path)
    sections: list[tuple[KeyPath, TlsSection]] = [(("tls",), config.tls)]
    for number, raw in enumerate(source.raw.get("listener", ())):
        if (section := config.listener_tls.get(raw.get("name", ""))) is not None:
            sections.append((("listener", number, "tls"), section))
    for at, section in sections:
        for fault in faults(_given(config, section, section.certificate)):
            source.wrong((*at, *fault.at), str(fault))
    if source.problems:
        raise ConfigError(source.problems)


def _settings(config: Config, section: TlsSection, server: TlsSection, clock: Clock) -> TlsSettings:
    """A section's settings. Without certificates it has the server's, and without those a self-signed one."""
    found = _given(config, section, section.certificate or server.certificate)
    if found.certificates:
        return found
    return replace(found, certificates=(self_signed(config.data / "tls", config.host, clock.now()),))


def _given(config: Config, section: TlsSection, named: Sequence[CertificateSection]) -> TlsSettings:
    """A section's settings with the certificates that are named."""
    return TlsSettings(
        certificates=tuple(
            Certificate(*_files(config.data, each.cert_file, each.key_file), each.names) for each in named
        ),
        minimum=section.min_version,
        ciphers=section.cipher_suite,
        server_order=section.prefer_server_cipher_suite_order,
        ca_file=config.data / section.ca_file if section.ca_file is not None else None,
        client_auth=section.request_client_auth,
    )


def _files(data: Path, cert: Path, key: Path | None) -> tuple[Path, Path | None]:
    return data / cert, data / key if key is not None else None

"""TLS: contexts by host name, renewed without a restart, and a self-signed certificate for the first start.

A reload builds everything anew from the files and swaps it in at once; when anything is wrong with the new files,
`TlsError` says what and the old contexts go on. Handshakes in progress finish with the context they began with.
Binding a login to its channel: `tls-server-end-point` (RFC 5929 §4) always; `tls-exporter` (RFC 9266) needs the keying
material exporter, which Python's `ssl` does not offer, and `tls-unique` does not exist in TLS 1.3.
"""

import datetime as dt
import ipaddress
import os
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mailcore.server.dialogue import TlsInfo

SELF_SIGNED_DAYS: Final = 825  # what Apple's systems take at most
RENEW_DAYS: Final = 14
_MINIMUM: Final = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


class TlsError(Exception):
    """A certificate, key or setting that TLS cannot use; the text names the file, `at` the key below the section."""

    def __init__(self, said: str, *at: str | int) -> None:
        super().__init__(said)
        self.at = at


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate chain with its key; `key_file` None: the key is in `cert_file`."""

    cert_file: Path
    key_file: Path | None = None
    names: tuple[str, ...] = ()  # SNI host names; none: those that the certificate itself names


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """What one listener, or the whole server, offers in TLS. The first certificate is the default."""

    certificates: tuple[Certificate, ...]
    minimum: Literal["1.2", "1.3"] = "1.2"
    ciphers: str = ""  # OpenSSL's notation, for TLS 1.2; "": OpenSSL's default
    server_order: bool = True
    ca_file: Path | None = None
    client_auth: bool = False


UNCONFIRMED: Final = ssl.OP_IGNORE_UNEXPECTED_EOF
"""That an end which TLS does not confirm passes for one: a default of Python up to Debian 12's, and nowhere ours."""


class ServerContext(ssl.SSLContext):
    """A context that knows the hash of its certificate, for channel binding."""

    end_point: bytes


class Contexts:
    """The contexts of one set of settings. `current()` is what a new handshake uses."""

    __slots__ = ("_default", "_settings")

    def __init__(self, settings: TlsSettings) -> None:
        """TlsError when the files cannot be used."""
        self._settings = settings
        self._default = _build(settings)

    def current(self) -> ssl.SSLContext:
        """The context for a new handshake; SNI picks the certificate."""
        return self._default

    def reload(self, settings: TlsSettings | None = None) -> None:
        """Read the files again, under other settings when given. TlsError: nothing has changed."""
        wanted = settings or self._settings
        self._default = _build(wanted)
        self._settings = wanted


def faults(settings: TlsSettings) -> list[TlsError]:
    """Everything that is wrong with these settings, each certificate looked at by itself."""
    found: list[TlsError] = []
    for number, certificate in enumerate(settings.certificates):
        try:
            _loaded(certificate, number)
        except TlsError as error:
            found.append(error)
    try:
        _tune(ServerContext(ssl.PROTOCOL_TLS_SERVER), settings)
    except TlsError as error:
        found.append(error)
    return found


def described(channel: ssl.SSLObject | ssl.SSLSocket) -> TlsInfo:
    """What was agreed on in the handshake of this channel."""
    name, *_ = channel.cipher() or ("",)
    return TlsInfo(channel.version() or "", name, client_subject(channel), end_point(channel))


def end_point(channel: ssl.SSLObject | ssl.SSLSocket | None) -> bytes | None:
    """The `tls-server-end-point` binding: the hash of the certificate the channel was opened with. RFC 5929 §4.1."""
    context = channel.context if channel is not None else None
    return context.end_point if isinstance(context, ServerContext) else None


def client_subject(channel: ssl.SSLObject | ssl.SSLSocket | None) -> str:
    """Whom the verified client certificate names: its first mail address, else its common name; "" without one."""
    found: Mapping[str, object] = (channel.getpeercert() if channel is not None else None) or {}
    names = found.get("subjectAltName", ())
    assert isinstance(names, tuple)
    for kind, value in names:
        if kind == "email":
            return str(value)
    subject = found.get("subject", ())
    assert isinstance(subject, tuple)
    common = [str(value) for part in subject for kind, value in part if kind == "commonName"]
    mail = [str(value) for part in subject for kind, value in part if kind == "emailAddress"]
    return next(iter(mail + common), "")


def handshake_error(error: OSError) -> str:
    """Why a TLS handshake failed, in words."""
    if isinstance(error, ssl.SSLError):
        return error.reason or str(error)
    return str(error) or type(error).__name__


def _build(settings: TlsSettings) -> ServerContext:
    if not settings.certificates:
        raise TlsError("TLS needs a certificate")
    contexts = [(each, *_context(each, number, settings)) for number, each in enumerate(settings.certificates)]
    names: dict[str, ServerContext] = {}
    for certificate, context, leaf in contexts:
        for name in certificate.names or _names(leaf):
            names.setdefault(name.lower().rstrip("."), context)
    default = contexts[0][1]

    def pick(channel: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        if name is not None and (found := _match(names, name)) is not None:
            channel.context = found

    default.sni_callback = pick
    return default


def _match(names: Mapping[str, ServerContext], name: str) -> ServerContext | None:
    plain = name.lower().rstrip(".")
    return names.get(plain) or names.get("*." + plain.partition(".")[2])


def _context(certificate: Certificate, number: int, settings: TlsSettings) -> tuple[ServerContext, x509.Certificate]:
    context, leaf = _loaded(certificate, number)
    context.minimum_version = _MINIMUM[settings.minimum]
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.options &= ~UNCONFIRMED
    if settings.server_order:
        context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE
    context.end_point = leaf.fingerprint(_binding_hash(leaf))
    _tune(context, settings)
    return context, leaf


def _loaded(certificate: Certificate, number: int) -> tuple[ServerContext, x509.Certificate]:
    """A context with a certificate and its key, and the certificate. TlsError."""
    context = ServerContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate.cert_file, certificate.key_file, password=_no_password)
        leaf = x509.load_pem_x509_certificates(certificate.cert_file.read_bytes())[0]
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise TlsError(f"{_files(certificate)}: {_reason(error)}", "certificate", number, "cert_file") from None
    return context, leaf


def _tune(context: ssl.SSLContext, settings: TlsSettings) -> None:
    if settings.ciphers:
        try:
            context.set_ciphers(settings.ciphers)
        except ssl.SSLError:
            raise TlsError(
                f"cipher_suite {settings.ciphers!r}: OpenSSL knows no cipher of it", "cipher_suite"
            ) from None
    if not settings.client_auth:
        return
    if settings.ca_file is None:
        raise TlsError("request_client_auth needs ca_file: whose client certificates to trust", "request_client_auth")
    try:
        context.load_verify_locations(settings.ca_file)
    except OSError as error:
        raise TlsError(f"ca_file {settings.ca_file}: {_reason(error)}", "ca_file") from None
    context.verify_mode = ssl.CERT_OPTIONAL


def _no_password() -> str:
    raise ValueError("the key is protected by a password; store it without one, readable by the server only")


def _files(certificate: Certificate) -> str:
    both = [str(certificate.cert_file)] + ([str(certificate.key_file)] if certificate.key_file else [])
    return " with ".join(both)


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return f"not a PEM certificate with its matching key ({error.reason or error})"
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)


def _binding_hash(leaf: x509.Certificate) -> hashes.HashAlgorithm:
    """The hash of the certificate's signature, SHA-256 in the place of MD5 and SHA-1. RFC 5929 §4.1."""
    found = leaf.signature_hash_algorithm
    return hashes.SHA256() if found is None or found.name in ("md5", "sha1") else found


def _names(leaf: x509.Certificate) -> Sequence[str]:
    try:
        found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return [str(name.value) for name in leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    return found.get_values_for_type(x509.DNSName)


def self_signed(folder: Path, host: str, now: dt.datetime) -> Certificate:
    """The certificate in `folder` that was made for `host`; made anew when there is none or it is about to expire."""
    found = Certificate(folder / "self-signed.crt", folder / "self-signed.key")
    if not _serves(found, host, now):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make(found, host, now)
    return found


def _serves(found: Certificate, host: str, now: dt.datetime) -> bool:
    try:
        leaf = x509.load_pem_x509_certificate(found.cert_file.read_bytes())
    except (OSError, ValueError):
        return False
    key_there = found.key_file is not None and found.key_file.exists()
    return key_there and host in _names(leaf) and leaf.not_valid_after_utc - now > dt.timedelta(days=RENEW_DAYS)


def _make(where: Certificate, host: str, now: dt.datetime) -> None:
    assert where.key_file is not None
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])])
    hosts: list[x509.GeneralName] = [x509.DNSName(each) for each in dict.fromkeys((host, "localhost"))]
    hosts += [x509.IPAddress(ipaddress.ip_address(each)) for each in ("127.0.0.1", "::1")]
    leaf = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=SELF_SIGNED_DAYS))
        .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    _write(where.key_file, pem, 0o600)
    _write(where.cert_file, leaf.public_bytes(serialization.Encoding.PEM), 0o644)


def _write(path: Path, octets: bytes, mode: int) -> None:
    """Write a file as a whole or not at all."""
    part = path.with_name(path.name + ".new")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)

"""Certificates: the self-signed one, and what is said of files that TLS cannot use."""

import datetime as dt
import ssl
from pathlib import Path

import pytest
from cryptography import x509

from mailcore.server.tls import Certificate, Contexts, TlsError, TlsSettings, end_point, self_signed
from tests.support.certificates import Authority

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def leaf(certificate: Certificate) -> x509.Certificate:
    return x509.load_pem_x509_certificate(certificate.cert_file.read_bytes())


def test_the_self_signed_certificate_is_made_once_and_its_key_is_the_servers_alone(tmp_path: Path) -> None:
    made = self_signed(tmp_path / "tls", "mail.test", NOW)
    first = leaf(made)
    assert self_signed(tmp_path / "tls", "mail.test", NOW) == made
    assert leaf(made) == first
    assert made.key_file is not None
    assert made.key_file.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "tls").stat().st_mode & 0o777 == 0o700


def test_the_self_signed_certificate_is_renewed_before_it_expires_and_for_another_host(tmp_path: Path) -> None:
    first = leaf(self_signed(tmp_path, "mail.test", NOW))
    late = first.not_valid_after_utc - dt.timedelta(days=13)
    second = leaf(self_signed(tmp_path, "mail.test", late))
    assert second.not_valid_after_utc > first.not_valid_after_utc
    other = leaf(self_signed(tmp_path, "other.test", late))
    names = other.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["other.test", "localhost"]


def test_the_self_signed_certificate_is_usable(tmp_path: Path) -> None:
    assert Contexts(TlsSettings((self_signed(tmp_path, "mail.test", dt.datetime.now(dt.UTC)),))).current()


@pytest.mark.parametrize("what", ["missing", "mismatch", "ciphers", "ca", "no ca", "none"])
def test_what_tls_cannot_use_is_named(tmp_path: Path, what: str) -> None:
    authority = Authority(tmp_path)
    one, two = authority.sign("one", "one.test"), authority.sign("two", "two.test")
    good = Certificate(*one)
    settings, says = {
        "missing": (TlsSettings((Certificate(tmp_path / "gone.crt"),)), r"gone\.crt: No such file"),
        "mismatch": (TlsSettings((Certificate(one[0], two[1]),)), r"one\.crt with .*two\.key: not a PEM.*MISMATCH"),
        "ciphers": (TlsSettings((good,), ciphers="NONSENSE"), "cipher_suite 'NONSENSE'"),
        "ca": (TlsSettings((good,), ca_file=tmp_path / "gone.pem", client_auth=True), r"ca_file .*gone\.pem: No such"),
        "no ca": (TlsSettings((good,), client_auth=True), "needs ca_file"),
        "none": (TlsSettings(()), "needs a certificate"),
    }[what]
    with pytest.raises(TlsError, match=says):
        Contexts(settings)


def test_a_key_behind_a_password_is_refused_without_asking_for_it(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization

    cert_file, key_file = Authority(tmp_path).sign("one", "one.test")
    key = serialization.load_pem_private_key(key_file.read_bytes(), None)
    locked = serialization.BestAvailableEncryption(b"secret")
    key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked))
    with pytest.raises(TlsError, match="protected by a password"):
        Contexts(TlsSettings((Certificate(cert_file, key_file),)))


def test_a_channel_without_tls_has_no_binding() -> None:
    assert end_point(None) is None


def test_the_floor_of_tls_can_be_raised(tmp_path: Path) -> None:
    certificate = Certificate(*Authority(tmp_path).sign("one", "one.test"))
    context = Contexts(TlsSettings((certificate,), minimum="1.3")).current()
    assert context.minimum_version == ssl.TLSVersion.TLSv1_3

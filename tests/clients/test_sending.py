"""swaks and msmtp: mail is submitted with AUTH, over TLS begun midway and from the first octet."""

import pytest

from tests.clients.account import Account
from tests.clients.letters import behind_trace, letters, written_by
from tests.clients.programs import Programs
from tests.support.server import RunningServer

MSMTP = """
account default
host localhost
port {port}
tls on
tls_starttls {midway}
tls_trust_file {certificate}
auth {mechanism}
user {user}
password "{password}"
from {user}
"""


@pytest.mark.parametrize(
    ("listener", "mechanism"),
    [
        ("submission", "plain"),
        ("submissions", "plain"),
        ("submission", "scram-sha-256"),
        ("submissions", "scram-sha-1"),
    ],
)
def test_msmtp_submits(
    server: RunningServer, programs: Programs, alice: Account, bob: Account, listener: str, mechanism: str
) -> None:
    letter = written_by(alice.address, *letters(1))
    configuration = programs.file(
        "msmtprc",
        MSMTP.format(
            port=server.port(listener),
            midway="on" if listener == "submission" else "off",
            certificate=programs.certificate,
            mechanism=mechanism,
            user=alice.address,
            password=alice.password,
        ),
    )
    programs.run("msmtp", "-C", configuration, bob.address, stdin=letter)
    (found,) = bob.until(1)
    assert behind_trace(found.octets, letter)
    assert found.flags == frozenset()


@pytest.mark.parametrize(
    ("listener", "tls", "mechanism"),
    [("submission", "--tls", "PLAIN"), ("submissions", "--tls-on-connect", "LOGIN"), ("submission", "--tls", "LOGIN")],
)
def test_swaks_submits(
    server: RunningServer, programs: Programs, alice: Account, bob: Account, listener: str, tls: str, mechanism: str
) -> None:
    letter = written_by(alice.address, *letters(1))
    path = programs.home / "letter.eml"
    path.write_bytes(letter.removesuffix(b"\r\n"))  # swaks ends the last line
    programs.run(
        *("swaks", "--server", "localhost", "--port", str(server.port(listener)), tls),
        *("--tls-verify", "--tls-ca-path", programs.certificate, "--auth", mechanism),
        *("--auth-user", alice.address, "--auth-password", alice.password),
        *("--from", alice.address, "--to", bob.address, "--data", path),
    )
    (found,) = bob.until(1)
    assert behind_trace(found.octets, letter)


def test_swaks_delivers_from_outside_and_over_lmtp(server: RunningServer, programs: Programs, alice: Account) -> None:
    sent = letters(2)
    path = programs.home / "letter.eml"
    ways = (("smtp", "SMTP"), ("lmtp", "LMTP"))
    for letter, (listener, protocol) in zip(sent, ways, strict=True):
        path.write_bytes(letter.removesuffix(b"\r\n"))  # swaks ends the last line
        programs.run(
            *("swaks", "--server", f"localhost:{server.port(listener)}", "--protocol", protocol),
            *("--from", "somebody@elsewhere.test", "--to", alice.address, "--data", path),
        )
    found = [message.octets for message in alice.until(2)]
    assert all(any(behind_trace(octets, letter) for octets in found) for letter in sent)


def test_swaks_may_not_relay_without_login_nor_send_as_somebody_else(
    server: RunningServer, programs: Programs, alice: Account, bob: Account
) -> None:
    outside = ("--from", "somebody@elsewhere.test", "--to", "nobody@faraway.test")
    programs.run("swaks", "--server", f"localhost:{server.port('smtp')}", *outside, status=24)
    programs.run(
        *("swaks", "--server", f"localhost:{server.port('submission')}", "--tls"),
        *("--auth", "PLAIN", "--auth-user", alice.address, "--auth-password", alice.password),
        *("--from", bob.address, "--to", bob.address),
        status=23,
    )
    assert bob.messages() == []


def test_swaks_with_a_wrong_password_is_refused(server: RunningServer, programs: Programs, alice: Account) -> None:
    programs.run(
        *("swaks", "--server", f"localhost:{server.port('submission')}", "--tls"),
        *("--auth", "PLAIN", "--auth-user", alice.address, "--auth-password", "wrong"),
        *("--from", alice.address, "--to", alice.address),
        status=28,
    )
    assert alice.messages() == []


def test_swaks_delivers_by_lmtp_to_each_recipient_for_itself(
    server: RunningServer, programs: Programs, alice: Account, bob: Account
) -> None:
    at = ("--protocol", "LMTP", "--server", f"localhost:{server.port('lmtp')}", "--from", "somebody@elsewhere.test")
    said = programs.run("swaks", *at, "--to", f"{alice.address},nobody@{alice.address.partition('@')[2]},{bob.address}")
    assert [said.count(each.address.encode() + b"> delivered: ") for each in (alice, bob)] == [1, 1]
    assert said.count(b"550 5.1.1 <nobody@") == 1
    assert [len(each.messages()) for each in (alice, bob)] == [1, 1]
    programs.run("swaks", *at, "--to", f"nobody@{alice.address.partition('@')[2]}", status=24)

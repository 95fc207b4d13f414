"""Whatever a stranger sends to SASL: an outcome, never an exception, and never credentials that were not earned."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from groupware.directory import password
from groupware.directory.password import Digest, ScramKeys
from mailcore.server import sasl
from mailcore.server.sasl import Challenge, Credentials, Exchange, Lookups, Offer, Refused

KEYS = {digest: password.derive("pencil", digest, b"0123456789abcdef", 4096) for digest in ("sha1", "sha256")}
OFFER = Offer(tls=True, channel_binding={"tls-server-end-point": b"hash"}, cram=True, external="anna@x")


async def find_keys(name: str, digest: Digest) -> ScramKeys | None:
    return KEYS[digest] if name == "user" else None


async def find_clear(name: str) -> str | None:
    return "pencil" if name == "user" else None


LOOKUPS = Lookups(find_keys, find_clear, b"secret", nonce=lambda: "N")
TOKENS = st.sampled_from(
    [
        "n",
        "y",
        "p=tls-server-end-point",
        ",",
        "a=",
        "n=",
        "user",
        "r=",
        "x",
        "xN",
        "c=biws",
        "p=",
        "AAAA",
        "=2C",
        "=",
        "\0",
    ]
)
MESSAGES = st.one_of(
    st.none(),
    st.binary(max_size=80),
    st.lists(TOKENS, max_size=14).map(lambda parts: "".join(parts).encode()),
    st.just(b"n,,n=user,r=x"),
)


@given(st.sampled_from(sasl.mechanisms(OFFER)), st.lists(MESSAGES, min_size=1, max_size=5))
@settings(max_examples=400, deadline=None)
async def test_no_message_breaks_or_fools_an_exchange(mechanism: str, messages: list[bytes | None]) -> None:
    exchange = sasl.start(mechanism, OFFER, LOOKUPS)
    assert isinstance(exchange, Exchange)
    ended = False
    for message in messages:
        outcome = await exchange.step(message)
        if ended:
            assert isinstance(outcome, Refused)
        if isinstance(outcome, Credentials):
            assert not outcome.verified or mechanism == "EXTERNAL"
            assert outcome.name
        ended = ended or not isinstance(outcome, Challenge)


@given(st.one_of(st.binary(max_size=200), st.text("AQz+/=", max_size=12).map(str.encode)))
@settings(max_examples=300)
def test_any_line_decodes_or_is_refused(line: bytes) -> None:
    decoded = sasl.decode(line)
    if isinstance(decoded, bytes):
        again = sasl.encode(Challenge(decoded))
        assert len(again) == len(line)
        assert sasl.decode(again) == decoded


@given(st.binary(max_size=sasl.MAX_MESSAGE))
@settings(max_examples=50)
def test_what_is_encoded_is_decoded(octets: bytes) -> None:
    assert sasl.decode(sasl.encode(Challenge(octets))) == octets

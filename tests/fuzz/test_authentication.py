"""Records and fields that strangers write: any text is read or refused in words, and costs little."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mailcore.smtp.authentication import canonical, dkim, dmarc, results, spf_record
from mailcore.smtp.authentication.arc import chain
from mailcore.smtp.authentication.keys import NoKey, parse_key
from mailcore.smtp.authentication.tags import Malformed, tags
from tests.support.dnstable import Table

NAMES = [
    "v",
    "a",
    "b",
    "bh",
    "c",
    "d",
    "h",
    "i",
    "l",
    "q",
    "s",
    "t",
    "x",
    "z",
    "p",
    "k",
    "sp",
    "pct",
    "rua",
    "cv",
    "adkim",
]
TAGS = st.lists(
    st.builds(
        "{}={}".format,
        st.sampled_from(NAMES) | st.text(max_size=4),
        st.sampled_from(
            ["1", "DKIM1", "DMARC1", "rsa-sha256", "relaxed/relaxed", "from:to", "", "-1", "9" * 99, "none"]
        )
        | st.text(max_size=30),
    ),
    max_size=12,
).map(";".join)


@given(text=TAGS | st.text(max_size=500))
def test_any_tag_list(text: str) -> None:
    for reader in (tags, parse_key, dmarc.parse, lambda one: spf_record.parse("v=spf1 " + one)):
        try:
            reader(text)
        except (Malformed, NoKey) as error:
            assert str(error)


@given(text=TAGS, body=st.binary(max_size=50))
async def test_any_signature_field(text: str, body: bytes) -> None:
    line = b"DKIM-Signature: " + text.replace("\n", " ").replace("\r", " ").encode("utf-8", "replace") + b"\r\n"
    mail = canonical.taken_apart(line + b"From: a@example.org\r\n\r\n" + body)
    (found,) = await dkim.verify(mail, Table(), 1000.0)
    assert found.result != "pass"
    assert found.why


@given(
    lines=st.lists(st.builds("ARC-{}: {}\r\n".format, st.sampled_from(["Seal", "Message-Signature"]), TAGS), max_size=5)
)
def test_any_chain(lines: list[str]) -> None:
    mail = canonical.taken_apart("".join(lines).encode("utf-8", "replace") + b"\r\n")
    try:
        assert len(chain(mail)) <= 50
    except Malformed as error:
        assert str(error)


@given(octets=st.binary(max_size=300))
def test_any_octets_come_apart_and_lose_nothing(octets: bytes) -> None:
    mail = canonical.taken_apart(octets)
    again = canonical.taken_apart(b"".join(each.raw for each in mail.fields) + b"\r\n" + mail.body)
    assert (again.fields, again.body) == (mail.fields, mail.body)
    for form in ("simple", "relaxed"):
        once = canonical.body(mail.body, form)  # type: ignore[arg-type]
        assert canonical.body(once, form) == once  # type: ignore[arg-type]


@given(text=st.text(alphabet='a=;()"\\ \r\n\tmx.', max_size=80))
def test_any_results(text: str) -> None:
    assert all(method and result for method, result in results.methods(text))
    quoted = results.bare(text).lstrip().startswith('"')
    assert quoted or "(" not in results.author(text)

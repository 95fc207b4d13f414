"""vCard 3.0 and 4.0: each says in its own way what the other says, and there and back nothing is lost."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator

import pytest
import vobject  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from groupware.contacts.card import keys_of, read_card
from groupware.contacts.split import split
from groupware.contacts.versions import dates
from groupware.contacts.versions.convert import in_version, version_of
from groupware.model.content import Component, parse
from groupware.model.errors import Malformed
from tests.support import corpus

PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n and so on").decode()
ME = ("UID:1", "FN:Ann Other")


def card(version: str, *lines: str) -> bytes:
    return "\r\n".join(["BEGIN:VCARD", f"VERSION:{version}", *ME, *lines, "END:VCARD", ""]).encode()


def told(octets: bytes) -> list[str]:
    """The lines of a card but those that each has."""
    lines = octets.replace(b"\r\n ", b"").decode().split("\r\n")
    return [line for line in lines if line and not line.startswith(("BEGIN", "END", "VERSION", *ME))]


PAIRS = [
    # what both have
    (["N:Other;Ann;;;", "EMAIL;TYPE=work,pref:a@x"], ["N:Other;Ann;;;", "EMAIL;TYPE=work;PREF=1:a@x"]),
    (
        ["N:O;A;;;", "TEL;TYPE=home:1", "TEL;TYPE=pref;X-PREF=7:2", "TEL;X-PREF=9:3"],
        ["N:O;A;;;", "TEL;TYPE=home:1", "TEL;PREF=7:2", "TEL;PREF=9:3"],
    ),
    (["N:O;A;;;", "SORT-STRING:Oh"], ["N;SORT-AS=Oh:O;A;;;"]),
    (["N:O;A;;;", "BDAY;VALUE=date:1996-04-15"], ["N:O;A;;;", "BDAY:19960415"]),
    (
        ["N:O;A;;;", "BDAY;VALUE=date-time:1953-10-15T23:10:00-06:00"],
        ["N:O;A;;;", "BDAY:19531015T231000-0600"],
    ),
    (["N:O;A;;;", "BDAY;VALUE=date;X-APPLE-OMIT-YEAR=1604:1604-02-29"], ["N:O;A;;;", "BDAY:--0229"]),
    (["N:O;A;;;", "REV:1995-10-31T22:27:10Z"], ["N:O;A;;;", "REV:19951031T222710Z"]),
    (["N:O;A;;;", "GEO:37.386013;-122.082932"], ["N:O;A;;;", "GEO:geo:37.386013,-122.082932"]),
    (["N:O;A;;;", "TZ:-05:00"], ["N:O;A;;;", "TZ;VALUE=utc-offset:-0500"]),
    (["N:O;A;;;", "TZ;VALUE=text:Europe/Berlin"], ["N:O;A;;;", "TZ:Europe/Berlin"]),
    (
        ["N:O;A;;;", "TEL;TYPE=home;X-WAS=uri:+33-1\\;ext=5"],
        ["N:O;A;;;", "TEL;TYPE=home;VALUE=uri:tel:+33-1;ext=5"],
    ),
    (["N:O;A;;;", "TEL;VALUE=uri:sip:a@x"], ["N:O;A;;;", "TEL;VALUE=uri:sip:a@x"]),
    (
        ["N:O;A;;;", f"PHOTO;TYPE=PNG;ENCODING=b:{PIXEL}"],
        ["N:O;A;;;", f"PHOTO:data:image/png;base64,{PIXEL}"],
    ),
    (
        ["N:O;A;;;", "PHOTO;TYPE=GIF;VALUE=uri:http://x/a.gif"],
        ["N:O;A;;;", "PHOTO;MEDIATYPE=image/gif:http://x/a.gif"],
    ),
    (["N:O;A;;;", "KEY;TYPE=PGP;VALUE=text:abc"], ["N:O;A;;;", "KEY;MEDIATYPE=application/pgp-keys;VALUE=text:abc"]),
    (
        ["N:O;A;;;", "ADR;TYPE=home:;;Way 1;Town;;;", "LABEL;TYPE=home:Way 1\\nTown\\, there"],
        ["N:O;A;;;", 'ADR;TYPE=home;LABEL="Way 1^nTown, there":;;Way 1;Town;;;'],
    ),
    (["N:O;A;;;", "X-JABBER:a@x"], ["N:O;A;;;", "IMPP;X-WAS=X-JABBER:xmpp:a@x"]),
    (["N:O;A;;;", "AGENT;VALUE=uri:http://x/b"], ["N:O;A;;;", "RELATED;TYPE=agent:http://x/b"]),
    # what Apple has in 3.0
    (
        ["N:O;A;;;", "item1.X-ABDATE;VALUE=date;X-OF=4.0:2009-08-08", "item1.X-ABLabel;X-OF=4.0:_$!<Anniversary>!$_"],
        ["N:O;A;;;", "ANNIVERSARY:20090808"],
    ),
    (
        ["N:O;A;;;", "item1.X-ABRELATEDNAMES;X-OF=4.0:Jim", "item1.X-ABLabel;X-OF=4.0:_$!<Spouse>!$_"],
        ["N:O;A;;;", "RELATED;TYPE=spouse;VALUE=text:Jim"],
    ),
    (
        ["N:O;A;;;", "item3.EMAIL:a@x", "item3.X-ABLabel:Club"],
        ["N:O;A;;;", "item3.EMAIL:a@x", "item3.X-ABLabel:Club"],
    ),
    (["N:O;A;;;", "X-ABShowAs;X-OF=4.0:COMPANY"], ["N:O;A;;;", "KIND:org"]),
    (
        ["N:O;A;;;", "X-ADDRESSBOOKSERVER-KIND;X-OF=4.0:group", "X-ADDRESSBOOKSERVER-MEMBER;X-OF=4.0:urn:uuid:2"],
        ["N:O;A;;;", "KIND:group", "MEMBER:urn:uuid:2"],
    ),
    # what only one has
    (["N;X-WAS=FN:Ann Other;;;;"], []),
    (["N:O;A;;;", "X-GENDER;X-OF=4.0:F;girl"], ["N:O;A;;;", "GENDER:F;girl"]),
    (["N:O;A;;;", "X-BDAY;X-OF=4.0:1996-04"], ["N:O;A;;;", "BDAY:1996-04"]),
    (["N:O;A;;;", "X-BDAY;VALUE=text;X-OF=4.0:circa 1800"], ["N:O;A;;;", "BDAY;VALUE=text:circa 1800"]),
    (["N:O;A;;;", "X-FN;LANGUAGE=fr;X-OF=4.0:Anne"], ["N:O;A;;;", "FN;LANGUAGE=fr:Anne"]),
    (["N:O;A;;;", "X-LANG;X-PREF=1;X-OF=4.0:fr"], ["N:O;A;;;", "LANG;PREF=1:fr"]),
    (["N:O;A;;;", "NOTE;X-ALTID=1;X-PID=1.1:x"], ["N:O;A;;;", "NOTE;ALTID=1;PID=1.1:x"]),
    (["N:O;A;;;", "X-RELATED;TYPE=friend;X-OF=4.0:urn:uuid:2"], ["N:O;A;;;", "RELATED;TYPE=friend:urn:uuid:2"]),
    (["N:O;A;;;", "CLASS:PRIVATE"], ["N:O;A;;;", "X-CLASS;X-OF=3.0:PRIVATE"]),
    (["N:O;A;;;", "AGENT:BEGIN:VCARD\\n"], ["N:O;A;;;", "X-AGENT;X-OF=3.0:BEGIN:VCARD\\n"]),
    (["N:O;A;;;", "LABEL;TYPE=work:Way"], ["N:O;A;;;", "X-LABEL;TYPE=work;X-OF=3.0:Way"]),
]


@pytest.mark.parametrize(("three", "four"), PAIRS)
def test_each_version_says_it_in_its_own_way(three: list[str], four: list[str]) -> None:
    made = in_version(card("4.0", *four), "3.0")
    assert version_of(made) == "3.0"
    assert sorted(map(any_order, told(made))) == sorted(map(any_order, three))
    assert sorted(map(any_order, told(in_version(card("3.0", *three), "4.0")))) == sorted(map(any_order, four))


def any_order(line: str) -> tuple[str, frozenset[str], str]:
    """A line, whatever the order of its parameters."""
    read = parse(f"BEGIN:X\r\n{line}\r\nEND:X\r\n".encode())[0].lines[0]
    params = frozenset(f"{name}={','.join(values)}" for name, values in read.params.items())
    return f"{read.group}.{read.name}", params, read.value


@pytest.mark.parametrize(
    ("three", "four"),
    [
        ("BDAY:19960415", "BDAY:19960415"),
        ("BDAY:--04-15", "BDAY:--0415"),
        ("BDAY:what", "BDAY:what"),
        ("TEL;HOME;VALUE=phone-number:1", "TEL;TYPE=HOME:1"),
        ("PHOTO;VALUE=uri:data:image/png\\;base64\\,AAAA", "PHOTO:data:image/png;base64,AAAA"),
        (f"PHOTO;ENCODING=BASE64:{PIXEL}", f"PHOTO:data:image/png;base64,{PIXEL}"),
        ("X-EVOLUTION-ANNIVERSARY:1990-04-30", "ANNIVERSARY;X-WAS=X-EVOLUTION-ANNIVERSARY:19900430"),
        ("X-ABShowAs:COMPANY", "KIND:org"),
        ("X-GENDER:Male", "X-GENDER:Male"),
    ],
)
def test_what_programs_write_in_3_0_is_understood(three: str, four: str) -> None:
    assert told(in_version(card("3.0", "N:O;A;;;", three), "4.0")) == ["N:O;A;;;", four]


def test_a_label_belongs_to_the_address_before_it() -> None:
    given = card("4.0", "N:O;A;;;", "ADR;TYPE=home:;;First;;;;", "ADR;TYPE=home;LABEL=There:;;Second;;;;")
    assert told(in_version(in_version(given, "3.0"), "4.0"))[2] == "ADR;TYPE=home;LABEL=There:;;Second;;;;"


def test_a_preferred_address_has_its_label_again() -> None:
    given = card("4.0", "N:O;A;;;", "ADR;TYPE=home;LABEL=There;PREF=1:;;Way;;;;")
    back = in_version(in_version(given, "3.0"), "4.0")
    assert list(map(any_order, told(back))) == list(map(any_order, told(given)))


def test_who_moves_the_preference_in_3_0_moves_it_in_4_0() -> None:
    lines = ("N:O;A;;;", "EMAIL;X-PREF=3:old@x", "EMAIL;TYPE=pref;X-PREF=9:new@x")
    assert told(in_version(card("3.0", *lines), "4.0"))[1:] == ["EMAIL;PREF=3:old@x", "EMAIL;PREF=1:new@x"]


def test_a_private_contact_is_private_in_either_version() -> None:
    private = card("3.0", "N:O;A;;;", "CLASS:PRIVATE")
    assert keys_of(read_card(in_version(private, "4.0"))).private is True


def test_a_card_of_that_version_or_one_that_cannot_be_read_is_left_as_it_is() -> None:
    for octets in (card("4.0", "X-Odd:1"), b"VERSION:3.0\r\nnonsense", b""):
        assert in_version(octets, "4.0") == octets


# --- there and back ---------------------------------------------------------------------------------------------------


def real_cards() -> Iterator[bytes]:
    for path in sorted(corpus.path("vcard").rglob("*.vcf")):
        try:
            yield from (each.read.octets for each in split(path.read_bytes()) if each.read is not None)
        except Malformed:
            continue


def values(octets: bytes) -> Counter[tuple[str, str]]:
    """What the properties say, dates in one form, an N that was made left out."""
    return Counter(
        (line.name, dates.basic(line.value) or "".join(line.value.split()))
        for line in only(octets).lines
        if line.name != "VERSION" and "X-WAS" not in line.params
    )


def only(octets: bytes) -> Component:
    (found,) = parse(octets)
    return found


def test_real_cards_come_back_with_every_value() -> None:
    seen: Counter[str] = Counter()
    for octets in real_cards():
        here = version_of(octets)
        there = "4.0" if here == "3.0" else "3.0"
        other = in_version(octets, there)
        assert read_card(other).version == there
        assert values(in_version(other, here)) == values(octets)
        seen[here] += 1
    assert (seen["3.0"] > 25, seen["4.0"] > 15) == (True, True)


def as_others_read_it(octets: bytes) -> Counter[tuple[str, str]]:
    """The same by vobject, which knows nothing of ours."""
    read = vobject.readOne(octets.decode(), allowQP=True)
    return Counter(
        (name, dates.basic(as_text(line.value)) or as_text(line.value))
        for name, lines in read.contents.items()
        for line in lines
        if name != "version" and "X-WAS" not in line.params
    )


def as_text(value: object) -> str:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else "".join(str(value).split())


def test_another_library_reads_the_same_from_3_0_before_and_after() -> None:
    seen = 0
    for octets in real_cards():
        try:
            before = as_others_read_it(octets) if version_of(octets) == "3.0" else None
        except Exception:
            before = None
        if before is not None:
            assert as_others_read_it(in_version(in_version(octets, "4.0"), "3.0")) == before
            seen += 1
    assert seen > 20


def test_another_library_reads_what_is_made_of_4_0() -> None:
    for octets in real_cards():
        if version_of(octets) == "4.0":
            read = vobject.readOne(in_version(octets, "3.0").decode())
            assert (read.version.value, read.fn.value) == ("3.0", only(octets).text("FN"))
            assert read.n.value is not None


WORDS = st.text(st.sampled_from("aZé0 ;,:\\n-+._@"), max_size=12)
NAMES = [
    "EMAIL",
    "TEL",
    "ADR",
    "NOTE",
    "ORG",
    "URL",
    "NICKNAME",
    "CATEGORIES",
    "TITLE",
    "ROLE",
    "IMPP",
    "GEO",
    "TZ",
    "REV",
    "BDAY",
    "PHOTO",
    "KEY",
    "SOUND",
    "LOGO",
    "RELATED",
    "MEMBER",
    "KIND",
    "GENDER",
    "LANG",
    "ANNIVERSARY",
    "XML",
    "HOBBY",
    "SOURCE",
    "X-ABDATE",
    "X-ABRELATEDNAMES",
    "X-ABSHOWAS",
    "X-JABBER",
    "LABEL",
    "CLASS",
    "AGENT",
    "SORT-STRING",
    "MAILER",
    "X-ODD",
]
FOREIGN = {
    "3.0": {"RELATED", "MEMBER", "KIND", "GENDER", "LANG", "ANNIVERSARY", "XML", "HOBBY"},
    "4.0": {
        "LABEL",
        "CLASS",
        "AGENT",
        "SORT-STRING",
        "MAILER",
        "X-ABDATE",
        "X-ABRELATEDNAMES",
        "X-ABSHOWAS",
        "X-JABBER",
    },
}
SAID = st.one_of(
    WORDS,
    st.sampled_from(
        [
            "19960415",
            "1996-04-15",
            "--0415",
            "1996",
            "T1020",
            "geo:1.5,-2",
            "1.5;-2",
            "tel:+1;ext=2",
            "sip:a@b",
            "-0500",
            "-05:00",
            "data:image/png;base64,AAAA",
            "AAAA",
            "http://x/y",
            "urn:uuid:1",
            "group",
            "org",
            "COMPANY",
            "F;x",
        ]
    ),
)
GIVEN = st.dictionaries(
    st.sampled_from(
        ["TYPE", "PREF", "X-PREF", "VALUE", "ALTID", "LABEL", "MEDIATYPE", "ENCODING", "SORT-AS", "LANGUAGE"]
    ),
    st.sampled_from(
        ["home", "pref", "1", "50", "uri", "text", "date", "utc-offset", "image/png", "JPEG", "b", "spouse"]
    ),
    max_size=3,
)
LINES = st.lists(
    st.tuples(st.sampled_from(["", "item1.", "item2."]), st.sampled_from(NAMES), GIVEN, SAID),
    max_size=8,
    unique_by=lambda line: line[1] if line[1] == "REV" else repr(line),
)


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(["3.0", "4.0"]), LINES)
def test_any_card_becomes_one_of_the_other_version_and_then_stays_what_it_says(
    version: str, lines: list[tuple[str, str, dict[str, str], str]]
) -> None:
    written = [
        f"{group}{name}{''.join(f';{key}={value}' for key, value in params.items())}:{value}"
        for group, name, params, value in lines
    ]
    octets = card(version, "N:O;A;;;", *written)
    there = "4.0" if version == "3.0" else "3.0"
    once = in_version(octets, there)
    read = read_card(once)
    assert (read.version, read.uid, read.name) == (there, "1", "Ann Other")
    back = in_version(once, version)
    assert read_card(back).version == version
    if not FOREIGN[version].intersection(name for _, name, _, _ in lines):
        assert len(told(back)) >= len(told(octets))
    again = in_version(in_version(back, there), version)
    assert values(again) == values(back)


def test_a_card_of_very_many_lines_takes_as_many_steps_as_it_has_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = 0
    first = Component.first

    def counted(self: Component, name: str) -> object:
        nonlocal steps
        steps += 1
        return first(self, name)

    monkeypatch.setattr(Component, "first", counted)
    lines = [
        line
        for number in range(500)
        for line in (
            f"item{number}.X-ABDATE:1996-04-15",
            f"item{number}.X-ABLabel:_$!<Anniversary>!$_",
            "ADR;TYPE=home:;;Way;;;;",
            "LABEL;TYPE=home:Way",
            "SORT-STRING:a",
            "X-ABShowAs:COMPANY",
            "X-JABBER:a",
            "N:O;A;;;",
        )
    ]
    assert len(told(in_version(in_version(card("3.0", *lines), "4.0"), "3.0"))) >= len(lines)
    assert steps < 20

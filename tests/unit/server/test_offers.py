"""The table of what programs are told: by listeners, services, and what the configuration wants told."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailcore.server.config import Config, load
from mailcore.server.offers import Offer, offers, pacc

NAMED = '[server]\nserver_name = "mx.a.test"\n'


IMAPS_1993 = ("mx.a.test", 1993, "implicit")


def config(folder: Path, text: str = "", port_base: int | None = None) -> Config:
    file = folder / "postroom.toml"
    file.write_text(NAMED + text)
    return load(file, data=folder, environ={}, port_base=port_base)


def of(found: tuple[Offer, ...], kind: str) -> list[tuple[str, int, str]]:
    return [(each.host, each.port, each.tls) for each in found if each.kind == kind]


def test_listeners_with_tls_are_told_the_safer_first(tmp_path: Path) -> None:
    found = offers(config(tmp_path))
    assert of(found, "imap") == [("mx.a.test", 993, "implicit"), ("mx.a.test", 143, "start")]
    assert of(found, "smtp") == [("mx.a.test", 465, "implicit"), ("mx.a.test", 587, "start")]
    assert of(found, "sieve") == [("mx.a.test", 4190, "start")]


@pytest.mark.parametrize(
    ("text", "imap"),
    [
        ("[service.imap]\nenabled = false\n", []),
        ("[service.imap]\nallow_start_tls = false\n", [("mx.a.test", 993, "implicit")]),
        ('[[listener]]\nname = "imaps"\nenable = false\n', [("mx.a.test", 143, "start")]),
        ('[[listener]]\nname = "imaps"\naddress = "127.0.0.1:1993"\n', [IMAPS_1993, ("mx.a.test", 143, "start")]),
        ('[autodiscover]\ntold = ["smtp"]\n', []),
        ('[autodiscover]\nimap = "in.a.test:1"\n', [("in.a.test", 1, "implicit")]),
    ],
)
def test_what_is_off_or_elsewhere_is_told_so(tmp_path: Path, text: str, imap: list[tuple[str, int, str]]) -> None:
    assert of(offers(config(tmp_path, text)), "imap") == imap


def test_what_is_on_loopback_is_not_told_of_where_others_face_the_network(tmp_path: Path) -> None:
    found = offers(config(tmp_path, '[[listener]]\nname = "imaps"\naddress = "0.0.0.0:1993"\n'))
    assert of(found, "imap") == [IMAPS_1993]
    assert of(found, "smtp") == of(found, "sieve") == []


@pytest.mark.parametrize(
    ("path", "kinds"),
    [
        ("/dav", {"caldav", "carddav"}),
        ("/EWS", {"ews"}),
        ("/ews/exchange.asmx", {"ews"}),
        ("/Microsoft-Server-ActiveSync", {"activesync"}),
        ("/", set()),
        ("/d", set()),
    ],
)
def test_the_web_is_told_of_by_its_paths(tmp_path: Path, path: str, kinds: set[str]) -> None:
    assert {each.kind for each in offers(config(tmp_path), [path]) if each.url} == kinds


def test_on_a_port_base_it_is_loopback(tmp_path: Path) -> None:
    found = offers(config(tmp_path, port_base=20_000))
    assert of(found, "imap") == [("127.0.0.1", 20_993, "implicit"), ("127.0.0.1", 20_143, "start")]
    assert {each.url for each in found if each.kind == "caldav"} == {"http://127.0.0.1:20080/dav/"}


def test_without_http_there_is_nothing_of_the_web(tmp_path: Path) -> None:
    assert not any(each.url for each in offers(config(tmp_path, "[service.http]\nenabled = false\n")))


def test_pacc_is_the_same_for_the_same_configuration(tmp_path: Path) -> None:
    one, other = (pacc(offers(config(tmp_path)), "a.test", "https://mx.a.test") for _ in range(2))
    assert one == other
    assert b'"issuer": "https://mx.a.test"' in one and b"oauth" not in pacc((), "a.test", "")

"""What else the webmail asks of its server: where programs find it, and the way out of a mailing list."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.routing import Mount

from mailcore.server.config import load
from tests.protocol.webmail.test_webmail import body_at, fetcher, files, host, said, stand
from tests.support.jmapstand import Stand, jmap_stand, letter
from web.webmail.app import one_click_of, webmail
from web.webmail.files import built
from web.webmail.programs import programs_of
from web.webmail.remote import NoPicture

__all__ = ["files", "stand"]


async def test_who_is_signed_in_is_told_where_programs_find_the_server(tmp_path: Path, files: Path) -> None:
    (tmp_path / "data").mkdir()
    told = programs_of(load(None, data=tmp_path / "data", port_base=20_000), ["/dav", "/jmap", "/.well-known/jmap"])
    mounts = lambda parts: [Mount("/mail", webmail(parts, built(files), programs=told))]  # noqa: E731
    async with jmap_stand(tmp_path, mounts) as stand:
        assert (await stand.http.get("/mail/programs")).status_code == 401
        await stand.browse("alice")
        found = (await stand.http.get("/mail/programs")).json()
    by_name = {(each["protocol"], each["port"] - 20_000): each["tls"] for each in found["services"]}
    assert by_name[("imap", 993)] == "implicit"
    assert {protocol for protocol, _ in by_name} == {"imap", "pop3", "smtp", "sieve"}
    assert not {port for _, port in by_name} & {25, 24, 80, 9000}
    assert found["paths"] == {"caldav": "/dav/", "carddav": "/dav/", "jmap": "/.well-known/jmap"}
    assert found["profile"] == "/autodiscover/apple.mobileconfig"


async def test_a_list_is_left_by_one_post_that_tells_of_nobody() -> None:
    async with host(said("202 Accepted")) as (port, asked):
        await fetcher(far_test="127.0.0.1").unsubscribe(f"http://far.test:{port}/out?id=7")
    head = asked[0].decode().lower()
    assert head.startswith("post /out?id=7 ") and "application/x-www-form-urlencoded" in head
    for never in ("cookie", "referer", "x-forwarded", "authorization"):
        assert never not in head


@pytest.mark.parametrize("answer", [said("302 Found", location="http://far.test/"), said("500 Oh"), b""])
async def test_a_list_that_does_not_let_go_is_said_to(answer: bytes) -> None:
    async with host(answer) as (port, asked):
        with pytest.raises(NoPicture):
            await fetcher(far_test="127.0.0.1").unsubscribe(f"http://far.test:{port}/")
    assert len(asked) == 1


async def test_a_list_of_ones_own_network_is_not_asked() -> None:
    with pytest.raises(NoPicture):
        await fetcher(private=False, far_test="127.0.0.1").unsubscribe("https://far.test/")


@pytest.mark.parametrize(
    ("lines", "url"),
    [
        (("List-Unsubscribe: <mailto:x@far.test>,", "  <https://far.test/a?b>"), "https://far.test/a?b"),
        (("List-Unsubscribe: <http://far.test/a>",), None),
        (("List-Unsubscribe: <mailto:x@far.test>",), None),
        ((), None),
    ],
)
def test_where_a_list_is_left_with_one_click(lines: tuple[str, ...], url: str | None) -> None:
    post = "List-Unsubscribe-Post: List-Unsubscribe=One-Click"
    assert one_click_of(letter("News", *lines, post)) == url
    assert one_click_of(letter("News", *lines)) is None
    assert one_click_of(letter("News", body="\r\n".join([post, *lines, ""]))) is None


async def test_only_who_may_read_an_email_leaves_its_list(stand: Stand) -> None:
    place = (await body_at(stand, letter("News"))).replace("/body/", "/unsubscribe/")
    assert (await stand.http.post(place)).status_code == 401
    await stand.browse("alice")
    assert (await stand.http.post(place)).status_code == 403
    proof = (await stand.http.get("/signin/session")).json()["csrf"]
    assert (await stand.http.post(place, headers={"x-csrf-token": proof})).status_code == 422
    await stand.browse("bob")
    proof = (await stand.http.get("/signin/session")).json()["csrf"]
    assert (await stand.http.post(place, headers={"x-csrf-token": proof})).status_code == 404

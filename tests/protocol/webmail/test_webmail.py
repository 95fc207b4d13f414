"""The webmail over HTTP: its files, bodies of emails behind the sign-in, and pictures from elsewhere."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.routing import Mount

from mailcore.server import asking
from mailcore.server.dns import Resolver
from tests.support.jmapstand import Stand, jmap_stand, letter
from web.webmail import remote
from web.webmail.app import webmail
from web.webmail.files import POLICY, built
from web.webmail.remote import NoPicture, Picture, Remote

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)


@dataclass
class Names:
    """A resolver that knows a few hosts."""

    hosts: Mapping[str, str]

    async def addresses(self, host: str) -> tuple[str, ...]:
        return (self.hosts[host],) if host in self.hosts else ()


def fetcher(private: bool = True, **hosts: str) -> Remote:
    return Remote(cast(Resolver, Names({name.replace("_", "."): at for name, at in hosts.items()})), b"x", private)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A client that was built."""
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>app</title>")
    (folder / "assets" / "app-1a2b.js").write_text("run()")
    (folder / "assets" / "app-1a2b.js.br").write_bytes(b"brotli")
    (folder / "assets" / "app-1a2b.js.gz").write_bytes(b"gzip")
    (folder / ".built").touch()
    return folder


@pytest_asyncio.fixture
async def stand(tmp_path: Path, files: Path) -> AsyncIterator[Stand]:
    async with jmap_stand(tmp_path, lambda parts: [Mount("/mail", webmail(parts, built(files)))]) as made:
        yield made


async def body_at(stand: Stand, message: bytes) -> str:
    """Where the body of a message of Alice's is."""
    email = await stand.put("alice", message)
    return f"/mail/body/{await stand.client('alice').account()}/G{email[1:]}"


def html(text: str, *more: str) -> bytes:
    return letter("x", "Content-Type: text/html; charset=utf-8", *more, body=text)


# --- files


async def test_the_page_comes_under_a_strict_policy_and_fresh(stand: Stand) -> None:
    for path in ("/mail/", "/mail/index.html", "/mail/A1/F7/M3", "/mail/A1/search/x"):
        got = await stand.http.get(path)
        assert (got.status_code, got.headers["cache-control"]) == (200, "no-cache")
        assert got.headers["content-security-policy"] == POLICY
        assert got.headers["x-frame-options"] == "DENY"
        assert got.headers["referrer-policy"] == "no-referrer"
        assert got.headers["x-content-type-options"] == "nosniff"


def test_the_policy_runs_no_script_but_our_files() -> None:
    rules = dict(each.strip().partition(" ")[::2] for each in POLICY.split(";"))
    assert (rules["default-src"], rules["script-src"]) == ("'none'", "'self'")
    assert (rules["frame-ancestors"], rules["base-uri"]) == ("'none'", "'none'")


@pytest.mark.parametrize(("accepts", "octets"), [("br, gzip", b"brotli"), ("gzip;q=0.5", b"gzip"), ("", b"run()")])
async def test_a_file_comes_in_the_best_form_and_is_kept(stand: Stand, accepts: str, octets: bytes) -> None:
    request = stand.http.build_request("GET", "/mail/assets/app-1a2b.js", headers={"accept-encoding": accepts})
    got = await stand.http.send(request, stream=True)
    assert b"".join([each async for each in got.aiter_raw()]) == octets
    assert "immutable" in got.headers["cache-control"]
    assert got.headers["vary"] == "accept-encoding"
    assert got.headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize(
    "path",
    [
        "/mail/assets/none.js",
        "/mail/.built",
        "/mail/../../etc/passwd",
        "/mail/%2e%2e/%2e%2e/pyproject.toml",
        "/mail/a%0d%0ax.y",
    ],
)
async def test_there_are_no_other_files(stand: Stand, path: str) -> None:
    got = await stand.http.get(path)
    assert got.status_code == 404
    assert "x" not in got.headers


ELSEWHERE = ("/mail//evil.test", "/mail/https://evil.test/", "/mail/%5cevil.test", "//evil.test/mail")


@pytest.mark.parametrize("path", ELSEWHERE)
async def test_nothing_leads_to_another_site(stand: Stand, path: str) -> None:
    got = await stand.http.get(f"https://mail.example.test{path}", follow_redirects=False)
    assert "location" not in got.headers


# --- bodies


async def test_a_body_is_a_page_of_its_own_policy(stand: Stand) -> None:
    await stand.browse("alice")
    got = await stand.http.get(await body_at(stand, html("<p>Hello</p><script>alert(1)</script>")))
    assert got.status_code == 200
    assert "<p>Hello</p>" in got.text and "<script" not in got.text
    policy = got.headers["content-security-policy"]
    assert "sandbox allow-popups allow-popups-to-escape-sandbox" in policy and "default-src 'none'" in policy
    assert got.headers["cache-control"] == "private, no-store"


async def test_a_body_is_for_who_may_read_it(stand: Stand) -> None:
    at = await body_at(stand, html("<p>secret</p>"))
    assert (await stand.http.get(at)).status_code == 401
    await stand.browse("bob")
    assert (await stand.http.get(at)).status_code == 404
    await stand.share("alice", "INBOX", "bob@example.test", "lr")
    assert (await stand.http.get(at)).status_code == 200
    assert (await stand.http.get(at, headers={"sec-fetch-site": "cross-site"})).status_code == 403
    for wrong in ("/mail/body/A1/x", "/mail/body/x/G1", f"{at}0"):
        assert (await stand.http.get(wrong)).status_code == 404


async def test_pictures_that_come_along_are_shown_and_others_only_when_asked(stand: Stand) -> None:
    message = (
        b"Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n--b\r\n"
        b"Content-Type: text/html\r\n\r\n<img src='cid:dot@x'><img src='https://far.test/t.png?a=1&amp;b=2'>\r\n--b\r\n"
        b"Content-Type: image/png\r\nContent-ID: <dot@x>\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.b64encode(PNG)
        + b"\r\n--b--\r\n"
    )
    await stand.browse("alice")
    at = await body_at(stand, message)
    plain = (await stand.http.get(at)).text
    assert f"data:image/png;base64,{base64.b64encode(PNG).decode()}" in plain
    assert "far.test" not in plain
    assert (await stand.http.get(f"{at}?about=1")).json() == {"blocked": 1}
    shown = (await stand.http.get(f"{at}?images=1")).text
    assert "/mail/image?until=" in shown and "url=https%3A%2F%2Ffar.test%2Ft.png%3Fa%3D1%26b%3D2" in shown


async def test_a_picture_that_is_a_document_is_not_shown(stand: Stand) -> None:
    message = (
        b"Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n--b\r\n"
        b"Content-Type: text/html\r\n\r\n<img src='cid:s'>\r\n--b\r\n"
        b"Content-Type: image/svg+xml\r\nContent-ID: <s>\r\n\r\n"
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>\r\n--b--\r\n"
    )
    await stand.browse("alice")
    assert "svg" not in (await stand.http.get(await body_at(stand, message))).text


async def test_plain_text_is_escaped(stand: Stand) -> None:
    await stand.browse("alice")
    got = await stand.http.get(await body_at(stand, letter("x", body="<script>alert(1)</script>\r\n")))
    assert "&lt;script&gt;" in got.text and "<script" not in got.text


# --- pictures from elsewhere


@asynccontextmanager
async def host(*answers: bytes) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A web server that gives these answers in turn; its port, and what it was asked."""
    asked: list[bytes] = []
    left = list(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(left.pop(0))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], asked


def said(status: str, body: bytes = b"", **fields: str) -> bytes:
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status}\r\nconnection: close\r\n{head}\r\n".encode() + body


async def test_a_picture_is_fetched_without_a_word_of_who_asks() -> None:
    async with host(said("200 OK", PNG, content_type="image/png")) as (port, asked):
        got = await fetcher(far_test="127.0.0.1").fetch(f"http://far.test:{port}/a b.png?x=1")
    assert got == Picture(PNG, "image/png")
    head = asked[0].decode().lower()
    assert head.startswith("get /a%20b.png?x=1 ") and f"host: far.test:{port}" in head
    for never in ("cookie", "referer", "x-forwarded", "authorization"):
        assert never not in head


@pytest.mark.parametrize(
    "answer",
    [
        said("200 OK", b"<script>", content_type="text/html"),
        said("200 OK", b"<svg/>", content_type="image/svg+xml"),
        said("200 OK", b"x"),
        said("404 Not Found", PNG, content_type="image/png"),
        said("302 Found"),
        said("302 Found", location="file:///etc/passwd"),
        said("302 Found", location="gopher://far.test/"),
        said("302 Found", location="http://user@far.test/"),
    ],
)
async def test_what_is_no_picture_is_not_given(answer: bytes) -> None:
    async with host(answer, answer, answer, answer, answer) as (port, _):
        with pytest.raises(NoPicture):
            await fetcher(far_test="127.0.0.1").fetch(f"http://far.test:{port}/")


async def test_a_picture_that_is_too_large_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "OCTETS", 50)
    async with host(said("200 OK", PNG, content_type="image/png")) as (port, _):
        with pytest.raises(NoPicture, match="more than 50 octets"):
            await fetcher(far_test="127.0.0.1").fetch(f"http://far.test:{port}/")


async def test_a_picture_that_takes_too_long_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "SECONDS", 0.05)
    gone = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        gone.set()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server:
        with pytest.raises(NoPicture):
            await fetcher(far_test="127.0.0.1").fetch(f"http://far.test:{server.sockets[0].getsockname()[1]}/")
        await gone.wait()


async def test_a_redirection_is_followed_and_looked_at_anew() -> None:
    async with host(said("200 OK", PNG, content_type="image/png")) as (port, _):
        there = said("302 Found", location=f"http://other.test:{port}/")
        async with host(there) as (first, _):
            fetch = fetcher(far_test="127.0.0.1", other_test="127.0.0.1").fetch(f"http://far.test:{first}/")
            assert (await fetch).octets == PNG


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.8", "172.16.3.4", "192.168.1.1", "169.254.169.254", "0.0.0.0", "::1", "fe80::1", "fd00::1",
     "::ffff:127.0.0.1", "64:ff9b::7f00:1", "224.0.0.1", "100.64.0.1"],
)  # fmt: skip
async def test_nothing_leads_into_our_own_network(address: str) -> None:
    named = fetcher(private=False, evil_test=address)
    with pytest.raises(NoPicture, match="not of the Internet"):
        await named.fetch("http://evil.test/")
    bare = f"[{address}]" if ":" in address else address
    with pytest.raises(NoPicture, match="not of the Internet"):
        await fetcher(private=False).fetch(f"http://{bare}/")


async def test_a_redirection_does_not_lead_there_either(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first host is looked up as one of the Internet; what it names is not."""
    async with host(said("302 Found", location="http://inside.test/")) as (port, _):
        one = fetcher(far_test="127.0.0.1", inside_test="169.254.169.254")
        real = asking.public_address

        async def public(dns: Any, name: str, *, private: bool) -> str:
            return "127.0.0.1" if name == "far.test" else await real(dns, name)

        monkeypatch.setattr(asking, "public_address", public)
        with pytest.raises(NoPicture, match=r"inside.test is at 169.254.169.254"):
            await one.fetch(f"http://far.test:{port}/")


NOWHERE = ("http://a.test:22/", "http://a.test:8080/", "ftp://a.test/", "file:///x", "http://", "x", "http://[x/")


@pytest.mark.parametrize("url", NOWHERE)
async def test_some_addresses_are_of_no_picture(url: str) -> None:
    one = fetcher(private=False, a_test="93.184.216.34")
    assert one.address(url) is None
    with pytest.raises(NoPicture):
        await one.fetch(url)


async def test_pictures_are_given_by_sealed_addresses_alone(stand: Stand) -> None:
    one = fetcher(private=False)
    good = one.address("https://far.test/t.png")
    assert good is not None
    for wrong in (
        "/mail/image",
        good.replace("t.png", "u.png"),
        good.replace("until=", "until=9"),
        f"{good}&url=http://x.test/",
    ):
        assert (await stand.http.get(wrong)).status_code == 403


async def test_a_seal_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    one = fetcher()
    made = httpx.URL(one.address("https://far.test/t.png") or "").params
    assert one.sealed(made["until"], made["seal"], made["url"])
    monkeypatch.setattr(remote.time, "time", lambda: float(made["until"]) + 1)
    assert not one.sealed(made["until"], made["seal"], made["url"])


async def test_a_picture_comes_in_a_form_that_runs_nothing() -> None:
    async with host(said("200 OK", PNG, content_type="image/png")) as (port, _):
        one = fetcher(far_test="127.0.0.1")
        parts = cast(Any, type("Parts", (), {"dns": None, "secret": b""}))
        app = Starlette(routes=[Mount("/mail", webmail(parts, {}, one))])
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://mail.test") as http:
            got = await http.get(one.address(f"http://far.test:{port}/") or "")
    assert (got.status_code, got.content, got.headers["content-type"]) == (200, PNG, "image/png")
    assert got.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert got.headers["x-content-type-options"] == "nosniff"

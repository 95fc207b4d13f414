"""What strangers may send to Autodiscover: whatever it is, one of the protocol's own answers comes back."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from connectors.dav import xml
from tests.protocol.autodiscover.conftest import SIGNED_IN, opened
from tests.protocol.autodiscover.test_pox import PATH, asks
from tests.protocol.autodiscover.test_soap import PATH as SOAP_PATH
from tests.protocol.autodiscover.test_soap import users

NAMES = st.text(max_size=30).map(xml.escape)
BODIES = st.one_of(
    st.binary(max_size=200),
    NAMES.map(lambda text: asks(f"{text}@example.test").encode()),
    NAMES.map(lambda text: asks(kind=text).encode()),
    st.lists(NAMES, max_size=3).map(lambda found: users(*found, settings=tuple(found)).encode()),
    st.tuples(st.integers(0, 400), st.binary(max_size=3)).map(
        lambda cut: asks().encode()[: cut[0]] + cut[1] + asks().encode()[cut[0] :]
    ),
)


def test_every_answer_is_one(tmp_path: Path) -> None:
    async def all_of_it() -> None:
        async with opened(tmp_path) as stand:
            loop = asyncio.get_running_loop()

            @settings(max_examples=150)
            @given(BODIES, st.text(max_size=40))
            def ask(body: bytes, text: str) -> None:
                async def now() -> None:
                    got = await stand.post(PATH, body)
                    assert got.status_code == 200
                    etree.fromstring(got.content)
                    got = await stand.post(SOAP_PATH, body, **SIGNED_IN)
                    assert got.status_code in (200, 500)
                    etree.fromstring(got.content)
                    for path in ("autodiscover.json", "apple.mobileconfig", "offers.json"):
                        asked = {"Email": text, "Protocol": text, "with": text}
                        got = await stand.http.get(f"/autodiscover/{path}", params=asked)
                        assert got.status_code in (200, 400, 404)

                asyncio.run_coroutine_threadsafe(now(), loop).result(60)

            await asyncio.to_thread(ask)

    asyncio.run(all_of_it())

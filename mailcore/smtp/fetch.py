"""The file of an MTA-STS policy, over HTTPS. Imported when there is one to fetch: the library behind it is large."""

from __future__ import annotations

import asyncio
import ssl
from typing import Final

import httpx

from mailcore.smtp.sts_own import PATH

MOST_OCTETS: Final = 64 * 1024
FETCH_SECONDS: Final = 30.0


class NotFetched(Exception):
    """It was not to be had. `result`: its name in RFC 8460 §4.3.2.2."""

    def __init__(self, text: str, result: str = "sts-policy-fetch-error") -> None:
        super().__init__(text)
        self.result = result


async def fetched(host: str, address: str, port: int, context: ssl.SSLContext) -> str:
    """The file of a host at an address, under the host's own name alone and without detours. RFC 8461 §3.3.

    NotFetched.
    """
    try:
        async with asyncio.timeout(FETCH_SECONDS):
            return await _asked(host, address, port, context)
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:  # a TimeoutError is an OSError
        result = "sts-webpki-invalid" if _is_certificate(error) else "sts-policy-fetch-error"
        raise NotFetched(str(error) or type(error).__name__, result) from error


async def _asked(host: str, address: str, port: int, context: ssl.SSLContext) -> str:
    where = f"[{address}]" if ":" in address else address
    async with (
        httpx.AsyncClient(verify=context, trust_env=False, timeout=FETCH_SECONDS) as client,
        client.stream(
            "GET",
            f"https://{where}:{port}{PATH}",
            headers={"Host": host, "Accept-Encoding": "identity"},
            extensions={"sni_hostname": host},
        ) as answer,
    ):
        if answer.status_code != 200:
            raise NotFetched(f"the web server answered {answer.status_code}")
        if answer.headers.get("content-type", "").partition(";")[0].strip().lower() != "text/plain":
            raise NotFetched("it is not text/plain", "sts-policy-invalid")
        octets = b""
        async for piece in answer.aiter_raw():  # nothing is unpacked: a few octets could become very many
            octets += piece
            if len(octets) > MOST_OCTETS:
                raise NotFetched(f"it is longer than {MOST_OCTETS} octets", "sts-policy-invalid")
    return octets.decode("utf-8", "replace")


def _is_certificate(error: BaseException | None) -> bool:
    """Whether a certificate was at fault, somewhere behind what httpx says."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False

"""TLS-RPT: a domain that asks for it is told each day what came of TLS to its hosts. RFC 8460."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import re
import ssl
import traceback
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from textwrap import wrap
from typing import Any, Final
from urllib.parse import unquote

from groupware.mime.compose import address_line, format_date, header_line, mailbox, message_id
from groupware.model.errors import GroupwareError
from groupware.model.event import Envelope, Recipient
from groupware.model.principal import OPERATOR
from groupware.model.tls import SUCCESS, TlsResult
from mailcore.queue.giveup import postmaster
from mailcore.queue.letters import Ready, post
from mailcore.queue.settlement import Desk
from mailcore.queue.trace import say
from mailcore.server import log as server_log
from mailcore.server.dns import DnsError, NoData, NoSuchDomain, Resolver, TryAgain
from mailcore.server.reach import NotPublic, public_address
from mailcore.server.sections_mail import SmtpSection

EVERY: Final = 3600.0
KEPT_DAYS: Final = 30
MOST_ADDRESSES: Final = 5
POST_SECONDS: Final = 60.0
_ADDRESS: Final = re.compile(r"[!#-'*+./0-9=?A-Z^-~-]{1,64}@[0-9A-Za-z.-]{1,255}")
Context = Callable[[], ssl.SSLContext]
TYPE: Final = "application/tlsrpt+gzip"


def report(domain: str, day: str, results: Sequence[TlsResult], *, host: str, contact: str) -> Mapping[str, Any]:
    """The report of a domain's day, for JSON. RFC 8460 §4.4.

    Each policy as it was found is an entry: hosts have TLSA records of their own, and a policy may change in a day.
    """
    by_policy: dict[tuple[str, tuple[str, ...]], list[TlsResult]] = {}
    for each in results:
        by_policy.setdefault((each.policy, each.said), []).append(each)
    return {
        "organization-name": host,
        "date-range": {"start-datetime": f"{day}T00:00:00Z", "end-datetime": f"{day}T23:59:59Z"},
        "contact-info": contact,
        "report-id": f"{day}.{domain}@{host}",
        "policies": [_policy(domain, name, said, found) for (name, said), found in sorted(by_policy.items())],
    }


def _policy(domain: str, name: str, said: Sequence[str], results: Sequence[TlsResult]) -> Mapping[str, Any]:
    hosts = [line.partition(":")[2].strip() for line in said if line.startswith("mx:")] if name == "sts" else []
    policy = {"policy-type": name, "policy-domain": domain}
    failed = [each for each in results if each.result != SUCCESS]
    return {
        "policy": {
            **policy,
            **({"policy-string": list(said)} if said else {}),
            **({"mx-host": hosts} if hosts else {}),
        },
        "summary": {
            "total-successful-session-count": sum(each.count for each in results if each.result == SUCCESS),
            "total-failure-session-count": sum(each.count for each in failed),
        },
        **({"failure-details": [_failure(each) for each in failed]} if failed else {}),
    }


def _failure(result: TlsResult) -> Mapping[str, Any]:
    return {
        "result-type": result.result,
        "receiving-mx-hostname": result.host,
        "failed-session-count": result.count,
    }


def addresses(texts: Sequence[str]) -> Sequence[str]:
    """Where a domain wants its reports: the `mailto:` and `https:` of its one TXT record. RFC 8460 §3."""
    said = [text for text in texts if text.replace(" ", "").startswith("v=TLSRPTv1;")]
    if len(said) != 1:
        return ()
    fields = (part.partition("=") for part in said[0].split(";"))
    rua = next((value for name, _, value in fields if name.strip().lower() == "rua"), "")
    found = [each.strip() for each in rua.split(",")]
    return [each for each in found if each.lower().startswith(("mailto:", "https://"))][:MOST_ADDRESSES]


async def keep_reporting(desk: Desk, smtp: SmtpSection, dns: Resolver, context: Context) -> None:
    """Looks every hour whether reports of yesterday are due, until cancelled."""
    while True:
        try:
            await tidy(desk)
            if smtp.tls_reports:
                await send_due(desk, smtp, dns, context)
        except GroupwareError as error:
            desk.log.warning("tls_reports_put_off", why=str(error))
        except Exception:  # a bug of ours costs reports, and mail nothing
            desk.log.error("tls_reports_crashed", traceback=traceback.format_exc())
        await asyncio.sleep(EVERY)


async def tidy(desk: Desk) -> None:
    """Forgets results that are older than a month."""
    before = (desk.clock.now().date() - timedelta(days=KEPT_DAYS)).isoformat()
    await desk.store.write(OPERATOR, lambda tx: tx.forget_tls(before))


async def send_due(desk: Desk, smtp: SmtpSection, dns: Resolver, context: Context) -> int:
    """Sends the reports of yesterday that nobody has sent yet; how many these were. `context` checks web servers."""
    day, count = (desk.clock.now().astimezone(UTC).date() - timedelta(days=1)).isoformat(), 0
    later: set[str] = set()
    while domains := [
        each
        for each in await desk.store.read(OPERATOR, lambda tx: tx.unreported_tls(day, 100 + len(later)))
        if each not in later
    ]:
        for domain in domains:
            try:
                count += await _send(desk, smtp, dns, domain, day, context)
            except GroupwareError:
                raise
            except TryAgain as error:
                later.add(domain)
                desk.log.info("tls_report_waits", domain=domain, why=str(error))
            except Exception as error:  # a bug of ours costs this report, and mail nothing
                later.add(domain)
                facts = {"error": repr(error), "traceback": traceback.format_exc()}
                desk.log.error("tls_report_crashed", domain=domain, **facts)
    return count


async def _send(desk: Desk, smtp: SmtpSection, dns: Resolver, domain: str, day: str, context: Context) -> bool:
    """Sends one report to where its domain wants it; False when nobody wants it, or somebody else has sent it."""
    try:
        where = addresses((await dns.query(f"_smtp._tls.{domain}", "TXT")).values)
    except (NoSuchDomain, NoData):
        where = ()
    if not await desk.store.write(OPERATOR, lambda tx: tx.claim_tls_report(domain, day)):
        return False
    results = await desk.store.read(OPERATOR, lambda tx: tx.tls_results(domain, day))
    sender = smtp.tls_report_from or await postmaster(desk)
    if not where or not results or not sender:
        return False
    made = report(domain, day, results, host=desk.host, contact=sender)
    octets = gzip.compress(json.dumps(made, indent=1).encode(), mtime=0)
    for each in where:
        if each.lower().startswith("https://"):
            await _post(desk, dns, domain, each, octets, context, private=smtp.mta_sts_private)
        else:
            await _mail(desk, made, domain, day, sender, unquote(each[7:].partition("?")[0]), octets)
    return True


async def _post(
    desk: Desk, dns: Resolver, domain: str, url: str, octets: bytes, context: Context, *, private: bool
) -> None:
    """Posts the report to the address that its domain names, unless that is in one's own network."""
    import httpx  # large, and seldom needed

    try:
        asked = httpx.URL(url)
        address = await public_address(dns, asked.host, private=private)
        headers = {"Content-Type": TYPE, "Host": asked.netloc.decode("ascii")}
        async with (
            httpx.AsyncClient(verify=context(), timeout=POST_SECONDS, trust_env=False) as client,
            client.stream(
                "POST",
                asked.copy_with(host=address),
                content=octets,
                headers=headers,
                extensions={"sni_hostname": asked.host},
            ) as answer,
        ):
            desk.log.info("tls_report_posted", domain=domain, url=url, status=answer.status_code)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, DnsError, NotPublic) as error:
        desk.log.warning("tls_report_failed", domain=domain, url=url, why=str(error) or type(error).__name__)


async def _mail(
    desk: Desk, made: Mapping[str, Any], domain: str, day: str, sender: str, to: str, octets: bytes
) -> None:
    if _ADDRESS.fullmatch(to) is None:
        desk.log.warning("tls_report_failed", domain=domain, url=f"mailto:{to}", why="that is no address")
        return
    letter = composed(made, domain, day, sender, to, octets, host=desk.host, now=desk.clock.now())
    stored = await desk.blobs.put(letter)
    with server_log.message() as name:
        envelope = Envelope(
            "", (Recipient(to, "NEVER"),), stored.blob, stored.size, body=stored.body, message=name, own=True
        )  # fmt: skip
    ready = Ready(envelope, len(letter))
    say(desk.log, await desk.store.write(OPERATOR, lambda tx: post(tx, ready)))


def composed(
    made: Mapping[str, Any], domain: str, day: str, sender: str, to: str, octets: bytes, *, host: str, now: datetime
) -> bytes:
    """The letter that a report goes in (RFC 8460 §5.3). It arrives whatever is wrong with TLS (§3)."""
    began = int(datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC).timestamp())
    file = f"{host}!{domain}!{began}!{began + 86399}.json.gz"
    boundary = "=_tlsrpt_" + str(began)
    head = (
        address_line("From", [mailbox("", sender)]),
        address_line("To", [mailbox("", to)]),
        header_line("Subject", f"Report Domain: {domain} Submitter: {host} Report-ID: <{made['report-id']}>"),
        header_line("Date", format_date(now)),
        header_line("Message-ID", message_id(host)),
        header_line("TLS-Report-Domain", domain),
        header_line("TLS-Report-Submitter", host),
        header_line("Auto-Submitted", "auto-generated"),
        header_line("TLS-Required", "No"),
        header_line("MIME-Version", "1.0"),
        f'Content-Type: multipart/report; report-type="tlsrpt";\r\n boundary="{boundary}"\r\n\r\n'.encode(),
    )
    text = f"This is a report of TLS connections from {host} to the mail hosts of {domain} on {day} (RFC 8460)."
    parts = (
        f"--{boundary}\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n{text}\r\n",
        f"--{boundary}\r\nContent-Type: {TYPE}\r\nContent-Transfer-Encoding: base64\r\n"
        f'Content-Disposition: attachment;\r\n filename="{file}"\r\n\r\n',
        "".join(f"{line}\r\n" for line in wrap(base64.b64encode(octets).decode(), 76)),
        f"--{boundary}--\r\n",
    )
    return b"".join(head) + "".join(parts).encode()

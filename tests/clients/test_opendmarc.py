"""opendmarc, the milter that most mail servers ask about DMARC: by what we say of SPF and DKIM it comes to our verdict.

Debian's takes SPF from a field that names the domain of the sender alone (`smtp.mailfrom=far.test`; RFC 8601 has both).
Strict alignment is no part of this: of records from its file of test data it takes `adkim=s` and `aspf=s` for relaxed.
"""

from __future__ import annotations

import itertools
import re
import subprocess
from collections.abc import Iterator, Sequence

import pytest

from connectors.scanners.milter import Milter
from connectors.scanners.report import Letter
from mailcore.smtp.authentication import canonical, dmarc
from mailcore.smtp.authentication.dmarc import Found
from mailcore.smtp.authentication.results import written
from mailcore.smtp.authentication.verdicts import Dmarc, Signature, Spf, Verdicts
from tests.support.dnstable import Table
from tests.support.patience import until_listens
from tests.support.ports import free_port

# asked of nobody: both sides have them from here, and unlike names in .test they have a public suffix
RECORDS = {
    "reject.org.uk": "v=DMARC1; p=reject",
    "quarantine.org.uk": "v=DMARC1; p=quarantine; sp=none",
    "none.org.uk": "v=DMARC1;p=none;rua=mailto:x@none.org.uk",
    "split.org.uk": "v=DMARC1; p=reject; sp=quarantine; pct=50",
    "own.reject.org.uk": "v=DMARC1; p=none",
}
AUTHORS = (
    *("reject.org.uk", "sub.reject.org.uk", "own.reject.org.uk", "quarantine.org.uk"),
    *("none.org.uk", "split.org.uk", "x.split.org.uk", "bare.org.uk"),
)
SPF = (("pass", ""), ("pass", "bounce."), ("fail", ""), ("pass", "other.org.uk"), ("none", ""))
DKIM = (("pass", ""), ("pass", "mail."), ("fail", ""), ("pass", "other.org.uk"), None)
OURS = "mx.test"


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Milter]:
    """An opendmarc that believes what we say of SPF and DKIM."""
    folder, port = tmp_path_factory.mktemp("opendmarc"), free_port()
    (folder / "names").write_text("".join(f"_dmarc.{name} {record}\n" for name, record in RECORDS.items()))
    (folder / "nobody").write_text("192.0.2.255\n")
    (folder / "conf").write_text(
        f"TrustedAuthservIDs {OURS}\nAuthservID judge.test\nSyslog no\nRejectFailures false\n"
        f"TestDNSData {folder}/names\n"
        f"IgnoreHosts {folder}/nobody\nPublicSuffixList /usr/share/publicsuffix/public_suffix_list.dat\n"
    )
    command = ["opendmarc", "-f", "-c", str(folder / "conf"), "-p", f"inet:{port}@127.0.0.1"]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        until_listens(port, process)
        yield Milter("opendmarc", f"127.0.0.1:{port}")
        process.kill()  # asked to end, it would look for that every five seconds


def other(name: str, author: str) -> str:
    """The domain of a signature or an envelope: its own, one below the author's, or the author's."""
    return name if name.endswith(".uk") else name + author


def cases() -> Iterator[tuple[str, Found]]:
    for author, spf, dkim in itertools.product(AUTHORS, SPF, DKIM):
        signed = () if dkim is None else (Signature(dkim[0], other(dkim[1], author), "s", "rsa-sha256"),)  # type: ignore[arg-type]
        yield author, Found(Spf(spf[0], other(spf[1], author)), signed)  # type: ignore[arg-type]


async def ours(author: str, found: Found) -> tuple[Dmarc, bytes]:
    """Our verdict, and the message with what we say of SPF and DKIM."""
    table = Table({(f"_dmarc.{name}", "TXT"): [record] for name, record in RECORDS.items()})
    message = (
        f"From: A <a@{author}>\r\nTo: b@here.test\r\nSubject: x\r\nDate: Thu, 26 Nov 2026 12:00:00 +0000\r\n\r\nhi\r\n"
    )
    mail = canonical.taken_apart(message.encode())
    assert found.spf is not None
    said = Verdicts(peer="192.0.2.1", helo="there.test", sender=found.spf.domain, spf=found.spf, dkim=found.dkim)
    return dmarc.evaluate(mail, found, await dmarc.policies(mail, table)), written(said, OURS) + message.encode()


async def theirs(judge: Milter, octets: bytes, sender: str) -> str:
    letter = Letter(octets, sender, ("b@here.test",), "192.0.2.1", "there.test", OURS, "", "1")
    report = await judge.scan(letter)
    values = [each.value or "" for each in report.changes if each.name.lower() == "authentication-results"]
    results: Sequence[str] = re.findall(r"dmarc=(\w+)", " ".join(values))
    assert len(results) == 1, values
    return results[0]


async def test_it_comes_to_our_verdict_over_every_policy_author_envelope_and_signature(judge: Milter) -> None:
    differ = []
    count = passed = 0
    for author, found in cases():
        verdict, octets = await ours(author, found)
        assert found.spf is not None
        said = await theirs(judge, octets, f"a@{found.spf.domain}")
        count, passed = count + 1, passed + (verdict.result == "pass")
        if said != verdict.result:
            differ.append((author, found.spf.result, found.spf.domain, found.dkim, verdict.result, said))
    assert differ == []
    assert (count, 50 < passed < 150) == (len(AUTHORS) * len(SPF) * len(DKIM), True)

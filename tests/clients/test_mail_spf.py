"""Mail::SPF and opendmarc, with unbound as the name server of all: they find what we find."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

RECORDS = (
    "v=spf1 -all", "v=spf1 ~all", "v=spf1", "v=spf1 ip4:192.0.2.0/24 -all", "v=spf1 a:mail.example.org -all",
    "v=spf1 mx:example.org -all", "v=spf1 ptr:example.org -all", "v=spf1 include:d3.example.net -all",
    "v=spf1 redirect=d4.example.net", "v=spf1 include:absent.example.net -all", "v=spf1 exists:%{i}.x.example.net -all",
    "v=spf1 a:mail.example.org/24 ?all", "v=spf1 ip6:2001:db8::/32 -all", "v=spf1 nonsense -all",
    "v=spf1 include:d14.example.net -all", "v=spf1 -ip4:192.0.2.10 +all", "v=spf1 a:x%{d}/33 -all",
    "v=spf1 redirect=absent.example.net", "v=spf1 mx:example.org//64 a:%{l}.example.org -all",
    " ".join(["v=spf1", *(f"a:h{n}.example.net" for n in range(11)), "+all"]),
)  # fmt: skip
HOSTS = [
    ["example.org", "MX", "10 mail.example.org."],
    ["mail.example.org", "A", "192.0.2.10"],
    ["mail.example.org", "AAAA", "2001:db8::10"],
    ["10.2.0.192.in-addr.arpa", "PTR", "mail.example.org."],
    ["192.0.2.10.x.example.net", "A", "127.0.0.2"],
    ["alice.example.org", "A", "203.0.113.5"],
    *[[f"h{n}.example.net", "A", "203.0.113.9"] for n in range(11)],
    ["_dmarc.example.org", "TXT", "v=DMARC1; p=reject; rua=mailto:d@example.org"],
    ["_dmarc.example.net", "TXT", "v=DMARC1; p=quarantine; sp=none"],
    ["_dmarc.odd.test", "TXT", "v=DMARC1;p=none;;adkim=s"],
]


def test_they_agree_with_us(tmp_path: Path) -> None:
    peers = ("192.0.2.10", "192.0.2.77", "203.0.113.5", "2001:db8::10", "2001:db9::1")
    records = [[f"d{number}.example.net", "TXT", text] for number, text in enumerate(RECORDS)]
    spf = [[peer, f"alice@d{number}.example.net"] for number in range(len(RECORDS)) for peer in peers]
    domains = ["example.org", "example.net", "odd.test", "absent.test"]
    (tmp_path / "asked.json").write_text(json.dumps({"records": HOSTS + records, "spf": spf, "dmarc": domains}))
    command = ["unshare", "-rmn", sys.executable, "-m", "tests.support.mailworld", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, done.stderr
    answered = json.loads((tmp_path / "answered.json").read_text())
    ours, theirs = answered["ours"], answered["theirs"]
    differing = [
        (RECORDS[at // len(peers)], spf[at][0], mine, other)
        for at, (mine, other) in enumerate(zip(ours["spf"], theirs["spf"], strict=True))
        if mine != other
    ]
    assert differing == []
    assert {"pass", "fail", "softfail", "neutral", "permerror"} == set(ours["spf"])
    assert ours["dmarc"] == theirs["dmarc"]
    assert ours["dmarc"] == ["reject", "quarantine", "none", ""]

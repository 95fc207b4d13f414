"""What a domain needs in DNS, and what is said where something else is there."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import pytest

from mailcore.server.config import load
from mailcore.smtp.authentication.zone import Wanted, differs, wanted


@pytest.mark.parametrize(
    ("type", "value", "there", "said"),
    [
        ("MX", "10 mx.a.test", ["5 other.test", "20 MX.a.test."], ""),
        ("MX", "10 mx.a.test", ["5 other.test"], "it is 5 other.test"),
        ("MX", "10 mx.a.test", [], "missing"),
        ("TXT", "v=spf1 mx -all", ["v=spf1 ip4:192.0.2.1 ~all", "other"], ""),
        ("TXT", "v=spf1 mx -all", ["v=spf1 -all", "v=spf1 +all"], "there are 2; only one may be"),
        ("TXT", "v=spf1 mx -all", ["other"], "missing"),
        ("TXT", "v=DMARC1; p=none", ["v=DMARC1; p=reject"], ""),
        ("TXT", "v=DKIM1; k=rsa; p=AAAA", ["v=DKIM1;k=rsa;p=AAAA"], ""),
        ("TXT", "v=DKIM1; k=rsa; p=AAAA", ["v=DKIM1; k=rsa; p=aaaa"], "another record is there"),
        ("SRV", "0 1 993 mx.a.test", ["0 1 993 mx.a.test."], ""),
        ("SRV", "0 1 993 mx.a.test", ["0 1 143 mx.a.test."], "it is 0 1 143 mx.a.test."),
        ("CNAME", "mx.a.test", ["192.0.2.1"], ""),
    ],
)
def test_what_differs(type: str, value: str, there: list[str], said: str) -> None:
    assert differs(Wanted("a.test", type, value, "why"), there) == said  # type: ignore[arg-type]


def test_records_of_a_server_on_loopback_lead_to_its_name_and_to_no_address(tmp_path: Path) -> None:
    config = load(None, data=tmp_path, port_base=20000, environ={})
    hosts = {each.value.rpartition(" ")[2] for each in wanted("a.test", config, []) if each.type != "TXT"}
    assert hosts == {config.host}
    with pytest.raises(ValueError):
        ip_address(config.host)

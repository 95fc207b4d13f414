"""`postroom dkim`: keys of domains, from the first to the next."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Postroom


def states(postroom: Postroom) -> dict[str, str]:
    return {each["selector"]: each["state"] for each in postroom("dkim", "list", "--json").json}


def test_a_key_is_made_published_and_used(postroom: Postroom) -> None:
    made = postroom("dkim", "add", "example.test", "--selector", "one")
    assert made.status == 0
    assert made.out.startswith('one._domainkey.example.test. IN TXT ( "v=DKIM1; k=rsa; p=MII')
    assert "dkim activate example.test --selector one" in made.err
    assert states(postroom) == {"one": "published"}
    assert postroom("dkim", "activate", "example.test", "--force").status == 0
    assert states(postroom) == {"one": "active"}


def test_the_next_key_retires_the_one_of_its_kind(postroom: Postroom) -> None:
    for selector, kind in (("one", "rsa-2048"), ("ed", "ed25519"), ("two", "rsa-2048")):
        assert postroom("dkim", "add", "example.test", "-s", selector, "-a", kind).status == 0
        assert postroom("dkim", "activate", "example.test", "-s", selector, "--force").status == 0
    assert states(postroom) == {"one": "retired", "ed": "active", "two": "active"}
    assert len(postroom("dkim", "dns", "example.test").out.splitlines()) == 3
    assert postroom("dkim", "delete", "example.test", "-s", "one").status == 0
    assert postroom("dkim", "delete", "example.test", "-s", "two").status == 1
    assert postroom("dkim", "retire", "example.test", "-s", "two").status == 0
    assert states(postroom) == {"ed": "active", "two": "retired"}


def test_a_key_gets_a_name_of_its_own(postroom: Postroom) -> None:
    assert postroom("dkim", "add", "example.test", "-a", "ed25519").status == 0
    (selector,) = states(postroom)
    assert selector.endswith("-ed25519")
    shown = postroom("dkim", "show", "example.test", "--json").json
    assert shown["name"] == f"{selector}._domainkey.example.test"
    assert shown["record"].startswith("v=DKIM1; k=ed25519; p=")
    assert "sealed" not in shown


def test_what_goes_wrong_is_said(postroom: Postroom, data: Path) -> None:
    (data / "postroom.toml").write_text('[[dnr.server]]\npriority = 1\naddress = "127.0.0.1:1"\nretries = 0\n')
    assert "no key" in postroom("dkim", "dns", "example.test").err
    assert "no such domain" in postroom("dkim", "add", "nowhere.test").err
    assert "no kind of key" in postroom("dkim", "add", "example.test", "-a", "rot13").err
    assert postroom("dkim", "add", "example.test", "-s", "one").status == 0
    assert "already" in postroom("dkim", "add", "example.test", "-s", "one").err
    assert postroom("dkim", "add", "example.test", "-s", "two").status == 0
    assert "several keys" in postroom("dkim", "show", "example.test").err
    refused = postroom("dkim", "activate", "example.test", "-s", "one")
    assert (refused.status, "not in DNS" in refused.err) == (1, True)
    checked = postroom("dkim", "check", "example.test")
    assert (checked.status, checked.out.count("not in DNS")) == (1, 2)


def test_the_records_of_a_domain_are_printed_and_checked(postroom: Postroom, data: Path) -> None:
    (data / "postroom.toml").write_text(
        '[server]\nserver_name = "mx.example.test"\n'
        '[[dnr.server]]\npriority = 1\naddress = "127.0.0.1:1"\nretries = 0\n'
    )
    assert postroom("dkim", "add", "example.test", "-s", "one", "-a", "ed25519").status == 0
    out = postroom("dns", "records", "example.test").out
    for line in (
        "example.test. IN MX 10 mx.example.test.",
        'example.test. IN TXT "v=spf1 mx -all"',
        'one._domainkey.example.test. IN TXT "v=DKIM1; k=ed25519; p=',
        '_dmarc.example.test. IN TXT "v=DMARC1; p=quarantine; rua=mailto:postmaster@example.test"',
        "_imaps._tcp.example.test. IN SRV 0 1 993 mx.example.test.",
        "_submissions._tcp.example.test. IN SRV 0 1 465 mx.example.test.",
        "_caldavs._tcp.example.test. IN SRV 0 1 443 mx.example.test.",
        "autoconfig.example.test. IN CNAME mx.example.test.",
    ):
        assert line in out
    checked = postroom("dns", "check", "example.test", "--json")
    assert checked.status == 1
    assert {each["dns"] for each in checked.json} == {"missing"}
    assert postroom("dns", "records", "nowhere.test").status == 1

"""Links to calendars on the command line."""

import re
from pathlib import Path

from tests.cli.conftest import Postroom

ALICE = "alice@example.test"


def test_a_link_is_shown_once(postroom: Postroom) -> None:
    made = postroom("calendar", "publish", ALICE, "Calendar", "--label", "the club")
    assert made.status == 0
    found = re.match(r"https://\S+/feed/([\w-]{27})/Calendar\.ics\n(link:[0-9a-f]{12}): viewer \(lrs\)\.", made.out)
    assert found is not None
    listed = postroom("calendar", "publish", ALICE, "Calendar", "--list")
    assert (found[1] in listed.out, found[2] in listed.out, "the club" in listed.out) == (False, True, True)


def test_a_link_is_a_grant(postroom: Postroom) -> None:
    made = postroom("calendar", "publish", ALICE, "Contacts", "--rights", "freebusy", "--expires", "7d", "--json").json
    assert made[0]["url"].endswith("/Contacts.vcf")
    found = postroom("grant", "explain", ALICE, "Contacts", made[0]["link"], "--json").json
    assert (found["actor"], found["level"]) == (made[0]["link"], "freebusy")


def test_a_link_is_withdrawn(postroom: Postroom) -> None:
    made = postroom("calendar", "publish", ALICE, "Calendar", "--json").json[0]
    assert postroom("calendar", "publish", ALICE, "Calendar", "--withdraw", made["link"]).status == 0
    assert postroom("calendar", "publish", ALICE, "Calendar", "--list").err == "postroom: there is no link to it\n"
    again = postroom("calendar", "publish", ALICE, "Calendar", "--withdraw", made["link"])
    assert (again.status != 0, "has no such link" in again.err) == (True, True)


def test_mail_is_not_published(postroom: Postroom) -> None:
    said = postroom("calendar", "publish", ALICE, "INBOX")
    assert (said.status, "mail is not published" in said.err) == (2, True)


def test_rights_that_mean_nothing_are_a_mistake(postroom: Postroom) -> None:
    said = postroom("calendar", "publish", ALICE, "Calendar", "--rights", "lq")
    assert (said.status != 0, "there is no right" in said.err) == (True, True)


def test_the_address_is_where_people_reach_the_server(postroom: Postroom, tmp_path: Path) -> None:
    config = tmp_path / "x.toml"
    config.write_text('[server]\nweb_url = "https://cal.example.test:8443"\n')
    made = postroom("--config", str(config), "calendar", "publish", ALICE, "Calendar", "--json").json
    assert made[0]["url"].startswith("https://cal.example.test:8443/feed/")

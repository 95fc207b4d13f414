"""Calendars and contacts: curl, cadaver, vdirsyncer with khal and todoman, and the `caldav` library."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import caldav
import pytest

from tests.clients.account import Account
from tests.clients.programs import Programs
from tests.support.davstand import card, event
from tests.support.server import RunningServer


def url(server: RunningServer, path: str = "/dav/") -> str:
    return f"https://localhost:{server.port('https')}{path}"


def home(server: RunningServer, account: Account, area: str = "calendars") -> str:
    return url(server, f"/dav/{area}/{account.address}/")


def curl(programs: Programs, account: Account, *arguments: str | Path) -> bytes:
    user = f"{account.address}:{account.password}"
    return programs.run("curl", "-sS", "--cacert", str(programs.certificate), "-u", user, *arguments)


def test_curl_is_led_from_the_well_known_place(server: RunningServer, programs: Programs, alice: Account) -> None:
    for name in ("caldav", "carddav"):
        led = url(server, f"/.well-known/{name}")
        got = curl(
            programs, alice, "-L", "-o", "/dev/null", "-w", "%{http_code} %{num_redirects}", "-X", "PROPFIND", led
        )
        assert got == b"207 1"


def test_curl_puts_and_gets(server: RunningServer, programs: Programs, alice: Account) -> None:
    path = programs.home / "a.ics"
    path.write_text(event("1"), newline="")
    there = home(server, alice) + "Calendar/a.ics"
    curl(programs, alice, "-T", path, "-H", "Content-Type: text/calendar", there)
    assert curl(programs, alice, there) == event("1").encode()


def test_cadaver_puts_lists_and_gets(server: RunningServer, programs: Programs, alice: Account) -> None:
    (programs.home / ".netrc").write_text(f'machine localhost login {alice.address} password "{alice.password}"\n')
    (programs.home / ".netrc").chmod(0o600)
    (programs.home / "a.ics").write_text(event("1"), newline="")
    port = server.port("http")
    script = f"put {programs.home}/a.ics a.ics\nls\nget a.ics {programs.home}/b.ics\nquit\n"
    there = f"http://localhost:{port}/dav/calendars/{alice.address}/Calendar/"
    said = programs.run("cadaver", there, stdin=script.encode()).decode()
    assert "succeeded" in said
    assert (programs.home / "b.ics").read_bytes() == event("1").encode()


# --- vdirsyncer -------------------------------------------------------------------------------------------------------


@pytest.fixture
def pair(server: RunningServer, programs: Programs, alice: Account) -> Path:
    """Folders that vdirsyncer keeps in step with Alice's calendars and contacts."""
    root = programs.home / "dav"
    parts = [f'[general]\nstatus_path = "{programs.home}/status/"\n']
    for name, kind, suffix in (("cal", "caldav", ".ics"), ("card", "carddav", ".vcf")):
        parts.append(
            f'[pair {name}]\na = "{name}_here"\nb = "{name}_there"\ncollections = ["from b"]\n'
            f'conflict_resolution = "a wins"\nmetadata = ["displayname"]\n'
            f'[storage {name}_here]\ntype = "filesystem"\npath = "{root}/{name}/"\nfileext = "{suffix}"\n'
            f'[storage {name}_there]\ntype = "{kind}"\nurl = "{url(server)}"\nusername = "{alice.address}"\n'
            f'password = "{alice.password}"\nverify = "{programs.certificate}"\n'
        )
    (programs.home / "vdirsyncer.conf").write_text("\n".join(parts))
    programs.run("vdirsyncer", "-c", f"{programs.home}/vdirsyncer.conf", "discover", stdin=b"y\n" * 20)
    return root


def step(programs: Programs) -> None:
    programs.run("vdirsyncer", "-c", f"{programs.home}/vdirsyncer.conf", "sync")


def test_vdirsyncer_keeps_both_sides_in_step(
    server: RunningServer, programs: Programs, alice: Account, pair: Path
) -> None:
    there = home(server, alice) + "Calendar/"
    here = pair / "cal" / "Calendar"
    (programs.home / "b.ics").write_text(event("there", summary="There"), newline="")
    curl(programs, alice, "-T", programs.home / "b.ics", "-H", "Content-Type: text/calendar", there + "there.ics")
    (here / "here.ics").write_text(event("here", summary="Here"), newline="")
    (pair / "card" / "Contacts" / "c.vcf").write_text(card("c", "Zoë"), newline="")
    step(programs)
    assert sorted(b"There" in each.read_bytes() for each in here.iterdir() if each.suffix == ".ics") == [False, True]
    assert b"Here" in curl(programs, alice, there + "here.ics")
    assert "Zoë" in curl(programs, alice, home(server, alice, "contacts") + "Contacts/c.vcf").decode()

    (here / "here.ics").unlink()
    changed = next(each for each in here.iterdir() if b"There" in each.read_bytes())
    changed.write_text(event("there", summary="Changed here"), newline="")
    (programs.home / "b.ics").write_text(event("there", summary="Changed there"), newline="")
    curl(programs, alice, "-T", programs.home / "b.ics", "-H", "Content-Type: text/calendar", there + "there.ics")
    step(programs)
    assert b"Changed here" in curl(programs, alice, there + "there.ics")
    status = curl(programs, alice, "-o", "/dev/null", "-w", "%{http_code}", there + "here.ics")
    assert status == b"404"


def test_khal_and_todoman_show_what_is_on_the_server(
    server: RunningServer, programs: Programs, alice: Account, pair: Path
) -> None:
    (programs.home / "a.ics").write_text(event("1", "20261201T100000Z", summary="Budget"), newline="")
    there = home(server, alice)
    curl(programs, alice, "-T", programs.home / "a.ics", "-H", "Content-Type: text/calendar", there + "Calendar/a.ics")
    step(programs)
    (programs.home / "khal.conf").write_text(
        f"[calendars]\n[[work]]\npath = {pair}/cal/Calendar/\n[sqlite]\npath = {programs.home}/khal.db\n"
        "[locale]\ntimeformat = %H:%M\ndateformat = %Y-%m-%d\nlongdateformat = %Y-%m-%d\n"
        "datetimeformat = %Y-%m-%d %H:%M\nlongdatetimeformat = %Y-%m-%d %H:%M\n"
    )
    shown = programs.run("khal", "-c", f"{programs.home}/khal.conf", "list", "2026-12-01", "2026-12-02")
    assert b"Budget" in shown
    (programs.home / "todo.py").write_text(
        f'path = "{pair}/cal/Tasks"\ndate_format = "%Y-%m-%d"\ntime_format = "%H:%M"\ndefault_list = "Tasks"\n'
        f'cache_path = "{programs.home}/todo.db"\n'
    )
    programs.run("todoman", "-c", f"{programs.home}/todo.py", "new", "-l", "Tasks", "Buy milk")
    step(programs)
    listed = curl(programs, alice, "-X", "PROPFIND", "-H", "Depth: 1", there + "Tasks/").decode()
    name = listed.split(f"/dav/calendars/{alice.address}/Tasks/")[2].partition("<")[0]
    assert b"Buy milk" in curl(programs, alice, there + "Tasks/" + name)


# --- the caldav library -----------------------------------------------------------------------------------------------


@pytest.fixture
def library(server: RunningServer, programs: Programs, alice: Account) -> Iterator[Any]:
    client: Any = caldav.DAVClient(  # type: ignore[operator]
        url(server), username=alice.address, password=alice.password, ssl_verify_cert=str(programs.certificate)
    )
    yield client.principal()
    client.close()


def day(number: int, hour: int = 0) -> datetime:
    return datetime(2026, 12, number, hour, tzinfo=UTC)


def test_the_library_makes_fills_searches_and_follows_a_calendar(library: Any) -> None:
    calendar = library.make_calendar(name="Büro", cal_id="office-1")
    assert "Büro" in [each.get_display_name() for each in library.get_calendars()]
    weekly = {"FREQ": "WEEKLY", "COUNT": 3}
    made = calendar.save_event(dtstart=day(1, 10), dtend=day(1, 11), summary="Weekly", rrule=weekly)
    found = calendar.search(start=day(8), end=day(9), event=True, expand=True)
    assert [each.icalendar_component["SUMMARY"] for each in found] == ["Weekly"]
    assert found[0].icalendar_component["DTSTART"].dt == day(8, 10)
    state = calendar.get_objects_by_sync_token()
    made.icalendar_component["SUMMARY"] = "Other"
    made.save()
    changed = list(calendar.get_objects_by_sync_token(sync_token=state.sync_token))
    assert len(changed) == 1
    calendar.delete()
    assert "Büro" not in [each.get_display_name() for each in library.get_calendars()]


def test_the_library_finds_tasks_that_are_open(library: Any) -> None:
    tasks = next(each for each in library.get_calendars() if each.get_display_name() == "Tasks")
    tasks.save_todo(summary="Open", due=day(5))
    done = tasks.save_todo(summary="Done", due=day(6))
    done.complete()
    assert [each.icalendar_component["SUMMARY"] for each in tasks.get_todos()] == ["Open"]


def test_the_library_finds_people_by_name(library: Any, alice: Account) -> None:
    found = library.client.search_principals(name=alice.address.partition("@")[0])
    assert f"/dav/principals/{alice.address}/" in [each.url.path.replace("%40", "@") for each in found]


# --- locks ------------------------------------------------------------------------------------------------------------


def test_cadaver_locks_discovers_and_unlocks(server: RunningServer, programs: Programs, alice: Account) -> None:
    (programs.home / ".netrc").write_text(f'machine localhost login {alice.address} password "{alice.password}"\n')
    (programs.home / ".netrc").chmod(0o600)
    (programs.home / "a.ics").write_text(event("1"), newline="")
    there = f"http://localhost:{server.port('http')}/dav/calendars/{alice.address}/Calendar/"
    put = f"put {programs.home}/a.ics a.ics"
    script = f"{put}\nlock a.ics\ndiscover a.ics\n{put}\nunlock a.ics\ndiscover a.ics\nquit\n"
    said = programs.run("cadaver", there, stdin=script.encode()).decode()
    assert said.count("urn:uuid:") >= 1
    assert said.count("failed") == 0
    assert "no locks found" in said


LITMUS_CANNOT = {"put", "owner_modify", "copy", "prep_collection", "lock_collection", "indirect_refresh"}
"""They need two objects of one UID in an address book, properties that a client sets on a contact, or a collection in
an address book (decision 196)."""


def test_litmus_finds_locks_right(server: RunningServer, programs: Programs, alice: Account) -> None:
    (programs.home / "htdocs").mkdir()
    (programs.home / "htdocs" / "foo").write_text(card("litmus"), newline="")
    there = f"http://localhost:{server.port('http')}/dav/contacts/{alice.address}/"
    words = shlex.join(["litmus", "-k", there, alice.address, alice.password])
    octets = programs.run("sh", "-c", f"HTDOCS={programs.home}/htdocs TESTS=locks {words} || true")
    said = octets.decode(errors="replace")
    found = re.findall(r"(\w+)\.+ (pass|FAIL|SKIPPED)", said)
    assert "of 41 tests run: 33 passed, 8 failed" in said, said
    assert {name for name, verdict in found if verdict != "pass"} == LITMUS_CANNOT, said

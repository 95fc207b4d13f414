"""Links to calendars: curl publishes, vdirsyncer subscribes, khal shows, icalendar reads. Birthdays by `caldav`."""

from __future__ import annotations

from datetime import UTC, datetime

import caldav
import icalendar

from groupware.model.link import digest_of, new_secret
from groupware.model.rights import parse_rights
from groupware.store.api import WriteTx
from tests.clients.account import Account
from tests.clients.programs import Programs
from tests.support.davstand import card, event
from tests.support.server import RunningServer


def link(server: RunningServer, owner: Account, rights: str) -> str:
    secret = new_secret()

    def work(tx: WriteTx) -> None:
        at = tx.locate(tx.account(owner.address).id, "Calendar").id
        tx.put_link(at, digest_of(secret), parse_rights(rights))

    server.write(work)
    return f"/feed/{secret}/Calendar.ics"


def test_what_curl_publishes_vdirsyncer_fetches_and_khal_shows(
    server: RunningServer, programs: Programs, alice: Account
) -> None:
    where = f"https://localhost:{server.port('https')}"
    (programs.home / "a.ics").write_text(event("1", "20261201T100000Z", summary="Choir"), newline="")
    trusted = ("-sS", "--fail", "--cacert", str(programs.certificate))
    said = programs.run("curl", *trusted, "-T", programs.home / "a.ics", where + link(server, alice, "editor"))
    assert said == b"added 1, changed 0, taken away 0\n"

    (programs.home / "vdirsyncer.conf").write_text(
        f'[general]\nstatus_path = "{programs.home}/status/"\n'
        '[pair web]\na = "here"\nb = "there"\ncollections = null\nconflict_resolution = "b wins"\n'
        f'[storage here]\ntype = "filesystem"\npath = "{programs.home}/cal/"\nfileext = ".ics"\n'
        f'[storage there]\ntype = "http"\nurl = "{where}{link(server, alice, "viewer")}"\n'
        f'verify = "{programs.certificate}"\n'
    )
    for verb in ("discover", "sync"):
        programs.run("vdirsyncer", "-c", f"{programs.home}/vdirsyncer.conf", verb, stdin=b"y\n" * 5)
    (programs.home / "khal.conf").write_text(
        f"[calendars]\n[[web]]\npath = {programs.home}/cal/\n[sqlite]\npath = {programs.home}/khal.db\n"
        "[locale]\ntimeformat = %H:%M\ndateformat = %Y-%m-%d\nlongdateformat = %Y-%m-%d\n"
        "datetimeformat = %Y-%m-%d %H:%M\nlongdatetimeformat = %Y-%m-%d %H:%M\n"
    )
    shown = programs.run("khal", "-c", f"{programs.home}/khal.conf", "list", "2026-12-01", "2026-12-02")
    assert b"Choir" in shown

    busy = programs.run("curl", *trusted, "--compressed", where + link(server, alice, "freebusy"))
    found = icalendar.Calendar.from_ical(busy).walk("VEVENT")
    assert [str(each["SUMMARY"]) for each in found] == ["Busy"]


def test_the_caldav_library_finds_birthdays_with_their_ages(
    server: RunningServer, programs: Programs, alice: Account
) -> None:
    root = f"https://localhost:{server.port('https')}/dav/"
    with caldav.DAVClient(
        root, username=alice.address, password=alice.password, ssl_verify_cert=str(programs.certificate)
    ) as client:
        book = f"{root}contacts/{alice.address}/Contacts/ann.vcf"
        put = client.request(book, "PUT", card("ann", "Ann", "BDAY:1980-02-03"), {"Content-Type": "text/vcard"})
        assert put.status == 201
        named = {each.get_display_name(): each for each in client.principal().calendars()}
        found = named["Birthdays"].search(
            start=datetime(2027, 1, 1, tzinfo=UTC), end=datetime(2028, 1, 1, tzinfo=UTC), event=True, expand=True
        )
        assert [str(each.icalendar_component["SUMMARY"]) for each in found] == ["Ann is 47"]

"""The MTA-STS policy of domains here: at the host that other servers ask, and in the records that are printed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

import web.http
from mailcore.server.config import Config, ConfigError, load
from mailcore.smtp.authentication.zone import differs, wanted
from mailcore.smtp.sts import identifier, parse
from mailcore.smtp.sts_own import PATH
from tests.support.house import house
from tests.support.webstand import asked, setup_of, way_in

NAMED = '[server]\nserver_name = "mx.example.test"\n[smtp.mta_sts_policy]\n'


def config(folder: Path, text: str) -> Config:
    file = folder / "postroom.toml"
    file.write_text(NAMED + text)
    return load(file, data=folder, environ={})


@asynccontextmanager
async def serving(folder: Path, text: str) -> AsyncIterator[httpx.AsyncClient]:
    settings = config(folder, text)
    async with house(folder) as here:
        service = web.http.service(here.parts, setup_of(settings))
        async with asked(service.app, way_in(), "example.test") as http:
            yield http


async def told(http: httpx.AsyncClient, host: str) -> httpx.Response:
    return await http.get(PATH, headers={"host": host})


async def test_other_servers_read_the_policy_of_a_domain_here(tmp_path: Path) -> None:
    async with serving(tmp_path, 'mode = "testing"\nmax_age = 86400\n') as http:
        answer = await told(http, "mta-sts.example.test")
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, "text/plain")
    found = parse(answer.text, "example.test", "x", 0)
    assert (found.mode, found.hosts, found.until) == ("testing", ("mx.example.test",), 86400)


@pytest.mark.parametrize("host", ["mx.example.test", "example.test", "mta-sts.elsewhere.test", "mta-sts.", ""])
async def test_no_other_host_has_one(tmp_path: Path, host: str) -> None:
    async with serving(tmp_path, 'mode = "testing"\n') as http:
        assert (await told(http, host)).status_code == 404


async def test_without_a_policy_there_is_nothing(tmp_path: Path) -> None:
    async with serving(tmp_path, "") as http:
        assert (await told(http, "mta-sts.example.test")).status_code == 404
    records = wanted("example.test", config(tmp_path, ""), [])
    assert not any("mta-sts" in each.name or "_tls" in each.name for each in records)


async def test_a_policy_is_withdrawn_by_one_that_says_none(tmp_path: Path) -> None:
    async with serving(tmp_path, 'mode = "none"\n') as http:
        found = parse((await told(http, "mta-sts.example.test")).text, "example.test", "x", 0)
    assert (found.mode, found.hosts) == ("none", ())


def test_dns_says_that_there_is_another_policy(tmp_path: Path) -> None:
    def records(text: str) -> dict[str, str]:
        return {each.name: each.value for each in wanted("example.test", config(tmp_path, text), [])}

    one, other = records('mode = "testing"\n'), records('mode = "testing"\nmx = ["*.example.test"]\n')
    ids = [identifier((each["_mta-sts.example.test"],)) for each in (one, other)]
    assert all(ids) and ids[0] != ids[1]
    assert one["mta-sts.example.test"] == "mx.example.test"
    assert one["_smtp._tls.example.test"] == "v=TLSRPTv1; rua=mailto:postmaster@example.test"


def test_reports_may_go_to_somebody_else(tmp_path: Path) -> None:
    records = wanted("example.test", config(tmp_path, 'mode = "testing"\n'), [])
    (reports,) = [each for each in records if each.name.startswith("_smtp._tls.")]
    assert differs(reports, ["v=TLSRPTv1; rua=mailto:tls@reports.test"]) == ""
    assert differs(reports, []) == "missing"


@pytest.mark.parametrize("line", ['mx = ["https://mx.example.test"]', 'mode = "always"', "max_age = 60"])
def test_what_nobody_could_follow_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(ConfigError):
        config(tmp_path, line)

"""Counters at three scopes, their names, and what Prometheus sees."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from mailcore.server import counters as module
from mailcore.server.counter_table import BY_NAME, COUNTERS, RESERVED
from mailcore.server.counters import Counters, Sample, Scope
from mailcore.server.metrics import MAX_CHILDREN, PrometheusMetrics
from mailcore.server.system_use import watch_system

FOUND_IN_THE_REFERENCE = {
    "SMTP_InboundConnection",
    "SMTP_InboundConnectionAuthenticated",
    "SMTP_InboundConnectionAuthenticatedSuccess",
    "SMTP_InboundMessage",
    "SMTP_InboundMessageBytes",
    "SMTP_InboundMessageTOcommandsAccepted",
    "SMTP_InboundMessageTOcommandsRejected",
    "SMTP_InboundMessageFROMAccepted",
    "SMTP_InboundMessageDATAUsed",
    "SMTP_InboundMessageDATAAccepted",
    "SMTP_InboundMessageBDATAccepted",
    "POP3_InboundConnection",
    "IMAP_AppendRequest",
    "QUEUE_Size",
    "SMTP_OutboundConnection",
    "SYSTEM_LoadAverage",
    "FILTER_RejectedBuiltin",
    "POP3_InboundConnectionAuthenticatedSuccess",
    "WEBMAIL_InboundConnection",
    "DNR_CacheHit",
    "PROXY_IMAP_BackendFailed",
    "STORAGE_OverQuotaAccount",
}


def moved(counters: Counters) -> dict[tuple[str, str, str], float]:
    return {(s.counter, s.scope, s.name): s.value for s in counters.samples() if s.value}


def test_every_name_of_the_reference_is_declared_once_and_explained() -> None:
    assert {*BY_NAME, *RESERVED} >= FOUND_IN_THE_REFERENCE
    assert len(BY_NAME) == len(COUNTERS)
    assert all(counter.help.endswith(".") for counter in COUNTERS)


def test_nobody_is_told_of_what_there_is_no_service_for() -> None:
    told = {each.counter for each in Counters().samples()}
    assert told and not told & set(RESERVED)


def test_what_moved_is_given_once() -> None:
    counters = Counters()
    counters.add("SMTP_InboundMessage")
    counters.add("SMTP_InboundMessageBytes", 1500)
    assert moved(counters) == {
        ("SMTP_InboundMessage", "server", ""): 1,
        ("SMTP_InboundMessageBytes", "server", ""): 1500,
    }
    assert moved(counters) == {}
    assert counters.total("SMTP_InboundMessageBytes") == 1500


def test_a_quiet_server_counter_is_still_sampled() -> None:
    samples = Counters().samples()
    assert Sample("IMAP_FetchRequest", "server", "", 0) in samples


def test_domains_and_accounts_are_counted_only_when_wanted() -> None:
    counters = Counters(domains=False, accounts=False)
    counters.add("IMAP_FetchRequest", domain="x.org", account="a@x.org")
    counters.share("IMAP_FetchRequest", domains=("x.org",), accounts=("a@x.org",))
    assert moved(counters) == {("IMAP_FetchRequest", "server", ""): 1}
    counters.collect_for(domains=True, accounts=False)
    counters.add("IMAP_FetchRequest", domain="x.org", account="a@x.org")
    assert ("IMAP_FetchRequest", "domain", "x.org") in moved(counters)
    counters.collect_for(domains=True, accounts=True)
    counters.add("IMAP_FetchRequest", 2, domain="x.org", account="a@x.org")
    assert moved(counters) == {
        ("IMAP_FetchRequest", "server", ""): 2,
        ("IMAP_FetchRequest", "domain", "x.org"): 2,
        ("IMAP_FetchRequest", "account", "a@x.org"): 2,
    }


def test_an_unknown_name_is_a_mistake() -> None:
    counters = Counters()
    with pytest.raises(KeyError):
        counters.add("IMAP_Typo")
    with pytest.raises(KeyError):
        counters.add("QUEUE_Size")
    with pytest.raises(ValueError, match="use add"):
        counters.gauge("IMAP_FetchRequest", lambda: 1)


def test_memory_is_bounded_and_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_KEPT", 10)
    counters = Counters(accounts=True)
    for number in range(100):
        counters.add("IMAP_FetchRequest", account=f"{number}@x.org")
    found = moved(counters)
    accounts = {name: value for (_, scope, name), value in found.items() if scope == "account"}
    assert len(accounts) == 11
    assert accounts["*"] == 90
    assert sum(accounts.values()) == 100


def test_threads_lose_no_count() -> None:
    counters = Counters(domains=True)

    def count() -> None:
        for _ in range(5000):
            counters.add("IMAP_FetchRequest", domain="x.org")

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert moved(counters) == {
        ("IMAP_FetchRequest", "server", ""): 20_000,
        ("IMAP_FetchRequest", "domain", "x.org"): 20_000,
    }


def test_gauges_are_read_at_each_sample_and_can_go() -> None:
    counters = Counters()
    size = [3]
    counters.gauge("QUEUE_Size", lambda: size[0])
    counters.gauge("SYSTEM_Threads", lambda: 7, part="IMAP")
    counters.gauge("STORAGE_UsedBytes", lambda: 99, scope="account", name="a@x.org")
    assert Sample("QUEUE_Size", "server", "", 3) in counters.samples()
    size[0] = 4
    found = counters.samples()
    assert Sample("QUEUE_Size", "server", "", 4) in found
    assert Sample("SYSTEM_Threads", "server", "", 7, "IMAP") in found
    assert Sample("STORAGE_UsedBytes", "account", "a@x.org", 99) in found
    counters.drop_gauge("QUEUE_Size")
    assert not any(sample.counter == "QUEUE_Size" for sample in counters.samples())


def test_a_counter_of_the_server_alone_has_no_domains() -> None:
    counters = Counters(domains=True, accounts=True)
    counters.add("SMTP_InboundConnection", domain="x.org", account="a@x.org")
    counters.add("SMTP_OutboundMessage", domain="x.org", account="a@x.org")
    assert {key for key in moved(counters) if key[1] != "server"} == {("SMTP_OutboundMessage", "domain", "x.org")}


def test_a_gauge_that_fails_hides_no_other(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> float:
        raise OSError("no disk")

    counters = Counters()
    counters.gauge("SYSTEM_DiskFree", broken)
    counters.gauge("QUEUE_Size", lambda: 3)
    assert Sample("QUEUE_Size", "server", "", 3) in counters.samples()
    assert "gauge_failed" in caplog.text


def test_the_system_is_watched(tmp_path: Path) -> None:
    counters = Counters()
    watch_system(counters, tmp_path)
    values = {s.counter: s.value for s in counters.samples() if s.counter.startswith("SYSTEM_")}
    assert set(values) == {name for name in BY_NAME if name.startswith("SYSTEM_")}
    assert values["SYSTEM_Memory"] > 1_000_000
    assert values["SYSTEM_OpenFiles"] >= 3
    assert values["SYSTEM_DiskFree"] > 0
    assert values["SYSTEM_CPU"] >= 0


def exposed(metrics: PrometheusMetrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    families = text_string_to_metric_families(metrics.expose().decode())
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}


def test_what_is_counted_for_several_counts_once_for_the_server() -> None:
    counters = Counters()
    counters.add("FILTER_Scanned")
    counters.share("FILTER_Scanned", domains=("x.org", "y.org"), accounts=("a@x.org",))
    assert moved(counters) == {
        ("FILTER_Scanned", "server", ""): 1,
        ("FILTER_Scanned", "domain", "x.org"): 1,
        ("FILTER_Scanned", "domain", "y.org"): 1,
    }


def test_several_are_counted_at_once() -> None:
    counters = Counters()
    counters.count({"SMTP_InboundMessage": 1, "SMTP_InboundMessageBytes": 9}, ("x.org", "y.org"), ("a@x.org",))
    found = moved(counters)
    assert found[("SMTP_InboundMessageBytes", "server", "")] == 9
    assert found[("SMTP_InboundMessageBytes", "domain", "y.org")] == 9
    assert found[("SMTP_InboundMessage", "account", "a@x.org")] == 1
    assert len(found) == 8


def now(counters: Counters, scope: Scope, name: str = "") -> dict[str, float]:
    return {each.counter: each.value for each in counters.now(scope, name)}


def test_totals_of_domains_and_accounts_outlast_the_samples() -> None:
    counters = Counters()
    counters.add("IMAP_FetchRequest", 2, domain="x.org", account="a@x.org")
    counters.samples()
    counters.add("IMAP_FetchRequest", 3, domain="x.org", account="a@x.org")
    assert now(counters, "server")["IMAP_FetchRequest"] == 5
    assert now(counters, "domain", "x.org")["IMAP_FetchRequest"] == 5
    assert now(counters, "account", "a@x.org")["IMAP_FetchRequest"] == 5
    assert now(counters, "account", "b@x.org")["IMAP_FetchRequest"] == 0
    assert "SMTP_InboundConnection" not in now(counters, "domain", "x.org")


def test_what_a_worker_hands_over_is_the_lead_s_alone() -> None:
    worker, lead = Counters(), Counters()
    for _ in range(2):
        worker.add("IMAP_FetchRequest", domain="x.org", account="a@x.org")
        lead.merge(worker.gains(keep=False))
    assert now(lead, "account", "a@x.org")["IMAP_FetchRequest"] == 2
    assert now(worker, "account", "a@x.org")["IMAP_FetchRequest"] == 0


def test_a_source_gives_gauges_of_every_scope_and_one_that_fails_hides_no_other() -> None:
    def broken() -> list[Sample]:
        raise OSError("no database")

    counters = Counters()
    counters.source("broken", broken)
    counters.source("store", lambda: [Sample("STORAGE_UsedBytes", "account", "a@x.org", 7)])
    assert now(counters, "account", "a@x.org")["STORAGE_UsedBytes"] == 7
    assert "STORAGE_UsedBytes" not in now(counters, "account", "b@x.org")


def test_prometheus_sees_the_server_and_domains_as_labels() -> None:
    counters, metrics = Counters(), PrometheusMetrics()
    metrics.add(counters)
    counters.add("SMTP_InboundMessage", 3, domain="x.org", account="a@x.org")
    counters.gauge("SYSTEM_Threads", lambda: 9, part="IMAP")
    counters.source("store", lambda: [Sample("STORAGE_UsedBytes", "domain", "x.org", 7)])
    counters.samples()
    found = exposed(metrics)
    assert found[("postroom_SMTP_InboundMessage_total", ())] == 3
    assert found[("postroom_domain_SMTP_InboundMessage_total", (("domain", "x.org"),))] == 3
    assert found[("postroom_domain_STORAGE_UsedBytes", (("domain", "x.org"),))] == 7
    assert found[("postroom_SYSTEM_Threads", (("part", "IMAP"),))] == 9
    assert "a@x.org" not in metrics.expose().decode()


def test_accounts_are_labels_only_where_that_is_wanted() -> None:
    counters, metrics = Counters(), PrometheusMetrics()
    metrics.add(counters)
    counters.collect_for(domains=True, accounts=True, labelled=True)
    counters.add("SMTP_InboundMessage", 3, domain="x.org", account="a@x.org")
    found = exposed(metrics)
    assert found[("postroom_account_SMTP_InboundMessage_total", (("account", "a@x.org"),))] == 3


class TestMetrics:
    def test_a_counter_counts_by_label(self) -> None:
        metrics = PrometheusMetrics()
        count = metrics.counter("imap_commands_total", "Commands.", ("command",))
        count("FETCH")
        count("FETCH", by=2)
        count("STORE")
        found = exposed(metrics)
        assert found[("imap_commands_total", (("command", "FETCH"),))] == 3
        assert found[("imap_commands_total", (("command", "STORE"),))] == 1

    def test_without_labels(self) -> None:
        metrics = PrometheusMetrics()
        metrics.counter("hits_total", "Hits.")()
        assert exposed(metrics)[("hits_total", ())] == 1

    def test_a_timer_measures_also_what_fails(self) -> None:
        metrics = PrometheusMetrics()
        measure = metrics.timer("took_seconds", "Time.", ("what",))
        with measure("a"):
            pass
        with pytest.raises(RuntimeError), measure("a"):
            raise RuntimeError
        assert exposed(metrics)[("took_seconds_count", (("what", "a"),))] == 2

    def test_a_gauge_shows_what_is_now_and_may_be_declared_anew(self) -> None:
        metrics = PrometheusMetrics()
        metrics.gauge("sessions", "Sessions.", lambda: 1)
        metrics.gauge("sessions", "Sessions.", lambda: 2)
        assert exposed(metrics)[("sessions", ())] == 2

    def test_a_stranger_cannot_grow_the_labels(self) -> None:
        metrics = PrometheusMetrics()
        count = metrics.counter("commands_total", "Commands.", ("command",))
        for number in range(MAX_CHILDREN + 50):
            count(f"X{number}")
        found = exposed(metrics)
        assert found[("commands_total", (("command", "other"),))] == 50
        assert sum(name == "commands_total" for name, _ in found) == MAX_CHILDREN + 1

    def test_wrong_label_counts_and_twice_the_same_name_are_mistakes(self) -> None:
        metrics = PrometheusMetrics()
        count = metrics.counter("a_total", "A.", ("x",))
        with pytest.raises(ValueError, match="labels x"):
            count()
        with pytest.raises(ValueError, match="Duplicated"):
            metrics.counter("a_total", "A.")

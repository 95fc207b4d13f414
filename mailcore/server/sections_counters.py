"""The section of the configuration about counters."""

from __future__ import annotations

from mailcore.server.declare import Section, key


class CountersSection(Section):
    """For whom is counted, besides the server; and what Prometheus sees of it."""

    domains: bool = key("Whether counters are kept for each domain", True, known_as="DomainEnable")
    accounts: bool = key("Whether counters are kept for each account", True, known_as="DomainObjectEnable")
    measure_accounts: bool = key("Whether accounts are labels at /metrics: a series for each counter of each", False)
    measure_token: str = key(
        "What a program shows that reads /metrics, as a bearer token; empty: nobody reads it",
        "",
        repr=False,
        pattern=r"^(?:[!-~]{16,200})?$",
    )

"""The section of the configuration about push to clients."""

from __future__ import annotations

from mailcore.server.declare import Section, key


class PushSection(Section):
    """Messages to the push services that clients name (Web Push), and to programs that subscribe by EWS."""

    enabled: bool = key("Whether clients may register, and are told of changes", True)
    contact: str = key("Address that push services can write to; empty: postmaster at the server's name", "")
    private: bool = key("Push services may be at private addresses too, and programs of EWS there without TLS", False)

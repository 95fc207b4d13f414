"""The configuration's sections for what is checked of senders, and what that causes."""

from typing import Literal

from mailcore.server.declare import IpEntries, Many, Seconds, Section, key

Caused = Literal["accept", "junk", "quarantine", "reject", "defer"]


class AuthenticationSection(Section):
    """Who mail from outside is really from (listeners with role mx)."""

    enabled: bool = key("Check mail from outside, and write down what was found (Authentication-Results)", True)
    authserv_id: str = key("Name under which that is written; empty: the server's name", "", max_length=255)
    trusted: IpEntries = key("Peers that are not checked: own relays and scanners", ("127.0.0.0/8", "::1"))
    time_limit: Seconds = key("Seconds that a check may take; then it counts as a temporary error", 15.0, ge=1, le=120)
    iprev: bool = key("Check that the name of the peer's address leads back to it", True)
    spf: bool = key("Check SPF of the sender and of the HELO name", True)
    sender_domain: bool = key("Check that the sender's domain takes mail (MX, or A or AAAA)", True)
    dkim: bool = key("Check DKIM signatures", True)
    arc: bool = key("Check the ARC chain", True)
    dmarc: bool = key("Check DMARC of the author's domain", True)
    refuse_early: bool = key(
        "Refuse at RCPT already what needs only the envelope: SPF, names, the sender's domain", True
    )
    trusted_sealers: Many[str] = key("Domains whose ARC seals are believed: mail lists and forwarders", ())
    spf_fail: Caused = key("What a peer causes that SPF forbids", "accept")
    spf_softfail: Caused = key("What a peer causes that SPF rather forbids (~all)", "accept")
    spf_permerror: Caused = key("What an SPF record causes that is wrong", "accept")
    no_sender_domain: Caused = key("What a sender's domain causes that takes no mail", "accept")
    no_reverse_name: Caused = key("What an address without such a name causes", "accept")
    dkim_fail: Caused = key("What signatures cause of which none is good", "accept")
    dmarc_reject: Caused = key("What failing DMARC causes where its domain wants it refused", "reject")
    dmarc_quarantine: Caused = key("What failing DMARC causes where its domain wants it set apart", "junk")
    dmarc_permerror: Caused = key("What a From with no author, or with more than five domains, causes", "reject")
    temperror: Literal["accept", "defer"] = key("What a check causes that could not be made just now", "accept")


class DmarcReportsSection(Section):
    """Aggregate reports to domains in whose name mail came (DMARC)."""

    send: bool = key("Send them, once a day; what is seen is kept in any case", False)
    sender: str = key("Address that they are from; empty: the postmaster of the primary domain", "", max_length=320)
    organisation: str = key("Who reports, in words; empty: the primary domain", "", max_length=200)
    keep_days: int = key("Days that what was seen is kept", 30, ge=4, le=366)

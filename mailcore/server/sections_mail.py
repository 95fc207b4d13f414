"""The configuration's sections for log, DNS, guessing, queue and the mail services.

Names are those of the reference product in snake_case; times are seconds and sizes KB unless said otherwise.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator

from mailcore.server.declare import File, IpEntries, Many, Section, key, tables, zero_or
from mailcore.server.sections import RuleSection
from mailcore.server.sections_authentication import AuthenticationSection, DmarcReportsSection
from mailcore.server.sections_sending import OwnStsSection, RouteSection, SourceSection

KbOfFile = Annotated[int, AfterValidator(zero_or(100))]
AgeOfFile = Annotated[int, AfterValidator(zero_or(600))]


class LogRuleSection(Section):
    """A rule of the log: the first that matches, by priority, takes the line."""

    priority: int = key("1 is highest; 1000 is the implicit last rule, to default.txt", example=100, ge=1, le=999)
    hostname: str = key("Host that a line comes from; *: any", "*")
    module: str = key("Module that a line comes from, IMAP for instance; *: any", "*")
    log_level: int = key("Levels it takes, a sum as in a service", 15, known_as="logLevel", ge=0, le=31)
    file_name: str = key("File in the log folder", "default.txt", known_as="fileName", max_length=64)
    file_size: KbOfFile = key(
        "KB after which the file is rotated, 0 or at least 100; 0: 2 GB", 5120, known_as="fileSize", ge=0, le=2_097_151
    )
    file_time: AgeOfFile = key(
        "Seconds after which it is rotated, 0 or at least 600; 0: never", 86400, known_as="fileTime", ge=0, le=2_592_000
    )
    file_count: int = key("Old files that are kept; 0: all", 0, known_as="fileCount", ge=0, le=1000)
    rotate_period: Literal["none", "day", "week", "month"] = key(
        "Calendar boundary at which it is rotated", "none", known_as="rotatePeriod"
    )


class LogListenerSection(Section):
    """A UDP port that takes lines from other hosts."""

    address: str = key("IP address and port", "127.0.0.1:2000")
    enable: bool = key("Whether it is open", False)
    allow_rules: Many[RuleSection] = tables("Hosts that may send")
    deny_rules: Many[RuleSection] = tables("Hosts that may not")


class LogSection(Section):
    """The log."""

    path: str = key("Folder of the log files", "log")
    format: Literal["logfmt", "json"] = key("Form of what follows time, level, host and module", "logfmt")
    enable_security_log: bool = key("One line per login in security.txt", True, known_as="enableSecurityLog")
    listener: Many[LogListenerSection] = tables("UDP ports that take lines from other hosts")
    rule: Many[LogRuleSection] = tables("Which lines go to which file", known_as="rules")


class NameServerSection(Section):
    """A name server."""

    priority: int = key("Asked in this order, next on failure", example=5, ge=0, le=1000)
    address: str = key("IP address, with :port if it is not 53", example="192.0.2.53")
    timeout: int = key("Seconds for the first query; doubles with every retry", 5, ge=1, le=120)
    retries: int = key("Further queries before the next server; 0: none", 3, ge=0, le=10)
    validating: bool = key("Believe it that it checks DNSSEC: nobody between may be able to change its answers", False)


class DnrSection(Section):
    """The resolver."""

    timeout: int = key("Seconds for the first query to a server of the operating system", 5, ge=1, le=120)
    retries: int = key("Further queries to it; 0: none", 3, ge=0, le=10)
    cache_size: int = key("Results that are kept for each query type", 1000, known_as="cacheSize", ge=1, le=1_000_000)
    validating: bool = key("Believe name servers on this very host that they check DNSSEC; for DANE", False)
    server: Many[NameServerSection] = tables("None: those of the operating system", known_as="nameServers")


class GuessingSection(Section):
    """What is done against guessing at passwords."""

    first_delay: int = key(
        "Milliseconds before the answer to a failed login; doubles with every one", 500, ge=0, le=10_000
    )
    max_delay: int = key("Seconds it grows to", 15, ge=0, le=60)
    interval: int = key("Seconds after which failures are forgotten", 600, ge=1, le=86400)
    peer_failures: int = key("Failures after which a peer is blocked; 0: never", 30, ge=0, le=100_000)
    name_failures: int = key("Failures after which a name is closed to strangers; 0: never", 100, ge=0, le=100_000)
    block_time: int = key("Seconds a block lasts", 900, ge=1, le=86400)


class NoticeSection(Section):
    """A report to a sender. In the texts $host, $recipient, $reason, $advice and $until stand for what they say."""

    sender: str = key("Name that the report is from; empty: Mail Delivery System", "", max_length=200)
    subject: str = key("Its subject; empty: the usual", "", max_length=200)
    head: str = key("What the text begins with; empty: the usual", "", max_length=4000)
    line: str = key("What it says of each recipient; empty: the usual", "", max_length=4000)
    tail: str = key("What it ends with; empty: the usual", "", max_length=4000)
    attach: Literal["headers", "message", "nothing"] = key(
        "What of the message comes back where the sender has not asked for either (RET=)", "headers"
    )


class DelaySection(NoticeSection):
    """A report of a delay, with the same signs in its texts."""


class QueueSection(Section):
    """Processing: the queue and its retries."""

    sched_interval: int = key(
        "Seconds to the first retry; doubles with every one", 300, known_as="schedInterval", ge=1, le=86400
    )
    max_sched_interval: int = key("Seconds it grows to", 28800, known_as="maxSchedInterval", ge=5, le=86400)
    max_retry_count: int = key("Tries before the message is returned", 20, known_as="maxRetryCount", ge=1, le=1000)
    delay_notice_after: int = key("Failed tries after which the sender is told of a delay; 0: never", 4, ge=0, le=1000)
    delivery_threads: int = key("Deliveries at once", 20, known_as="deliveryThreads", ge=1, le=128)
    filtering_threads: int = key("Messages in the filters at once", 20, known_as="filteringThreads", ge=1, le=128)
    takeover: int = key(
        "Seconds that mail which another host over the same database was sending is left to it once it has gone:"
        " it knows what was taken already",
        900,
        ge=0,
        le=86400,
    )
    messages_per_second: int = key(
        "Messages a second from outside to one mailbox; over it the mailbox pauses; 0: no limit",
        0,
        known_as="messagesPerSecond",
        ge=0,
        le=1000,
    )
    disable_interval: int = key(
        "Seconds that such a mailbox takes no mail", 300, known_as="disableInterval", ge=0, le=86400
    )
    failure_notice: NoticeSection = key("What a sender is told of a failure", NoticeSection())
    delay_notice: DelaySection = key("What a sender is told of a delay", DelaySection())


class DnsListSection(Section):
    """Lists of addresses in DNS, for mail from outside."""

    zones: Many[str] = key("Lists of addresses that mail is not wanted from", (), example=["zen.spamhaus.org"])
    good_zones: Many[str] = key(
        "Lists of good addresses: they pass, and are not greylisted", (), example=["list.dnswl.org"]
    )
    action: Literal["reject", "tempreject", "log"] = key("What is done with one that is listed", "reject")


class CountriesSection(Section):
    """Countries that mail from outside comes from."""

    file: File | None = key(
        "MaxMind's .mmdb, or CSV: network and country, or first and last address and country", None, example="geo.mmdb"
    )
    only: Many[str] = key("Mail is taken from these countries alone; none: from all", (), example=["DE", "AT"])
    refuse: Many[str] = key("Mail is not taken from these", (), example=["ZZ"])
    exempt: IpEntries = key("Addresses that are never looked at", (), example=["192.0.2.0/24"])


class GreylistingSection(Section):
    """Greylisting of mail from outside: who comes for the first time is asked to come again."""

    enabled: bool = key("Whether it is done", False)
    delay: int = key("Seconds after which it is let in", 300, ge=1, le=86400)
    keep_waiting: int = key("Hours for which it is remembered that somebody was asked to come again", 24, ge=1, le=720)
    keep_passed: int = key("Days for which who came again is let in at once", 36, ge=1, le=3650)


class HarvestingSection(Section):
    """What is done against trying out recipients."""

    unknown_recipients: int = key("Unknown recipients after which a peer is hung up on; 0: never", 30, ge=0, le=100_000)
    first_delay: int = key("Milliseconds before the answer to the first one; doubles", 100, ge=0, le=10_000)
    max_delay: int = key("Seconds it grows to", 10, ge=0, le=60)
    interval: int = key("Seconds after which they are forgotten", 600, ge=1, le=86400)
    block_time: int = key("Seconds a block lasts", 900, ge=1, le=86400)


class PeerRatesSection(Section):
    """How much one peer may bring in a while that has not signed in."""

    messages: int = key("Messages of one peer in the interval; 0: as many as come", 0, ge=0, le=1_000_000)
    recipients: int = key("Recipients that it may name in the interval; 0: as many as come", 0, ge=0, le=10_000_000)
    interval: int = key("Seconds after which it is counted anew", 60, ge=1, le=86400)


class SmtpSection(Section):
    """SMTP, in and out."""

    max_message_size: int = key("KB of one message", 10240, known_as="maxDataSize", ge=1, le=2_097_151)
    receiving_memory: int = key(
        "KB of mail in memory while it comes in, and of large messages that are being taken; the rest waits in files",
        32_768,
        ge=64,
        le=2_097_151,
    )
    max_received_headers: int = key(
        "Received headers beyond which a message loops", 30, known_as="maxReceivedHeaders", ge=1, le=1000
    )
    max_rcpt_count: int = key("Recipients of one message", 1000, known_as="maxRcptCount", ge=1, le=1000)
    local_delivery: Literal["none", "auth", "all"] = key(
        "Who may send to recipients here", "all", known_as="localDelivery"
    )
    remote_delivery: Literal["none", "auth", "all"] = key(
        "Who may send to recipients elsewhere; all: an open relay", "auth", known_as="remoteDelivery"
    )
    smart_host: str = key("Host that takes all mail for elsewhere, host or host:port; empty: by MX", "")
    smart_host_tls: Literal["none", "available", "required", "implicit"] = key("TLS to the smart host", "available")
    smart_host_user: str = key("Login at the smart host; empty: none", "")
    smart_host_password: str = key("Password at the smart host", "", repr=False)
    mx_port: int = key("Port of other mail servers", 25, ge=1, le=65535)
    connect_timeout: int = key("Seconds to connect to another server", 30, ge=1, le=600)
    send_timeout: int = key("Seconds another server may take for an answer", 300, ge=1, le=3600)
    local_address: str = key("Address that outgoing connections come from; empty: any", "")
    enable_ipv6: bool = key("Deliver over IPv6 too", True, known_as="enableIPv6")
    sending_connections: int = key("Outgoing connections at once to one destination", 5, ge=1, le=128)
    messages_per_connection: int = key("Messages sent over one connection", 100, ge=1, le=10_000)
    connection_idle: int = key(
        "Seconds that a connection is kept for the next message; 0: it is closed at once", 2, ge=0, le=300
    )
    srs: bool = key(
        "Pass mail of others on under a sender of ours (SRS), so that SPF does not forbid it and reports come back",
        True,
    )
    dane: bool = key("Follow DANE (TLSA), where a name server is believed that it checks DNSSEC", True)
    mta_sts: bool = key("Follow the MTA-STS policies of other domains", True)
    mta_sts_private: bool = key("Fetch them from private addresses too: for test networks only", False)
    mta_sts_policy: OwnStsSection = key("The MTA-STS policy of the domains here", OwnStsSection())
    tls_reports: bool = key("Send domains that ask for it a daily report of TLS to them", False)
    tls_report_from: str = key("Address such reports come from; empty: the first domain's postmaster", "")
    route: Many[RouteSection] = tables("None: by smart_host, or by MX")
    source: Many[SourceSection] = tables("None: local_address")
    authentication: AuthenticationSection = key("What is checked of senders", AuthenticationSection())
    dmarc_reports: DmarcReportsSection = key("Reports to domains in whose name mail came", DmarcReportsSection())
    xclient_networks: IpEntries = key(
        "Front ends that may say who their client is (XCLIENT); nobody else is believed", (), example=["192.0.2.10"]
    )
    dnsbl: DnsListSection = key("Lists of addresses in DNS", DnsListSection())
    countries: CountriesSection = key("Countries that mail comes from", CountriesSection())
    full_mailbox: Literal["tempreject", "accept"] = key(
        "What other servers hear of a mailbox that is full. tempreject: 452, to come again; accept: the mail waits in"
        " the queue here for as long as other mail does",
        "tempreject",
    )
    plugin_failure: Literal["pass", "tempreject"] = key("What is done when a plug-in of the rules has failed", "pass")
    greylisting: GreylistingSection = key("Greylisting", GreylistingSection())
    peer_rates: PeerRatesSection = key("Messages and recipients of one peer", PeerRatesSection())
    harvesting: HarvestingSection = key("Trying out recipients", HarvestingSection())


class ImapSection(Section):
    """IMAP."""

    max_message_size: int = key("KB of one appended message", 51200, ge=1, le=2_097_151)
    max_connections_per_account: int = key(
        "Sessions of one account; 0: no limit", 50, known_as="imapConnectionCount", ge=0, le=10_000
    )
    id_enabled: bool = key("Answer ID with name and version", True, known_as="imapIdEnabled")
    show_all_folders: bool = key(
        "LIST shows calendars, contacts, tasks and notes too", False, known_as="imapShowAllFolders"
    )
    message_limit: int = key("Messages that one command works on (MESSAGELIMIT); 0: no limit", 0, ge=0, le=10_000_000)


class Pop3Section(Section):
    """POP3."""

    exclusive_lock: bool = key("One session per mailbox", False, known_as="pop3ExclusiveLock")
    max_connections_per_account: int = key(
        "Sessions of one account; 0: no limit", 10, known_as="pop3ConnectionCount", ge=0, le=10_000
    )


class ManageSieveSection(Section):
    """ManageSieve."""

    max_connections_per_account: int = key("Sessions of one account; 0: no limit", 10, ge=0, le=10_000)


class FtpBackupSection(Section):
    """FTP backup."""

    passive_port_first: int = key("First port for transfers; 0: any that is free", 0, ge=0, le=65_535)
    passive_port_last: int = key("Last port for transfers", 0, ge=0, le=65_535)
    passive_address: str = key("IPv4 address that clients reach these ports at; empty: the listener's", "")

"""Every counter there is: its name, what it counts, and at which scopes. The names are the reference's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Counter:
    """One counter: its name, what it counts, where it is kept (S server, D domain, A account), and its kind."""

    name: str
    help: str
    scopes: Literal["S", "SD", "SDA"] = "S"
    kind: Literal["counter", "gauge"] = "counter"


def _inbound(prefix: str, service: str, scopes: Literal["S", "SDA"]) -> tuple[Counter, ...]:
    return (
        Counter(f"{prefix}_InboundConnection", f"Connections to {service}.", scopes),
        Counter(f"{prefix}_InboundConnectionSSL", f"Connections to {service} that were encrypted.", scopes),
        Counter(f"{prefix}_InboundConnectionAuthenticated", f"Connections to {service} that tried to log in.", scopes),
        Counter(f"{prefix}_InboundConnectionAuthenticatedSuccess", f"Connections to {service} that logged in.", scopes),
    )


COUNTERS: Final = (
    *_inbound("SMTP", "SMTP receiving", "S"),
    Counter("SMTP_InboundConnectionRefused", "Connections that SMTP receiving turned away."),
    Counter("SMTP_InboundMessage", "Messages that came in.", "SDA"),
    Counter("SMTP_InboundMessageBytes", "Octets of the messages that came in.", "SDA"),
    Counter("SMTP_InboundMessageTOcommandsAccepted", "Recipients accepted.", "SDA"),
    Counter("SMTP_InboundMessageTOcommandsRejected", "Recipients refused.", "SDA"),
    Counter("SMTP_InboundMessageFROMAccepted", "Senders accepted.", "SDA"),
    Counter("SMTP_InboundMessageFROMRejected", "Senders refused.", "SDA"),
    Counter("SMTP_InboundMessageDATAUsed", "Messages begun with DATA.", "SDA"),
    Counter("SMTP_InboundMessageDATAAccepted", "Messages accepted after DATA.", "SDA"),
    Counter("SMTP_InboundMessageBDATUsed", "Messages begun with BDAT.", "SDA"),
    Counter("SMTP_InboundMessageBDATAccepted", "Messages accepted after BDAT.", "SDA"),
    Counter("SMTP_InboundMessageRejectedByPolicy", "Messages that a policy refused.", "SDA"),
    Counter("SMTP_InboundMessageGreylisted", "Messages that greylisting put off.", "SDA"),
    Counter("SMTP_OutboundConnection", "Connections to other servers.", "SD"),
    Counter("SMTP_OutboundConnectionFailed", "Connections to other servers that failed.", "SD"),
    Counter("SMTP_OutboundConnectionSSL", "Connections to other servers that were encrypted.", "SD"),
    Counter("SMTP_OutboundMessage", "Messages sent to other servers.", "SD"),
    Counter("SMTP_OutboundMessageBytes", "Octets of the messages sent to other servers.", "SD"),
    Counter("SMTP_OutboundRcptAccepted", "Recipients that other servers accepted.", "SD"),
    Counter("SMTP_OutboundRcptTempFailed", "Recipients that other servers put off.", "SD"),
    Counter("SMTP_OutboundRcptPermFailed", "Recipients that other servers refused.", "SD"),
    *_inbound("POP3", "POP3", "SDA"),
    Counter("POP3_RetrievedMessage", "Messages fetched over POP3.", "SDA"),
    Counter("POP3_RetrievedBytes", "Octets fetched over POP3.", "SDA"),
    Counter("POP3_DeletedMessage", "Messages deleted over POP3.", "SDA"),
    *_inbound("SIEVE", "ManageSieve", "SDA"),
    *_inbound("IMAP", "IMAP", "SDA"),
    Counter("IMAP_AppendRequest", "Messages stored by APPEND.", "SDA"),
    Counter("IMAP_AppendBytes", "Octets stored by APPEND.", "SDA"),
    Counter("IMAP_FetchRequest", "FETCH commands.", "SDA"),
    Counter("IMAP_FetchBytes", "Octets sent for FETCH.", "SDA"),
    Counter("IMAP_ExpungedMessage", "Messages expunged over IMAP.", "SDA"),
    Counter("IMAP_IdleSession", "Sessions that used IDLE.", "SDA"),
    Counter("WEBMAIL_InboundConnection", "Connections to WebMail.", "SDA"),
    Counter("WEBMAIL_Login", "Logins to WebMail.", "SDA"),
    Counter("WEBMAIL_LoginFailed", "Failed logins to WebMail.", "SDA"),
    Counter("WEBMAIL_ActiveSession", "WebMail sessions now.", "SDA", "gauge"),
    Counter("WEBMAIL_SentMessage", "Messages sent from WebMail.", "SDA"),
    Counter("WEBMAIL_Request", "Requests to WebMail.", "SDA"),
    Counter("DAV_Request", "Requests to CalDAV, CardDAV and WebDAV.", "SDA"),
    Counter("EAS_Request", "Requests to ActiveSync.", "SDA"),
    Counter("EWS_Request", "Requests to Exchange Web Services.", "SDA"),
    Counter("DAV_ActiveUser", "Accounts that used DAV lately.", "SDA", "gauge"),
    Counter("WEBADMIN_InboundConnection", "Connections to WebAdmin."),
    Counter("WEBADMIN_AuthenticatedSuccess", "Logins to WebAdmin."),
    Counter("CLI_InboundConnection", "Connections to the command line service."),
    Counter("CLI_AuthenticatedSuccess", "Logins to the command line service."),
    Counter("FTP_InboundConnection", "Connections to FTP backup."),
    Counter("FTP_AuthenticatedSuccess", "Logins to FTP backup."),
    Counter("RPOP_Connection", "Connections to other servers' POP3."),
    Counter("RPOP_ConnectionFailed", "Connections to other servers' POP3 that failed."),
    Counter("RPOP_AuthenticatedSuccess", "Logins to other servers' POP3."),
    Counter("RPOP_RetrievedMessage", "Messages fetched from other servers."),
    Counter("QUEUE_Size", "Messages in the queue.", "S", "gauge"),
    Counter("QUEUE_Bytes", "Octets in the queue.", "S", "gauge"),
    Counter("QUEUE_Deferred", "Messages that wait for another try.", "S", "gauge"),
    Counter("QUEUE_OldestAge", "Seconds that the oldest message has waited.", "S", "gauge"),
    Counter("PROCESSING_DeliveredLocal", "Deliveries into local folders."),
    Counter("PROCESSING_Bounced", "Messages returned to their sender."),
    Counter("PROCESSING_Quarantined", "Messages put into quarantine."),
    Counter("FILTER_Scanned", "Messages that filters looked at.", "SD"),
    Counter("FILTER_Spam", "Messages that filters found to be spam.", "SD"),
    Counter("FILTER_Virus", "Messages in which filters found a virus.", "SD"),
    Counter("FILTER_RejectedBuiltin", "Messages and recipients that built-in filters refused.", "SD"),
    Counter("FILTER_Error", "Filters that failed.", "SD"),
    Counter("FILTER_Time", "Milliseconds spent in filters.", "SD"),
    Counter("STORAGE_UsedBytes", "Octets stored.", "SDA", "gauge"),
    Counter("STORAGE_FreeBytes", "Octets that may still be stored.", "SDA", "gauge"),
    Counter("STORAGE_MessageCount", "Items stored.", "SDA", "gauge"),
    Counter("STORAGE_OverQuotaAccount", "Accounts that are over their quota.", "SDA", "gauge"),
    Counter("SYSTEM_LoadAverage", "Load of the machine over one minute.", "S", "gauge"),
    Counter(
        "SYSTEM_CPU", "Share of one processor that the server used since it was last read, in percent.", "S", "gauge"
    ),
    Counter("SYSTEM_Memory", "Octets of memory that the server holds.", "S", "gauge"),
    Counter("SYSTEM_OpenFiles", "Open files and sockets.", "S", "gauge"),
    Counter("SYSTEM_Threads", "Threads; by service where it says so.", "S", "gauge"),
    Counter("SYSTEM_DiskFree", "Octets free on the disk of the data directory.", "S", "gauge"),
    Counter("DNR_Query", "Questions asked of the resolver."),
    Counter("DNR_CacheHit", "Questions that its cache answered."),
    Counter("DNR_Timeout", "Questions that a name server did not answer in time."),
)
BY_NAME: Final = {counter.name: counter for counter in COUNTERS}

RESERVED: Final = (
    *("PROXY_SMTP_Connection", "PROXY_SMTP_BackendFailed", "PROXY_POP3_Connection", "PROXY_POP3_BackendFailed"),
    *("PROXY_IMAP_Connection", "PROXY_IMAP_BackendFailed", "PROXY_WEBMAIL_Connection", "PROXY_WEBMAIL_BackendFailed"),
    "PROXY_MapMiss",
)
"""Names of the reference for services that there are not yet: nobody counts by them, and nobody is told of them."""

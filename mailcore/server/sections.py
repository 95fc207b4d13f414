"""The configuration's sections for the server, its services, listeners, rules and TLS.

Names are those of the reference product in snake_case; where the word differs, `known_as` gives it. Times are seconds
and sizes are KB unless the documentation says otherwise.
"""

from typing import Final, Literal

from mailcore.server.declare import File, IpEntries, Many, Seconds, Section, key, tables

Mechanism = Literal[
    "all",
    "PLAIN",
    "LOGIN",
    "CRAM-MD5",
    "SCRAM-SHA-1",
    "SCRAM-SHA-256",
    "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-256-PLUS",
    "EXTERNAL",
    "OAUTHBEARER",
    "XOAUTH2",
]

CONNECTIONS_MAX: Final = 100_000


class ServerSection(Section):
    """The server as a whole."""

    data: str = key("Folder that holds everything the server keeps; --data overrides it", "data")
    server_name: str = key(
        "Name of this node, at most 64 characters; empty: this host's name", "", known_as="serverName", max_length=64
    )
    web_url: str = key(
        "Where people reach HTTP from outside, such as https://mail.example.org; empty: by the listeners",
        "",
        pattern=r"^(?:https?://[A-Za-z0-9.\[\]:-]+)?$",
    )
    primary_domain: str = key(
        "Domain of a login name or recipient without @; empty: none", "", known_as="primaryDomain", max_length=255
    )
    database_url: str = key(
        "Database; empty: SQLite in the data folder. DATABASE_URL in the environment wins", "", repr=False
    )
    node: str = key("Name of this node in a cluster; empty: server_name", "", max_length=64)
    workers: int = key(
        "Processes that serve mail at the same listeners; 0: one for each processor, at most 8", 1, ge=0, le=32
    )
    blob_store: str = key("Where large bodies go: a folder, or a URL such as s3://bucket/prefix", "blobs")
    blob_store_endpoint: str = key("Where an S3 server is that is not Amazon's, such as https://s3.example.org", "")
    blob_store_region: str = key("Region of the bucket; empty: AWS_REGION in the environment", "")
    blob_store_key_id: str = key("Access key of the bucket; empty: AWS_ACCESS_KEY_ID in the environment", "")
    blob_store_secret: str = key("Its secret; empty: AWS_SECRET_ACCESS_KEY in the environment", "", repr=False)
    blob_threshold: int = key("Bodies up to this many KB are kept in the database", 64, ge=0, le=1024)
    secret_file: str = key("File with the secret that all nodes of a site share; made when it is missing", "secret")
    run_as: str = key("User to become once the listeners are open, when started as root; empty: stay", "")
    drain_time: int = key("Seconds that commands get to finish when a service stops", 30, ge=0, le=3600)


class CertificateSection(Section):
    """A certificate chain and its key."""

    cert_file: File = key("Certificate chain in PEM, the server's own first", known_as="certFile", example="mail.crt")
    key_file: File | None = key("Its key in PEM; absent: the key is in cert_file", None, example="mail.key")
    names: Many[str] = key("Host names (SNI) it serves; none: those that the certificate names", ())


class TlsSection(Section):
    """TLS for every listener that has no tls table of its own."""

    certificate: Many[CertificateSection] = tables("The first is the default; none: a self-signed one is made")
    min_version: Literal["1.2", "1.3"] = key("Oldest version that is spoken", "1.2", known_as="allowedVersions")
    cipher_suite: str = key(
        "Ciphers for TLS 1.2 in OpenSSL's notation; empty: OpenSSL's default", "", known_as="cipherSuite"
    )
    prefer_server_cipher_suite_order: bool = key(
        "Whether the server's order of ciphers decides", True, known_as="preferServerCipherSuiteOrder"
    )
    request_client_auth: bool = key(
        "Ask clients for a certificate (SASL EXTERNAL); needs ca_file", False, known_as="requestClientAuth"
    )
    ca_file: File | None = key(
        "Authorities that client certificates are checked against", None, known_as="caFile", example="ca.crt"
    )
    handshake_timeout: Seconds = key("Seconds a handshake may take", 30.0, ge=1, le=600)


class FlowSection(Section):
    """The six limits of flow control."""

    max_connections: int = key("Connections at once", 200, known_as="maxConnections", ge=1, le=CONNECTIONS_MAX)
    max_interval_connections: int = key(
        "Connections in one interval; 0: no limit", 600, known_as="maxIntervalConnections", ge=0, le=CONNECTIONS_MAX
    )
    time_interval: int = key("Length of that interval", 60, known_as="timeInterval", ge=30, le=86400)
    peer_max_connections: int = key(
        "Connections of one peer at once", 20, known_as="peerMaxConnections", ge=1, le=CONNECTIONS_MAX
    )
    peer_max_interval_connections: int = key(
        "Connections of one peer in one interval; 0: no limit",
        600,
        known_as="peerMaxIntervalConnections",
        ge=0,
        le=CONNECTIONS_MAX,
    )
    peer_time_interval: int = key("Length of that interval", 60, known_as="peerTimeInterval", ge=30, le=86400)


_IP_SET: Final = key("Addresses: single, a-b, or network/mask", known_as="ipSet", example=["192.0.2.0/24"])
_ENABLE: Final = key("Whether the rule holds", True)
_PRIORITY: Final = key("1 is highest; the smaller number decides, deny wins a tie", 500, ge=1, le=1000)


class RuleSection(Section):
    """A rule about addresses."""

    ip_set: IpEntries = _IP_SET
    enable: bool = _ENABLE
    priority: int = _PRIORITY


class AllowSection(FlowSection):
    """A rule that lets peers in, under limits of its own."""

    ip_set: IpEntries = _IP_SET
    enable: bool = _ENABLE
    priority: int = _PRIORITY


_ALLOW: Final = tables("Rules that let peers in, each under its own limits", known_as="allowRules")
_DENY: Final = tables("Rules that refuse peers", known_as="denyRules")


class ListenerSection(FlowSection):
    """A listener. One that has the name of a default listener changes that one; what it does not say stays."""

    name: str = key("Its name, unique", example="imap", min_length=1, max_length=64, pattern="^[a-z0-9_-]+$")
    service: str = key("The service that it is an entry to", example="imap")
    role: str = key("Dialogue of a service that has several: mx, submission or lmtp", "", max_length=32)
    address: str = key("IP address and port; IPv6 as [::1]:143", example="127.0.0.1:143")
    enable: bool = key("Whether it is open", True)
    idle_timeout: int = key(
        "Seconds of silence after which a connection is closed; 0: never; IMAP: 1800",
        300,
        known_as="idleTimeout",
        ge=0,
        le=86400,
    )
    ssl_enable: bool = key("TLS from the first octet", False, known_as="sslEnable")
    allow_rules: Many[AllowSection] = _ALLOW
    deny_rules: Many[RuleSection] = _DENY
    listener_domain: str = key(
        "Acts as primary domain for logins here; empty: the server's", "", known_as="listenerDomain", max_length=255
    )
    proxy_protocol: Literal["disabled", "allow_v1", "allow_v2", "allow_all"] = key(
        "Take the client's address from a proxy in front", "disabled", known_as="proxyProtocol"
    )
    proxy_optional: bool = key("Trusted proxies may also connect without a header", False, known_as="isOptional")
    proxy_protocol_timeout: Seconds = key(
        "Seconds for the whole PROXY header", 5.0, known_as="proxyProtocolTimeout", ge=0.1, le=60
    )
    proxy_trusted: IpEntries = key("The proxies; nobody else's header is believed", (), example=["192.0.2.10"])
    tls: TlsSection | None = key(
        "TLS settings of this listener alone; absent: the server's", None, known_as="SSLControl"
    )


class ServiceSection(Section):
    """A service: what applies at all of its listeners."""

    enabled: bool = key(
        "Whether it starts with the server; off unless asked for: reporting, ftp_backup, rpop, the proxies", True
    )
    log_type: Literal["internal", "system", "remote"] = key(
        "Where its lines go: own log, syslog, another host", "internal", known_as="logType"
    )
    log_level: int = key(
        "Sum of 1 critical, 2 error, 4 warning, 8 info, 16 protocol", 15, known_as="logLevel", ge=0, le=31
    )
    log_host: str = key("Address and port for log_type remote", "127.0.0.1:2000", known_as="logHost")
    min_conn_threads: int = key(
        "Commands it must be able to work on at once; a floor of max_conn_threads",
        1,
        known_as="minConnThreads",
        ge=1,
        le=128,
    )
    max_conn_threads: int = key(
        "Commands it works on at once; more wait their turn", 20, known_as="maxConnThreads", ge=1, le=128
    )
    max_errors: int = key(
        "Wrong commands after which a session is closed; 0: no limit", 20, known_as="maxErrors", ge=0, le=100
    )
    max_auth_errors: int = key(
        "Failed logins after which a session is closed; 0: no limit", 5, known_as="maxAuthErrors", ge=0, le=100
    )
    allow_start_tls: bool = key("Offer STARTTLS where TLS does not come first", True, known_as="allowStartTLS")
    secure_conn_allow_login: bool = key("Passwords over TLS", True, known_as="secureConnAllowLogin")
    secure_conn_auth_types: Many[Mechanism] = key(
        "SASL mechanisms over TLS; CRAM-MD5, and with it APOP, only if it is named: it is never part of all",
        ("all",),
        known_as="secureConnAuthTypes",
    )
    plain_conn_allow_login: bool = key("Passwords over connections without TLS", False, known_as="plainConnAllowLogin")
    plain_conn_auth_types: Many[Mechanism] = key(
        "SASL mechanisms without TLS; those that send the password need plain_conn_allow_login too",
        ("SCRAM-SHA-1", "SCRAM-SHA-256"),
        known_as="plainConnAuthTypes",
    )
    greetings_text: str = key(
        "First words; %D is the server's name, %U a unique token; empty: the usual",
        "",
        known_as="greetingsText",
        max_length=1024,
    )
    max_connections: int = key(
        "Connections at once over all listeners; 0: no limit", 0, known_as="maxConnections", ge=0, le=CONNECTIONS_MAX
    )
    max_interval_connections: int = key(
        "Connections in one interval; 0: no limit", 0, known_as="maxIntervalConnections", ge=0, le=CONNECTIONS_MAX
    )
    time_interval: int = key("Length of that interval", 60, known_as="timeInterval", ge=30, le=86400)
    peer_max_connections: int = key(
        "Connections of one peer at once; 0: no limit", 0, known_as="peerMaxConnections", ge=0, le=CONNECTIONS_MAX
    )
    peer_max_interval_connections: int = key(
        "Connections of one peer in one interval; 0: no limit",
        0,
        known_as="peerMaxIntervalConnections",
        ge=0,
        le=CONNECTIONS_MAX,
    )
    peer_time_interval: int = key("Length of that interval", 60, known_as="peerTimeInterval", ge=30, le=86400)
    allow_rules: Many[AllowSection] = _ALLOW
    deny_rules: Many[RuleSection] = _DENY

"""The configuration: defaults, the file, the port base, and what is said of mistakes."""

import re
import socket
import tomllib
from pathlib import Path

import pytest

from mailcore.server.config import ConfigError, guess_limits, load, service_policy
from mailcore.server.config_checks import name_server
from mailcore.server.config_example import example
from mailcore.server.config_file import ConfigFile, section_of
from mailcore.server.declare import Section
from mailcore.server.guesses import GuessLimits
from mailcore.server.listener import Listener
from mailcore.server.rules import Limits, address

STANDARD_PORTS = {
    "smtp": 25,
    "submission": 587,
    "submissions": 465,
    "lmtp": 24,
    "imap": 143,
    "imaps": 993,
    "pop3": 110,
    "pop3s": 995,
    "managesieve": 4190,
    "http": 80,
    "https": 443,
    "webadmin": 9000,
    "cli": 7000,
    "ftp_backup": 21,
}


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "postroom.toml"
    path.write_text(text)
    return path


def loaded(tmp_path: Path, text: str, **how: int) -> dict[str, Listener]:
    config = load(written(tmp_path, text), environ={}, services=(), port_base=how.get("port_base"))
    return {listener.name: listener for listener in config.listeners}


def test_without_a_file_everything_has_its_default() -> None:
    config = load(None, environ={}, services=())
    assert {listener.name: listener.port for listener in config.listeners} == STANDARD_PORTS
    assert {listener.address for listener in config.listeners} == {"127.0.0.1"}
    assert config.host == socket.gethostname()
    assert config.database_url == ""
    assert not any(listener.plain_login for listener in config.listeners)
    off = {name for name, section in config.services.items() if not section.enabled}
    assert off == {"reporting", "ftp_backup", "rpop", "smtp_proxy", "imap_proxy", "pop3_proxy", "webmail_proxy"}


@pytest.mark.parametrize(
    ("text", "base", "url"),
    [
        ("", None, "https://mail.example.test"),
        ('web_url = "https://cal.example.test"', 33000, "https://cal.example.test"),
        ("", 33000, "http://127.0.0.1:33080"),
        ('[[listener]]\nname = "https"\naddress = "127.0.0.1:8443"\n', None, "https://mail.example.test:8443"),
    ],
)
def test_people_reach_http_where_its_listeners_are(tmp_path: Path, text: str, base: int | None, url: str) -> None:
    path = written(tmp_path, f'[server]\nserver_name = "mail.example.test"\n{text}\n')
    assert load(path, environ={}, services=(), port_base=base).web_url == url


def test_an_address_of_http_is_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="web_url"):
        load(written(tmp_path, '[server]\nweb_url = "ftp://x/"\n'), environ={}, services=())


def test_defaults_of_listeners_depend_on_the_service() -> None:
    found = {listener.name: listener for listener in load(None, environ={}, services=()).listeners}
    assert (found["smtp"].idle, found["imap"].idle, found["imaps"].idle) == (300, 1800, 1800)
    assert found["smtp"].policy.limits == Limits(200, 600, 60, 20, 600, 60)
    assert found["https"].policy.limits == Limits(1000, 1200, 60, 100, 600, 60)
    assert (found["smtp"].tls, found["submissions"].tls) == ("start", "implicit")
    assert [found[name].role for name in ("smtp", "submission", "submissions", "lmtp", "imap")] == [
        "mx",
        "submission",
        "submission",
        "lmtp",
        "",
    ]


def test_a_port_base_moves_every_listener_to_loopback_and_lets_passwords_in() -> None:
    config = load(None, port_base=20000, environ={}, services=())
    assert {listener.name: listener.port - 20000 for listener in config.listeners} == STANDARD_PORTS
    assert {listener.address for listener in config.listeners} == {"127.0.0.1"}
    assert all(listener.plain_login for listener in config.listeners)
    assert config.services["ftp_backup"].enabled


def test_a_port_base_moves_the_files_listeners_too_and_keeps_their_settings(tmp_path: Path) -> None:
    text = '[[listener]]\nname = "imap"\naddress = "0.0.0.0:1143"\npeer_max_connections = 3\n'
    found = loaded(tmp_path, text, port_base=20000)
    assert found["imap"].where == "127.0.0.1:21143"
    assert found["imap"].policy.limits.peer_connections == 3
    assert found["imaps"].policy.limits.peer_connections == 100_000


def test_a_listener_with_a_default_name_changes_that_one_alone(tmp_path: Path) -> None:
    found = loaded(tmp_path, '[[listener]]\nname = "imaps"\naddress = "[::1]:1993"\n')
    assert (found["imaps"].where, found["imaps"].tls, found["imaps"].idle) == ("[::1]:1993", "implicit", 1800)
    assert found["imap"].where == "127.0.0.1:143"


def test_a_listener_can_be_turned_off_and_another_added(tmp_path: Path) -> None:
    text = """
[[listener]]
name = "pop3"
enable = false

[[listener]]
name = "imap-inside"
service = "imap"
address = "10.0.0.1:143"
listener_domain = "example.test"
allow_rules = [{ ip_set = ["10.0.0.0/8"], priority = 5, peer_max_connections = 7 }]
deny_rules = [{ ip_set = ["10.1.0.0/16"] }]
proxy_protocol = "allow_v2"
proxy_trusted = ["10.0.0.2"]
"""
    found = loaded(tmp_path, text)
    inside = found["imap-inside"]
    assert "pop3" not in found
    assert (inside.idle, inside.domain) == (1800, "example.test")
    (allow,), (deny,) = inside.policy.rules.allow, inside.policy.rules.deny
    assert (allow.priority, allow.limits.peer_connections, deny.priority) == (5, 7, 500)
    assert address("10.1.2.3") in deny.addresses
    assert inside.proxy is not None
    assert (inside.proxy.v1, inside.proxy.v2, inside.proxy.optional) == (False, True, False)


def test_service_settings_reach_their_listeners(tmp_path: Path) -> None:
    text = "[service.imap]\nallow_start_tls = false\nplain_conn_allow_login = true\npeer_max_connections = 9\n"
    found = loaded(tmp_path, text)
    assert (found["imap"].tls, found["imap"].plain_login) == ("none", True)
    assert not found["pop3"].plain_login
    section = load(written(tmp_path, text), environ={}, services=()).services["imap"]
    assert service_policy(section).limits == Limits(0, 0, 60, 9, 0, 60)


def test_the_environments_database_wins(tmp_path: Path) -> None:
    path = written(tmp_path, '[server]\ndatabase_url = "postgresql://file/x"\n')
    assert load(path, environ={}).database_url == "postgresql://file/x"
    assert load(path, environ={"DATABASE_URL": "postgresql://env/x"}).database_url == "postgresql://env/x"


def test_the_data_folder_of_the_command_line_wins(tmp_path: Path) -> None:
    path = written(tmp_path, '[server]\ndata = "/srv/mail"\n')
    assert load(path, environ={}).data == Path("/srv/mail")
    assert load(path, data=tmp_path, environ={}).data == tmp_path


def test_guessing_is_configured_in_the_units_of_the_file(tmp_path: Path) -> None:
    assert guess_limits(load(None, environ={}).guessing) == GuessLimits()
    config = load(written(tmp_path, "[guessing]\nfirst_delay = 50\npeer_failures = 3\n"), environ={})
    assert guess_limits(config.guessing) == GuessLimits(first_delay=0.05, peer_failures=3)


def test_an_installed_service_can_be_configured_and_is_on(tmp_path: Path) -> None:
    config = load(written(tmp_path, "[service.gopher]\nmax_errors = 3\n"), environ={}, services=("gopher",))
    assert (config.services["gopher"].max_errors, config.services["gopher"].enabled) == (3, True)


RULE = '[[listener]]\nname = "imap"\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[server]\nnode = 'x'\nnod = 1\n", "postroom.toml:3: server.nod: unknown key; did you mean node?"),
        ("[imapp]\n", "postroom.toml:1: imapp: unknown key; did you mean imap?"),
        ("zzz = 1\n", "postroom.toml:1: zzz: unknown key; known here: server, tls, service, listener, log, dnr"),
        (
            RULE * 1 + '[[listener]]\nname = "x"\n\n' + '[[listener]]\nname = "pop3"\nidle_timeoutt = 5\n',
            "postroom.toml:8: listener.3.idle_timeoutt: unknown key; did you mean idle_timeout?",
        ),
        (
            RULE + 'allow_rules = [\n  { ip_set = ["::1"] },\n  { ip_sett = ["::1"] },\n]\n',
            "postroom.toml:5: listener.1.allow_rules.2.ip_sett: unknown key; did you mean ip_set?",
        ),
        (
            RULE + "idle_timeout = 86401\n",
            "postroom.toml:3: listener.1.idle_timeout: 86401 is out of range: 0 to 86400",
        ),
        (RULE + "time_interval = 29\n", "postroom.toml:3: listener.1.time_interval: 29 is out of range: 30 to 86400"),
        (RULE + 'idle_timeout = "long"\n', "listener.1.idle_timeout: must be a whole number, not 'long'"),
        (RULE + "idle_timeout = true\n", "listener.1.idle_timeout: must be a whole number, not True"),
        (RULE + "enable = 1\n", "postroom.toml:3: listener.1.enable: must be true or false, not 1"),
        (RULE + "listener_domain = 5\n", "listener.1.listener_domain: must be a text in quotes, not 5"),
        (RULE + "allow_rules = 5\n", "listener.1.allow_rules: must be a list, not 5"),
        (RULE + "tls = 5\n", "listener.1.tls: must be a table, not 5"),
        (
            RULE + 'proxy_protocol = "v3"\n',
            "proxy_protocol: must be one of 'disabled', 'allow_v1', 'allow_v2', 'allow_all'",
        ),
        (RULE + 'proxy_protocol = "allow_v1"\n', "postroom.toml:3: listener.1.proxy_protocol: needs proxy_trusted"),
        (
            RULE + 'address = "here:143"\n',
            "postroom.toml:3: listener.1.address: 'here:143' is not an IP address with a port",
        ),
        (RULE + 'address = "127.0.0.1"\n', "'127.0.0.1' is not an IP address with a port"),
        (RULE + 'address = "127.0.0.1:0"\n', "'127.0.0.1:0' is not an IP address with a port"),
        (RULE + 'address = "127.0.0.1:110"\n', "127.0.0.1:110 and 127.0.0.1:110 of listener pop3 clash"),
        (RULE + 'address = "0.0.0.0:110"\n', "0.0.0.0:110 and 127.0.0.1:110 of listener pop3 clash; change one or set"),
        (
            "[smtp]\nsmart_host_password = 12345\n",
            "postroom.toml:2: smtp.smart_host_password: must be a text in quotes",
        ),
        (RULE + RULE, "postroom.toml:4: listener.2.name: listener 1 is named 'imap' already"),
        (
            RULE + 'deny_rules = [{ ip_set = ["10.0.0.9-10.0.0.1"] }]\n',
            "deny_rules.1.ip_set: '10.0.0.9-10.0.0.1': the range",
        ),
        (RULE + 'deny_rules = [{ ip_set = ["x"] }]\n', "deny_rules.1.ip_set: 'x' is not an IP address, a range"),
        (RULE + "deny_rules = [{ priority = 5 }]\n", "postroom.toml:3: listener.1.deny_rules.1.ip_set: is missing"),
        (RULE + 'deny_rules = [{ ip_set = ["::1"], priority = 0 }]\n', "priority: 0 is out of range: 1 to 1000"),
        ('[[listener]]\nname = "x"\naddress = "::1"\n', "postroom.toml:1: listener.1.service: is missing"),
        (
            '[[listener]]\nname = "x"\nservice = "impa"\naddress = "[::1]:9"\n',
            "listener.1.service: there is no service 'impa'",
        ),
        ("listener = 5\n", "postroom.toml:1: listener: must be a list, not 5"),
        ("listener = [5]\n", "postroom.toml:1: listener.1: must be a table, not 5"),
        (
            "[service.impa]\n",
            "postroom.toml:1: service.impa: there is no such service; those known here: cli, ftp_backup",
        ),
        ("[service.imap]\nmax_conn_threads = 0\n", "service.imap.max_conn_threads: 0 is out of range: 1 to 128"),
        (
            "[service.imap]\nmin_conn_threads = 9\nmax_conn_threads = 8\n",
            "postroom.toml:2: service.imap.min_conn_threads: 9 is more than max_conn_threads 8",
        ),
        (
            "[service.imap]\nsecure_conn_auth_types = ['NTLM']\n",
            "secure_conn_auth_types.1: must be one of 'all', 'PLAIN'",
        ),
        ("[tls]\nmin_version = '1.1'\n", "postroom.toml:2: tls.min_version: must be one of '1.2', '1.3', not '1.1'"),
        ("[tls]\nrequest_client_auth = true\n", "postroom.toml:2: tls.request_client_auth: needs ca_file"),
        (
            "[smtp.mta_sts_policy]\nmode = 'enforce'\n",
            "postroom.toml:2: smtp.mta_sts_policy.mode: others would send nothing here",
        ),
        ("[[tls.certificate]]\nkey_file = 'x'\n", "postroom.toml:1: tls.certificate.1.cert_file: is missing"),
        ("[tls]\nhandshake_timeout = 'x'\n", "tls.handshake_timeout: must be a number, not 'x'"),
        ("[queue]\nsched_interval = 30000\n", "queue.sched_interval: 30000 must be less than max_sched_interval 28800"),
        ("[[log.rule]]\npriority = 1000\n", "log.rule.1.priority: 1000 is out of range: 1 to 999"),
        (
            "[[log.rule]]\npriority = 1\nfile_size = 99\n",
            "log.rule.1.file_size: 99 is out of range: 0, or at least 100",
        ),
        ("[[log.rule]]\npriority = 1\nfile_name = '../x'\n", "log.rule.1.file_name: '../x' is no plain file name"),
        (
            "[[log.rule]]\npriority = 1\nmodule = 'SMTP'\n",
            "postroom.toml:3: log.rule.1.module: no module is called 'SMTP'",
        ),
        ("[[log.rule]]\npriority = 1\nmodule = 'SMTP_INCOMING'\n", "no module is called 'SMTP_INCOMING'"),
        (f"[server]\nserver_name = '{'x' * 65}'\n", "server.server_name: must have at most 64 characters, has 65"),
        ("[server]\nnode = 'x\n", "postroom.toml:2: not TOML: "),
        ("[server\n", "postroom.toml:1: not TOML: "),
        ("[server]\nnode = 'a'\nnode = 'b'\n", "postroom.toml:3: not TOML: cannot overwrite a value"),
    ],
)
def test_a_mistake_names_file_line_and_key(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load(written(tmp_path, text), environ={}, services=())
    assert says in str(raised.value)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        load(written(tmp_path, "[server]\nworkers = 33\n[queue]\nmax_retry_count = 0\n"), environ={}, services=())
    assert [problem.split(":")[1] for problem in raised.value.problems] == ["2", "4"]


EVERYTHING = """
[server]
nod = "x"
workers = 33
[queue]
max_retry_count = 0
sched_interval = 900
max_sched_interval = 800
[service.imap]
log_type = "remote"
log_host = "nowhere"
[[listener]]
name = "imap"
address = "here:143"
idle_timeoutt = 1
[[log.rule]]
priority = 5
file_name = "a b"
[[log.rule]]
priority = 5
[dnr]
[[dnr.server]]
priority = 1
address = "ns.example.org"
[[dnr.server]]
priority = 1
address = "192.0.2.53"
[zzz]
"""


def test_what_is_wrong_in_every_way_is_told_at_once_in_the_order_of_lines(tmp_path: Path) -> None:
    """Keys that are unknown, values that are none, keys that do not fit each other."""
    with pytest.raises(ConfigError) as raised:
        load(written(tmp_path, EVERYTHING), environ={}, services=())
    told = [problem.split(": ")[:2] for problem in raised.value.problems]
    assert told == [
        ["postroom.toml:3", "server.nod"],
        ["postroom.toml:4", "server.workers"],
        ["postroom.toml:6", "queue.max_retry_count"],
        ["postroom.toml:7", "queue.sched_interval"],
        ["postroom.toml:11", "service.imap.log_host"],
        ["postroom.toml:14", "listener.1.address"],
        ["postroom.toml:15", "listener.1.idle_timeoutt"],
        ["postroom.toml:18", "log.rule.1.file_name"],
        ["postroom.toml:20", "log.rule.2.priority"],
        ["postroom.toml:24", "dnr.server.1.address"],
        ["postroom.toml:26", "dnr.server.2.priority"],
        ["postroom.toml:28", "zzz"],
    ]


def test_a_table_that_lacks_something_hides_nothing_else(tmp_path: Path) -> None:
    text = "[server]\nnod = 1\n[[scanner]]\nname = 'x'\n[queue]\nmax_retry_count = 0\n"
    with pytest.raises(ConfigError) as raised:
        load(written(tmp_path, text), environ={})
    assert [each.split(": ")[1] for each in raised.value.problems] == [
        "server.nod",
        "scanner.1.kind",
        "scanner.1.address",
        "queue.max_retry_count",
    ]


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("192.0.2.53", ("192.0.2.53", 53)),
        ("192.0.2.53:5353", ("192.0.2.53", 5353)),
        ("2001:db8::53", ("2001:db8::53", 53)),
        ("[2001:db8::53]:54", ("2001:db8::53", 54)),
    ],
)
def test_a_name_server_is_an_address_and_perhaps_a_port(text: str, host: tuple[str, int]) -> None:
    assert name_server(text) == host


def test_a_file_that_is_not_there_or_not_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone\.toml: No such file or directory"):
        load(tmp_path / "gone.toml", environ={})
    (tmp_path / "raw.toml").write_bytes(b"[server]\n\xff")
    with pytest.raises(ConfigError, match=r"raw\.toml: not UTF-8 at octet 9"):
        load(tmp_path / "raw.toml", environ={})


def test_a_secret_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        load(written(tmp_path, "[smtp]\nsmart_host_password = 12345\n"), environ={}, services=())
    assert "12345" not in str(raised.value)
    text = '[smtp]\nsmart_host_password = "geheim"\n[server]\ndatabase_url = "postgresql://u:geheim@h/d"\n'
    assert "geheim" not in repr(load(written(tmp_path, text), environ={}, services=()))


def test_with_a_port_base_addresses_that_meet_on_loopback_are_one_listener(tmp_path: Path) -> None:
    text = """
[[listener]]
name = "imap"
address = "192.0.2.1:143"
idle_timeout = 77
[[listener]]
name = "imap6"
service = "imap"
address = "[2001:db8::1]:143"
"""
    found = loaded(tmp_path, text, port_base=20000)
    assert "imap6" not in found
    assert (found["imap"].where, found["imap"].idle) == ("127.0.0.1:20143", 77)
    assert loaded(tmp_path, text)["imap6"].where == "[2001:db8::1]:143"


def test_a_port_beyond_the_last_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="port 9000 is beyond 65535 with the port base 60000"):
        load(None, port_base=60000, environ={}, services=())


def uncommented() -> str:
    return re.sub(r"^#(?=[\[a-z_\"])", "", example(), flags=re.MULTILINE)


def sections(model: type[Section]) -> list[type[Section]]:
    found = [model]
    for field in model.model_fields.values():
        held = section_of(field)
        if held is not None:
            found += sections(held)
    return found


def test_the_example_changes_nothing(tmp_path: Path) -> None:
    assert ConfigFile.model_validate(tomllib.loads(example())) == ConfigFile()


def test_the_example_with_every_key_set_is_accepted_and_has_the_defaults(tmp_path: Path) -> None:
    parsed = ConfigFile.model_validate(tomllib.loads(uncommented()))
    load(written(tmp_path, uncommented()), environ={}, services=())

    def check(given: Section) -> None:
        for name, field in type(given).model_fields.items():
            value = getattr(given, name)
            if section_of(field) is None:
                assert name in given.model_fields_set, f"{type(given).__name__}.{name} is not shown"
                assert value == field.default or field.default is None or field.is_required()
            for inner in value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else (value,):
                if isinstance(inner, Section):
                    check(inner)

    check(parsed)


def test_every_section_and_every_key_is_documented() -> None:
    text = example()
    for section in set(sections(ConfigFile)) - {ConfigFile}:
        assert section.__doc__
        for name, field in section.model_fields.items():
            assert field.description, f"{section.__name__}.{name}"
            assert field.description in text

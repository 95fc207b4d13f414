"""Settings: what is explicit, what is inherited from where, and who may change it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from groupware.model import settings as declared
from groupware.model.errors import NoRight, NotFound, OverQuota, Refused
from groupware.model.ids import AccountId
from groupware.model.principal import NewAccount, PrincipalKind
from groupware.model.setting import Value, checked
from groupware.model.settings import SETTINGS
from groupware.store.api import WriteTx
from tests.store.house import House

A, B, STAFF = "alice@example.test", "bob@example.test", "staff@example.test"
SERVER = AccountId(1)
DOCS = Path(__file__).parents[2] / "docs" / "settings.md"


def test_the_manual_is_the_one_that_the_declarations_make() -> None:
    assert DOCS.read_text() == declared.manual()


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_is_explained_and_its_default_is_allowed(name: str) -> None:
    each = SETTINGS[name]
    assert each.doc.endswith(".")
    assert checked(each, each.default) == each.default


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("IMAP", "off", False),
        ("mailboxsize", "1024", 1024),
        ("catchAll", "a@b.test", "a@b.test"),
        ("pop3", "yes", True),
    ],
)
def test_a_value_as_a_person_types_it(name: str, text: str, value: Value) -> None:
    assert declared.parse(name, text) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("imap", "perhaps"),
        ("mailboxSize", "much"),
        ("mailboxSize", "-1"),
        ("mailboxSize", "9" * 15),
        ("passwordRequire", "x"),
    ],
)
def test_a_value_that_cannot_be_is_refused(name: str, text: str) -> None:
    with pytest.raises(Refused, match=name):
        declared.parse(name, text)


class Levels:
    """An account of a class, in a domain, on a server: the numbers to set things on."""

    def __init__(self, house: House) -> None:
        self.house = house
        account = house.add(A)
        staff = house.add(STAFF, PrincipalKind.CLASS)
        house.write(lambda tx: tx.update_account(A, account_class="staff"))
        domain = house.read(lambda tx: tx.domains())[0]
        assert domain.id is not None and domain.account is not None
        self.public = domain.account
        self.of = {"account": account.id, "class": staff.id, "domain": domain.id, "server": SERVER}

    def put(self, level: str, name: str, value: Value | None) -> None:
        self.house.write(lambda tx: tx.put_setting(name, value, self.of[level]))

    def get(self, name: str, level: str = "account") -> tuple[Value, str, bool]:
        found = self.house.read(lambda tx: tx.setting(name, self.of[level]))
        return found.value, found.origin, found.explicit


@pytest.fixture
def levels(house: House) -> Levels:
    return Levels(house)


def test_the_nearest_level_decides_and_says_where_it_comes_from(levels: Levels) -> None:
    assert levels.get("mailboxSize") == (0, "default", False)
    for value, level in enumerate(("server", "domain", "class", "account"), 1):
        levels.put(level, "mailboxSize", value)
        assert levels.get("mailboxSize") == (value, level, level == "account")
    for value, level, then in ((3, "account", "class"), (2, "class", "domain"), (1, "domain", "server")):
        levels.put(level, "mailboxSize", None)
        assert levels.get("mailboxSize") == (value, then, False)


def test_changing_a_default_moves_exactly_those_that_inherit(levels: Levels) -> None:
    house = levels.house
    other = house.add(B)
    levels.put("account", "mailboxSize", 7)
    levels.put("domain", "mailboxSize", 100)
    assert levels.get("mailboxSize")[0] == 7
    assert house.read(lambda tx: tx.setting("mailboxSize", other.id)).value == 100
    house.write(lambda tx: tx.update_account(A, account_class=None))
    levels.put("account", "mailboxSize", None)
    assert levels.get("mailboxSize") == (100, "domain", False)


@pytest.mark.parametrize("level", ["account", "class", "domain", "server"])
def test_a_switch_that_any_level_turns_off_is_off(levels: Levels, level: str) -> None:
    assert levels.get("imap")[0] is True
    levels.put(level, "imap", False)
    assert levels.get("imap") == (False, level, level == "account")


def test_a_switch_of_the_class_is_a_default_that_the_account_may_leave(levels: Levels) -> None:
    levels.put("class", "imap", False)
    levels.put("account", "imap", True)
    assert levels.get("imap") == (True, "account", True)
    levels.put("domain", "imap", False)
    assert levels.get("imap") == (False, "domain", True)


NUMBERS = st.dictionaries(st.sampled_from(["account", "class", "domain", "server"]), st.integers(0, 9))
BOOLEANS = st.dictionaries(st.sampled_from(["account", "class", "domain", "server"]), st.booleans())
ORDER = ("account", "class", "domain", "server")


@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(numbers=NUMBERS, switches=BOOLEANS, level=st.sampled_from(ORDER))
def test_inheritance_is_as_the_oracle_says(
    levels: Levels, numbers: dict[str, int], switches: dict[str, bool], level: str
) -> None:
    def work(tx: WriteTx) -> None:
        for each in ORDER:
            tx.put_setting("mailboxSize", numbers.get(each), levels.of[each])
            tx.put_setting("pop3", switches.get(each), levels.of[each])

    levels.house.write(work)
    chain = ORDER[ORDER.index(level) :]
    nearest = next((each for each in chain if each in numbers), None)
    value = numbers[nearest] if nearest else 0
    assert levels.get("mailboxSize", level) == (value, nearest or "default", level in numbers)
    own = next((switches[each] for each in chain if each in ("account", "class") and each in switches), True)
    caps = [switches.get(each, True) for each in chain if each in ("domain", "server")]
    assert levels.get("pop3", level)[0] is (own and all(caps))


def test_what_there_is_not_and_where_it_does_not_belong(levels: Levels) -> None:
    with pytest.raises(NotFound, match="`setting list` shows all"):
        levels.get("nonsense")
    with pytest.raises(Refused, match="domain or server"):
        levels.put("account", "catchAll", B)
    with pytest.raises(Refused, match="true nor false"):
        levels.put("account", "imap", 1)
    with pytest.raises(Refused, match="whole number"):
        levels.put("account", "mailboxSize", True)


def test_one_reads_one_s_own_settings_and_changes_none(levels: Levels) -> None:
    who = levels.house.who(A)
    assert {each.name for each in levels.house.read(lambda tx: tx.settings(), who)} == set(SETTINGS)
    for of in (None, levels.of["account"], levels.of["domain"], SERVER):
        with pytest.raises(NoRight):
            levels.house.write(lambda tx, of=of: tx.put_setting("imap", False, of), who)  # type: ignore[misc]
    bob = levels.house.add(B)
    with pytest.raises(NoRight):
        levels.house.read(lambda tx: tx.setting("imap", bob.id), who)


def test_a_postmaster_sets_the_domain_s_and_not_the_server_s(levels: Levels) -> None:
    who = levels.house.who("postmaster@example.test")
    for level in ("account", "class", "domain"):
        of = levels.of[level]
        levels.house.write(lambda tx, of=of: tx.put_setting("mailboxSize", 5, of), who)  # type: ignore[misc]
    with pytest.raises(NoRight):
        levels.house.write(lambda tx: tx.put_setting("mailboxSize", 5, SERVER), who)


def test_a_change_that_was_rolled_back_is_not_remembered(levels: Levels) -> None:
    def work(tx: WriteTx) -> None:
        tx.put_setting("mailboxSize", 5, levels.of["domain"])
        assert tx.setting("mailboxSize", levels.of["account"]).value == 5
        raise Refused("no")

    with pytest.raises(Refused):
        levels.house.write(work)
    assert levels.get("mailboxSize")[0] == 0
    levels.put("server", "mailboxSize", 6)
    assert levels.get("mailboxSize") == (6, "server", False)


def test_a_class_in_use_stays(levels: Levels) -> None:
    with pytest.raises(Refused, match=A):
        levels.house.write(lambda tx: tx.drop_account(f"class:{STAFF}"))
    levels.house.write(lambda tx: tx.update_account(A, account_class=None))
    levels.house.write(lambda tx: tx.drop_account(f"class:{STAFF}"))
    with pytest.raises(NotFound):
        levels.house.write(lambda tx: tx.update_account(A, account_class="staff"))


# --- quotas


def test_no_quota_no_rows(levels: Levels) -> None:
    who = levels.house.who(A)
    assert levels.house.read(lambda tx: tx.quota(tx.folder("INBOX").id), who) == []


def test_the_quotas_of_a_folder_are_its_owner_s_and_its_own(levels: Levels) -> None:
    house, who = levels.house, levels.house.who(A)
    levels.put("class", "mailboxSize", 2048)
    levels.put("domain", "mailboxMessageCount", 10)
    levels.put("server", "mailboxFolderCount", 20)
    house.write(lambda tx: tx.set_folder("Archive", quota_bytes=10240, quota_items=3), who)
    rows = house.read(lambda tx: tx.quota(tx.folder("Archive").id), who)
    assert rows == [
        ("", "STORAGE", 0, 2048),
        ("", "MESSAGE", 0, 10),
        ("", "MAILBOX", 11, 20),
        ("Archive", "STORAGE", 0, 10),
        ("Archive", "MESSAGE", 0, 3),
    ]


def test_the_number_of_folders_is_held(levels: Levels) -> None:
    house, who = levels.house, levels.house.who(A)
    levels.put("account", "mailboxFolderCount", 12)
    house.write(lambda tx: tx.create_folder("One"), who)
    with pytest.raises(OverQuota):
        house.write(lambda tx: tx.create_folder("Two"), who)


def test_a_public_tree_has_only_quotas_of_its_own(levels: Levels) -> None:
    house = levels.house
    levels.put("domain", "mailboxFolderCount", 1)
    house.write(lambda tx: tx.add_folder(levels.public, "One"))
    house.write(lambda tx: tx.add_folder(levels.public, "Two"))
    house.write(lambda tx: tx.put_setting("mailboxFolderCount", 2, levels.public))
    with pytest.raises(OverQuota):
        house.write(lambda tx: tx.add_folder(levels.public, "Three"))


# --- secrets


def kinds(house: House) -> list[tuple[str, str]]:
    return sorted((each.kind, each.label) for each in house.read(lambda tx: tx.credentials(A))[1])


def test_another_password_takes_the_keys_of_the_former_along(house: House) -> None:
    secrets = {"scram-sha-1": "k1", "password": "p1", "scram-sha-256": "k2"}
    made = house.write(lambda tx: tx.put_account(NewAccount(A, credentials=secrets)))
    assert [kind for kind, _ in kinds(house)] == ["password", "scram-sha-1", "scram-sha-256"]
    house.write(lambda tx: tx.put_credential(A, "app", "a", "phone"))
    house.write(lambda tx: tx.put_credential(A, "password", "p2"))
    assert kinds(house) == [("app", "phone"), ("password", "")]
    assert house.read(lambda tx: tx.account(A)).version > made.version


def test_app_passwords_add_up_and_go_one_by_one(house: House) -> None:
    house.add(A)
    number = house.write(lambda tx: tx.put_credential(A, "app", "a", "phone"))
    house.write(lambda tx: tx.put_credential(A, "app-scram-sha-256", "k", "phone"))
    house.write(lambda tx: tx.put_credential(A, "app", "b", "tablet"))
    with pytest.raises(Refused, match="no kind of secret"):
        house.write(lambda tx: tx.put_credential(A, "pin", "1"))
    house.write(lambda tx: tx.drop_credential(A, number))
    assert kinds(house) == [("app", "tablet")]
    with pytest.raises(NotFound):
        house.write(lambda tx: tx.drop_credential(A, number))


def test_a_secret_does_not_show_in_what_is_printed(house: House) -> None:
    house.add(A)
    house.write(lambda tx: tx.put_credential(A, "password", "geheim"))
    assert "geheim" not in repr(house.read(lambda tx: tx.credentials(A)))


def test_nobody_signs_in_to_a_group(house: House) -> None:
    house.add("sales@example.test", PrincipalKind.GROUP)
    with pytest.raises(Refused, match="no secrets"):
        house.write(lambda tx: tx.put_credential("sales@example.test", "password", "x"))

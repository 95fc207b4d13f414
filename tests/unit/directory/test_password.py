"""Hashes, SCRAM keys, app passwords, the policy and the memory of checked passwords."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groupware.directory import password
from groupware.directory.password import BadPassword, Policy, UnknownScheme, VerifiedPasswords

FAST = 4096


def ssha(algorithm: str, scheme: str, typed: str, salt: bytes = b"salt") -> str:
    digest = hashlib.new(algorithm, typed.encode() + salt).digest()
    return f"{{{scheme}}}{base64.b64encode(digest + salt).decode()}"


@pytest.fixture(scope="module")
def sealed() -> password.Sealed:
    return password.seal("correct horse")


class TestHash:
    def test_the_right_password_passes_and_another_does_not(self, sealed: password.Sealed) -> None:
        assert password.verify(sealed.hash, "correct horse")
        assert not password.verify(sealed.hash, "correct horsf")

    def test_it_is_argon2id_with_the_owasp_parameters(self, sealed: password.Sealed) -> None:
        assert sealed.hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")

    def test_a_fresh_hash_needs_no_rehash_but_a_weaker_one_does(self, sealed: password.Sealed) -> None:
        assert not password.needs_rehash(sealed.hash)
        assert password.needs_rehash(sealed.hash.replace("m=19456,t=2", "m=8192,t=1"))

    def test_composed_and_decomposed_umlauts_are_one_password(self) -> None:
        stored = password.seal("gr\u00fcner tee").hash
        assert password.verify(stored, "gru\u0308ner tee")

    @pytest.mark.parametrize(
        ("algorithm", "scheme"), [("sha1", "SSHA"), ("sha256", "SSHA256"), ("sha512", "ssha512"), ("sha1", "SHA")]
    )
    def test_imported_hashes_are_checked_and_marked_for_rehash(self, algorithm: str, scheme: str) -> None:
        stored = ssha(algorithm, scheme, "geheim!", b"" if scheme == "SHA" else b"0123")
        assert password.verify(stored, "geheim!")
        assert not password.verify(stored, "geheim?")
        assert password.needs_rehash(stored)

    def test_an_imported_clear_text_is_checked(self) -> None:
        assert password.verify("{PLAIN}geheim", "geheim")
        assert not password.verify("{PLAIN}geheim", "Geheim")

    @pytest.mark.parametrize(
        "stored", ["", "geheim", "{CRYPT}$6$x$y", "{SSHA}", "{SSHA}***", "{SHA256}AAAA", "$argon2id$v=19$broken"]
    )
    def test_what_cannot_be_checked_is_said_and_never_accepted(self, stored: str) -> None:
        with pytest.raises(UnknownScheme, match="set"):
            password.verify(stored, "geheim")

    def test_an_overlong_or_empty_password_is_wrong_without_work(self, sealed: password.Sealed) -> None:
        assert not password.verify(sealed.hash, "x" * 1025)
        assert not password.verify(sealed.hash, "")
        with pytest.raises(BadPassword, match="1024"):
            password.seal("x" * 1025)

    def test_nobody_has_no_password(self) -> None:
        assert password.verify_nobody("anything") is False

    def test_nothing_stored_shows_in_repr(self, sealed: password.Sealed) -> None:
        shown = repr(sealed) + repr(password.read_keys(sealed.scram_sha256))
        assert "$argon2" not in shown
        assert sealed.scram_sha256.split("$")[2].split(":")[0] not in shown


class TestSaslprep:
    @pytest.mark.parametrize(
        ("text", "prepared"),
        [("I\u00adX", "IX"), ("user", "user"), ("USER", "USER"), ("\u00aa", "a"), ("\u2168", "IX")],
    )
    def test_examples_of_rfc_4013(self, text: str, prepared: str) -> None:
        assert password.saslprep(text) == prepared

    @pytest.mark.parametrize("text", ["\u0007", "\u06271", "a\nb", "\ue000"])
    def test_prohibited_text_is_refused(self, text: str) -> None:
        with pytest.raises(BadPassword):
            password.saslprep(text)

    def test_no_break_space_is_a_space(self) -> None:
        assert password.saslprep("a\u00a0b") == "a b"

    def test_newer_characters_pass_unless_asked_otherwise(self) -> None:
        assert password.saslprep("\U0001f98a") == "\U0001f98a"
        with pytest.raises(BadPassword):
            password.saslprep("\U0001f98a", unassigned=False)

    @given(st.text(max_size=30))
    @settings(max_examples=150)
    def test_it_is_done_once_or_refused(self, text: str) -> None:
        try:
            once = password.saslprep(text, unassigned=False)
        except BadPassword:
            return
        assert password.saslprep(once, unassigned=False) == once


class TestScramKeys:
    def test_rfc_5802_user_pencil_gives_the_known_server_signature(self) -> None:
        keys = password.derive("pencil", "sha1", base64.b64decode("QSXCR+Q6sek8bf92"), FAST)
        assert keys.pairs[0].stored_key.hex() == "e9d94660c39d65c38fbad91c358f14da0eef2bd6"
        assert keys.pairs[0].server_key.hex() == "0fe09258b3ac852ba502cc62ba903eaacdbf7d31"

    @pytest.mark.parametrize("digest", ["sha1", "sha256"])
    def test_the_stored_form_is_read_back(self, digest: password.Digest) -> None:
        keys = password.derive("pencil", digest, iterations=FAST)
        assert password.read_keys(keys.text()) == keys
        assert keys.text().startswith({"sha1": "SCRAM-SHA-1$4096:", "sha256": "SCRAM-SHA-256$4096:"}[digest])

    @pytest.mark.parametrize("text", ["", "SCRAM-MD5$1:a$b:c", "SCRAM-SHA-1$x", "SCRAM-SHA-256$4096:!!$a:b"])
    def test_a_damaged_form_is_said(self, text: str) -> None:
        with pytest.raises(UnknownScheme):
            password.read_keys(text)

    def test_app_passwords_with_the_accounts_salt_join_its_keys_and_others_stay_out(self) -> None:
        main = password.derive("main", "sha256", b"s" * 16, FAST)
        app = password.derive("app", "sha256", b"s" * 16, FAST)
        other = password.derive("other", "sha256", b"t" * 16, FAST)
        joined = password.together([main, app, other])
        assert joined is not None
        assert joined.pairs == main.pairs + app.pairs
        assert password.together([]) is None

    def test_sealed_keys_match_what_derive_gives(self, sealed: password.Sealed) -> None:
        keys = password.read_keys(sealed.scram_sha1)
        assert keys == password.derive("correct horse", "sha1", keys.salt)
        assert keys.iterations == password.ITERATIONS <= 65_536


class TestAppPasswords:
    def test_four_groups_of_four_without_lookalikes(self) -> None:
        made = {password.new_app_password() for _ in range(50)}
        assert len(made) == 50
        for one in made:
            assert [len(group) for group in one.split("-")] == [4, 4, 4, 4]
            assert not set(one) & set("lo01")

    def test_it_passes_however_it_is_typed_and_another_does_not(self) -> None:
        stored = password.app_hash("abcd-efgh-ijkm-npqr")
        assert password.verify(stored, "ABCD efgh ijkmnpqr")
        assert not password.verify(stored, "abcd-efgh-ijkm-npqs")
        assert not password.needs_rehash(stored)
        assert stored == password.app_hash("abcdefghijkmnpqr")


class TestPolicy:
    def test_a_good_password_has_no_problems(self) -> None:
        assert password.problems("tee und kekse", "anna@example.org") == ()

    @pytest.mark.parametrize(
        ("typed", "word"),
        [
            ("short", "at least 8"),
            ("ANNA@example.org", "address"),
            ("", "empty"),
            ("x" * 1025, "1024"),
            ("bell\u0007bell\u0007", "control"),
        ],
    )
    def test_each_problem_is_named(self, typed: str, word: str) -> None:
        found = password.problems(typed, "anna@example.org")
        assert len(found) == 1
        assert word in found[0]

    def test_the_local_part_alone_is_refused(self) -> None:
        assert password.problems("annabella", "annabella@example.org")

    def test_required_kinds_of_characters(self) -> None:
        digits = Policy(require="lettersAndNumbers")
        special = Policy(require="lettersAndNumbersAndSpecial")
        assert password.problems("onlyletters", "a@b.c", digits)
        assert not password.problems("letters123", "a@b.c", digits)
        assert password.problems("letters123", "a@b.c", special)
        assert not password.problems("letters-123", "a@b.c", special)


class TestVerifiedPasswords:
    def test_a_remembered_login_is_known_until_it_expires(self) -> None:
        now = [0.0]
        memory = VerifiedPasswords(seconds=300, clock=lambda: now[0])
        memory.remember(1, 7, "pw")
        now[0] = 299.0
        assert (1, 7, "pw") in memory
        now[0] = 300.0
        assert (1, 7, "pw") not in memory

    def test_another_password_version_or_account_misses(self) -> None:
        memory = VerifiedPasswords()
        memory.remember(1, 7, "pw")
        assert (1, 7, "pw2") not in memory
        assert (1, 8, "pw") not in memory
        assert (2, 7, "pw") not in memory
        assert (17, 0, "pw") not in memory

    def test_forget_drops_one_account_alone(self) -> None:
        memory = VerifiedPasswords()
        memory.remember(1, 1, "a")
        memory.remember(2, 1, "a")
        memory.forget(1)
        assert (1, 1, "a") not in memory
        assert (2, 1, "a") in memory

    def test_it_is_bounded_and_drops_the_oldest(self) -> None:
        memory = VerifiedPasswords(size=3)
        for account in range(5):
            memory.remember(account, 1, "pw")
        assert len(memory) == 3
        assert (0, 1, "pw") not in memory
        assert (4, 1, "pw") in memory

    def test_no_password_is_kept_in_it(self) -> None:
        memory = VerifiedPasswords()
        memory.remember(1, 1, "very secret words")
        assert all(b"very secret words" not in digest for digest in memory._entries)

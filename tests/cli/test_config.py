"""`postroom config check`."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Postroom


def test_a_wrong_file_and_a_wrong_template_are_told_together(postroom: Postroom, data: Path) -> None:
    (data / "postroom.toml").write_text("[server]\nnod = 1\n[queue]\nmax_retry_count = 0\n")
    (data / "templates").mkdir()
    (data / "templates" / "nothing.xx.txt").write_text("x")
    said = postroom("config", "check")
    assert said.status == 1
    first, second, third = said.err.splitlines()
    assert first.startswith("postroom: postroom.toml:2: server.nod: unknown key")
    assert second.startswith("postroom: postroom.toml:4: queue.max_retry_count: ")
    assert "nothing.xx.txt: the name is not NAME.LANGUAGE.txt" in third
    assert [each["problem"] for each in postroom("config", "check", "--json").json] == [
        each.removeprefix("postroom: ") for each in (first, second, third)
    ]


def test_a_good_one_is_said_to_be_good(postroom: Postroom, data: Path) -> None:
    (data / "postroom.toml").write_text("[server]\nworkers = 2\n")
    assert postroom("config", "check").out.endswith("postroom.toml: good\n")
    assert postroom("config", "check", "--json").json == []


def test_files_of_certificates_are_looked_at(postroom: Postroom, data: Path) -> None:
    (data / "postroom.toml").write_text(
        '[tls]\ncipher_suite = "NONSENSE"\n[[tls.certificate]]\ncert_file = "no.crt"\nkey_file = "no.key"\n'
        '[[listener]]\nname = "imaps"\n[listener.tls]\ncertificate = [{cert_file = "postroom.toml"}]\n'
    )
    said = postroom("config", "check")
    assert said.status == 1
    suite, missing, nonsense = said.err.splitlines()
    assert suite.startswith("postroom: postroom.toml:2: tls.cipher_suite: ")
    assert missing.startswith("postroom: postroom.toml:4: tls.certificate.1.cert_file: ")
    assert missing.endswith("no.key: No such file or directory")
    assert nonsense.startswith("postroom: postroom.toml:9: listener.1.tls.certificate.1.cert_file: ")


def test_the_file_of_a_log_rule_is_plain(postroom: Postroom, data: Path) -> None:
    (data / "postroom.toml").write_text('[[log.rule]]\npriority = 1\nfile_name = "../mail.txt"\n')
    said = postroom("config", "check")
    assert said.err.startswith("postroom: postroom.toml:3: log.rule.1.file_name: '../mail.txt' is no plain file name")

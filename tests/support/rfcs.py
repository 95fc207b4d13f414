"""The page docs/rfcs.md: every registered capability of IMAP, whether it is announced, and what proves it.

    python -m tests.support.rfcs        writes the page; tests/protocol/imap/test_rfcs.py fails while it is not current

Announced is what a server says on the wire, before and after signing in, with and without TLS. A capability is proved
by the transcripts and test modules that name its RFC, and by those that the list names.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.imapstand import Answer, stand
from tests.support.openid import provider, section

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "rfcs.md"
LIST = Path(__file__).with_name("imap_capabilities.toml")
LIMITED = "[imap]\nmessage_limit = 1000\n"
"""What has to be set for a capability to be announced at all."""
_HEAD = """# IMAP: what is there

Made by `python -m tests.support.rfcs` from what a server announces; do not edit it. Yes: announced and proved by the
tests named. Partial: announced, with what is missing. No: not announced.

| Capability | RFC | | Proof, or why not |
|---|---|---|---|
"""


@dataclass(frozen=True)
class Capability:
    """One row of the registry."""

    name: str
    rfc: int
    proof: Sequence[str] = ()
    partial: str = ""
    when: str = ""
    why: str = ""

    def announced_by(self, words: Iterable[str]) -> bool:
        """Whether a server says it: by this name, or with a value where one may follow."""
        more = self.name.rstrip("=")
        with_value = "=" not in self.name.rstrip("=")
        return any(word == self.name or (with_value and word.partition("=")[0] == more) for word in words)


def registry() -> Sequence[Capability]:
    """The registered capabilities, by name."""
    return [Capability(**row) for row in tomllib.loads(LIST.read_text())["capability"]]


def announced() -> frozenset[str]:
    """Every capability that a server says in one state or another."""
    return asyncio.run(_announced())


async def _announced() -> frozenset[str]:
    found: set[str] = set()
    with provider() as house, TemporaryDirectory(prefix="postroom-rfcs-") as folder:
        for number, plain_login in enumerate((False, True)):
            place = Path(folder) / str(number)
            place.mkdir()
            async with (
                stand(place, config=section(house) + LIMITED, tls=_context, plain_login=plain_login) as there,
                there.client() as stranger,
            ):
                found.update(_words(await stranger.ask("CAPABILITY")))
                if plain_login:
                    async with there.client("alice") as alice:
                        found.update(_words(await alice.ask("CAPABILITY")))
    return frozenset(found)


def _context() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)


def _words(answer: Answer) -> Sequence[str]:
    (line,) = answer.of(b"CAPABILITY")
    return line.decode().split()[2:]


def proofs(capabilities: Sequence[Capability]) -> Mapping[str, Sequence[str]]:
    """For each capability the tests that name its RFC (and itself, where several share the RFC), and those listed."""
    texts = {path.relative_to(ROOT).as_posix(): text for path, text in _tests()}
    shared = {each.rfc for each in capabilities if sum(other.rfc == each.rfc for other in capabilities) > 1}
    found = {}
    for each in capabilities:
        names = re.compile(rf"RFC {each.rfc}\b")
        itself = re.compile(rf"(?<!\w){re.escape(each.name.rstrip('=').rpartition('=')[2])}(?!\w)")
        told = [path for path, text in texts.items() if names.search(text)]
        if each.rfc in shared:
            told = [path for path in told if itself.search(texts[path])]
        found[each.name] = sorted({*told, *each.proof})
    return found


def _tests() -> Iterable[tuple[Path, str]]:
    """Transcripts and test modules, these with their first lines alone: what they are about stands there."""
    for path in sorted((ROOT / "tests" / "transcripts").glob("*.imap")):
        yield path, path.read_text()
    for path in sorted((ROOT / "tests" / "protocol" / "imap").glob("test_*.py")):
        yield path, path.read_text().partition("from __future__")[0]


def missing(proof: str) -> bool:
    """Whether there is no such file, or no such test in it."""
    path, _, test = proof.partition("::")
    file = ROOT / path
    return not file.is_file() or (bool(test) and f"def {test}(" not in file.read_text())


def page(capabilities: Sequence[Capability], words: Iterable[str]) -> str:
    """The page."""
    proved = proofs(capabilities)
    rows = []
    for each in capabilities:
        if not each.announced_by(words):
            answer, told = "No", each.why
        else:
            answer = "Partial" if each.partial else "Yes"
            told = "; ".join(filter(None, (each.partial, each.when, ", ".join(map(_link, proved[each.name])))))
        rows.append(
            f"| `{each.name}` | [{each.rfc}](https://www.rfc-editor.org/rfc/rfc{each.rfc}) | {answer} | {told} |"
        )
    return _HEAD + "\n".join(rows) + "\n"


def _link(proof: str) -> str:
    path, _, test = proof.partition("::")
    name = test or Path(path).name
    return f"[{name}](../{path})"


if __name__ == "__main__":
    PAGE.write_text(page(registry(), announced()))

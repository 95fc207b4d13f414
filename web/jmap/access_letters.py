"""The letter to whoever is asked for access: what is asked for, and where it is granted with one click. Decision 338.

It is in the language that the account is written to in; an administrator's `access-request.LANGUAGE.txt` goes before
the words here, which there are in the languages of the webmail.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from groupware.mime.headers import clean
from mailcore.queue.letters import Letter
from mailcore.queue.texts import OwnLetter, Texts

NAME: Final = "access-request"
PAGE: Final = "/mail/settings/sharing"
LONGEST_SUBJECT: Final = 200


@dataclass(frozen=True, slots=True)
class Words:
    """A language of this letter."""

    letter: OwnLetter
    whole: str
    """What an empty path is called."""
    levels: Mapping[str, str]


_WORDS: Final[Mapping[str, Words]] = {
    "en": Words(
        OwnLetter(
            "$name asks for access to $what",
            "$name ($sender) asks you for access to $what: $level.\n$said\n"
            "Nothing is open to them until you say so. Grant or refuse it with one click:\n\n    $link\n\n"
            "In the webmail it can be answered above this message as well. An answer to this message goes to $sender.",
        ),
        "your whole mailbox",
        {
            "freebusy": "to see when you are busy",
            "titles": "to see titles and times",
            "viewer": "to read",
            "contributor": "to read and add",
            "author": "to add, and change what they have added",
            "editor": "to change and delete",
        },
    ),
    "de": Words(
        OwnLetter(
            "$name bittet um Zugriff auf $what",
            "$name ($sender) bittet um Zugriff auf $what: $level.\n$said\n"
            "Bis Sie zustimmen, ist nichts freigegeben. Mit einem Klick gewähren oder ablehnen:\n\n    $link\n\n"
            "Im Webmail geht das auch oberhalb dieser Nachricht. Eine Antwort auf diese Nachricht geht an $sender.",
        ),
        "Ihr ganzes Postfach",
        {
            "freebusy": "sehen, wann Sie belegt sind",
            "titles": "Titel und Zeiten sehen",
            "viewer": "lesen",
            "contributor": "lesen und hinzufügen",
            "author": "hinzufügen und Eigenes ändern",
            "editor": "ändern und löschen",
        },
    ),
}


@dataclass(frozen=True, slots=True)
class Asking:
    """A request as it was made."""

    to: str
    sender: str
    name: str
    """What people call the sender; "": by the address."""
    path: str
    level: str
    text: str


@dataclass(frozen=True, slots=True)
class AccessLetters:
    """Writes these letters."""

    texts: Callable[[], Texts]
    web_url: str
    """Where people reach the webmail, without a slash behind it."""

    def written(self, asking: Asking, language: str) -> Letter:
        """What the owner is told. `language`: a tag as de-AT, or ""."""
        words = _WORDS.get(language.lower().partition("-")[0], _WORDS["en"])
        said = "".join(f"> {line}\n" for line in asking.text.splitlines())
        facts = {
            "address": asking.to,
            "sender": asking.sender,
            "name": clean(asking.name) or asking.sender,
            "what": clean(asking.path) or words.whole,
            "level": words.levels.get(asking.level, asking.level),
            "said": f"\n{said}" if said else "",
            "link": self.web_url + PAGE,
        }
        subject, text = (self.texts().letter(NAME, language) or words.letter).filled(facts)
        return Letter(asking.to, subject[:LONGEST_SUBJECT], text.split("\n"), reply_to=asking.sender, kind=NAME)

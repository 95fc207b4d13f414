"""The configuration's tables for scanners: programs beside the server that look for spam and viruses."""

from typing import Literal

from mailcore.server.declare import Section, key


class ScannerSection(Section):
    """A scanner that mail passes before the rules of its recipients, or before it leaves."""

    name: str = key("What log and header fields call it", example="rspamd", min_length=1, max_length=64)
    kind: Literal["rspamd", "spamd", "clamd", "milter"] = key("What it speaks", example="rspamd")
    address: str = key(
        "Where it is: the URL of an rspamd; host:port or the path of a socket for the others",
        example="http://127.0.0.1:11333",
        min_length=1,
        max_length=1024,
    )
    teacher: str = key("URL where an rspamd learns what people move into and out of Junk; empty: nowhere", "")
    password: str = key("Password of an rspamd's controller", "", repr=False)
    learns: bool = key("A spamd learns what people move into and out of Junk (it needs --allow-tell)", False)
    enable: bool = key("Whether it is asked", True)
    submitted: bool = key("It is asked about mail of people who have signed in as well", True)
    relayed: bool = key("It is asked about mail that goes to other servers as well", True)
    timeout: int = key("Seconds it has for one message", 30, ge=1, le=600)
    largest: int = key("KB of the largest message it is asked about; what is larger passes", 10240, ge=1, le=2_097_151)
    fails: Literal["open", "later"] = key(
        "When it does not answer: open, the message goes on without it; later, it waits and is tried again", "open"
    )
    junk_score: float = key("Score from which on a message goes to Junk; 0: where the scanner says", 0.0, ge=0, le=1000)
    quarantine_score: float = key(
        "Score from which on it is held back (postroom quarantine); 0: none is", 0.0, ge=0, le=1000
    )
    reject_score: float = key("Score from which on it is refused; 0: none is", 0.0, ge=0, le=1000)
    obey: bool = key(
        "What the scanner would refuse is refused, what it would put off is put off, what it would set apart is held"
        " back, what it would discard goes to Junk",
        True,
    )
    virus: Literal["reject", "quarantine", "junk", "discard", "mark"] = key(
        "What becomes of a message with a virus", "reject"
    )

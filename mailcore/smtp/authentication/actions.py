"""What verdicts cause: taken, to Junk, held back, refused, or put off. Replies by RFC 7372, RFC 7505."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from mailcore.server.sections_authentication import AuthenticationSection
from mailcore.smtp.authentication.verdicts import Action, Verdicts
from mailcore.smtp.reply import Reply

_RANK: Final[Mapping[Action, int]] = {"accept": 0, "junk": 1, "quarantine": 2, "defer": 3, "reject": 4}


@dataclass(frozen=True, slots=True)
class Caused:
    """What one verdict causes."""

    action: Action
    why: str
    """In a word: `dmarc`, `spf`, ..."""
    reply: Reply
    """What is said where the message is refused or put off."""

    @property
    def junk(self) -> str:
        """Why the message goes to Junk; "" when it does not."""
        return self.why if self.action == "junk" else ""

    @property
    def held(self) -> str:
        """Why the message is held back; "" when it is not."""
        return f"{self.why}: {self.reply.text}" if self.action == "quarantine" else ""

    @property
    def refusal(self) -> Reply | None:
        """What the client is told instead of taking the message."""
        return self.reply if self.action in ("reject", "defer") else None


NOTHING: Final = Caused("accept", "", Reply(250, "2.0.0", "Ok"))


def caused(found: Verdicts, section: AuthenticationSection) -> Caused:
    """The hardest of what the verdicts cause; of equals the first."""
    return max((*_all(found, section), NOTHING), key=lambda one: _RANK[one.action])


def _all(found: Verdicts, section: AuthenticationSection) -> Iterator[Caused]:
    yield from _dmarc(found, section)
    yield from _spf(found, section)
    domain = found.sender_domain
    if domain is not None and domain.result == "fail":
        status = "5.7.27" if "takes no mail" in domain.why else "5.1.8"
        text = f"<{found.sender}>: {domain.why}, so no answer could reach the sender."
        yield _judged(section.no_sender_domain, "sender-domain", status, text)
    elif domain is not None and domain.result == "temperror":
        yield _put_off(section, "sender-domain", "4.4.3", f"{domain.domain} could not be looked up in DNS just now.")
    if found.iprev is not None and found.iprev.result in ("fail", "permerror"):
        text = f"The address {found.peer} has no name in DNS that leads back to it (PTR and A or AAAA)."
        yield _judged(section.no_reverse_name, "iprev", "5.7.25", text)
    yield from _dkim(found, section)


def _dmarc(found: Verdicts, section: AuthenticationSection) -> Iterator[Caused]:
    one = found.dmarc
    if one is None:
        return
    if one.result == "fail" and one.disposition != "none":
        action = section.dmarc_reject if one.disposition == "reject" else section.dmarc_quarantine
        text = (
            f"{one.domain} wants mail in its name refused that is neither signed by it (DKIM) nor sent from its servers"
            f" (SPF): DMARC policy {one.policy} of {one.published}."
        )
        yield _judged(action, "dmarc", "5.7.26", text)
    elif one.result == "permerror":
        text = f"Nobody can say who vouches for the message, for {one.why} in From."
        yield _judged(section.dmarc_permerror, "dmarc", "5.7.1", text)
    elif one.result == "temperror":
        yield _put_off(section, "dmarc", "4.4.3", f"The DMARC policy of {one.domain or 'the author'} is not to be had.")


def _spf(found: Verdicts, section: AuthenticationSection) -> Iterator[Caused]:
    one = found.spf
    if one is None:
        return
    actions: Mapping[str, Action] = {
        "fail": section.spf_fail,
        "softfail": section.spf_softfail,
        "permerror": section.spf_permerror,
    }
    if one.result in ("fail", "softfail"):
        said = f" {one.domain} says: {one.explanation}" if one.explanation else ""
        text = f"{found.peer} may not send mail for {one.domain}, says its SPF record ({one.why}).{said}"
        yield _judged(actions[one.result], "spf", "5.7.23", text)
    elif one.result == "permerror":
        yield _judged(section.spf_permerror, "spf", "5.7.24", f"The SPF record of {one.domain} is wrong: {one.why}.")
    elif one.result == "temperror":
        yield _put_off(section, "spf", "4.7.24", f"The SPF record of {one.domain} could not be looked up just now.")


def _dkim(found: Verdicts, section: AuthenticationSection) -> Iterator[Caused]:
    if not found.dkim or any(each.result == "pass" for each in found.dkim):
        return
    bad = next((each for each in found.dkim if each.result in ("fail", "permerror", "policy")), None)
    if bad is not None:
        text = f"No DKIM signature of the message is good; that of {bad.domain or 'nobody'}: {bad.why}."
        yield _judged(section.dkim_fail, "dkim", "5.7.20", text)
    elif any(each.result == "temperror" for each in found.dkim):
        yield _put_off(section, "dkim", "4.4.3", "The key of a DKIM signature could not be looked up just now.")


def _judged(action: Action, why: str, status: str, text: str) -> Caused:
    if action == "defer":
        return Caused(action, why, Reply(451, "4" + status[1:], text))
    return Caused(action, why, Reply(550, status, text))


def _put_off(section: AuthenticationSection, why: str, status: str, text: str) -> Caused:
    return Caused(section.temperror, why, Reply(451, status, f"{text} Try again later."))

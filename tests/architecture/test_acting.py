"""Who acts as the server itself, and not as somebody: no module that is not known to, and why it does."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
ITSELF = {"OPERATOR", "DELIVERY"}
SIGN_IN = "finds out who somebody is, or keeps what proves it: there is nobody yet, or it is the server's to keep"
STRANGER = "looks up what concerns somebody who has not signed in, and tells no more than that"
POST = "mail on its way: the queue, its rules and reports are the server's, and folders are opened for `p`"
UPKEEP = "what the server does by itself for everything that is stored"
ADMINISTRATOR = "the command line on the server's machine"
NUMBER = "names the server's own settings or tree by its number, and asks nothing as the operator"
ACTING = {
    "connectors/autodiscover/asked": STRANGER,
    "connectors/dav/busy_url": STRANGER,
    "connectors/dav/feeds": STRANGER,
    "connectors/scanners/teaching": UPKEEP,
    "groupware/calendar/mailed": POST,
    "groupware/calendar/returned": POST,
    "groupware/directory/factors": SIGN_IN,
    "groupware/directory/sql": SIGN_IN,
    "groupware/store/check": ADMINISTRATOR,
    "groupware/store/quarantine": ADMINISTRATOR,
    "groupware/store/upkeep": UPKEEP,
    "groupware/store/waking": UPKEEP,
    "mailcore/cli/folders": NUMBER,
    "mailcore/cli/salvage": ADMINISTRATOR,
    "mailcore/cli/setting": NUMBER,
    "mailcore/cli/site": ADMINISTRATOR,
    "mailcore/imap/entries": NUMBER,
    "mailcore/lists/desk": POST,
    "mailcore/push/worker": "whom to tell that something has changed; what there is to tell is read as that account",
    "mailcore/queue/fullness": POST,
    "mailcore/queue/giveup": POST,
    "mailcore/queue/holding": POST,
    "mailcore/queue/intake": POST,
    "mailcore/queue/quarantine": POST,
    "mailcore/queue/recovering": POST,
    "mailcore/queue/scheduler": POST,
    "mailcore/queue/settlement": POST,
    "mailcore/rpop/fetch": POST,
    "mailcore/server/tokens": SIGN_IN,
    "mailcore/server/usage": UPKEEP,
    "mailcore/sieve/changes/worker": "which scripts wait; what they do is done as who owns the script",
    "mailcore/sieve/delivery/around": POST,
    "mailcore/sieve/delivery/filter": POST,
    "mailcore/smtp/confirmation": POST,
    "mailcore/smtp/correspondents": POST,
    "mailcore/smtp/dmarc_reports": POST,
    "mailcore/smtp/envelope": POST,
    "mailcore/smtp/footers": POST,
    "mailcore/smtp/policy/book": POST,
    "mailcore/smtp/policy/builtin": POST,
    "mailcore/smtp/policy/quota": POST,
    "mailcore/smtp/policy/sendquota": POST,
    "mailcore/smtp/refusals": POST,
    "mailcore/smtp/signing": POST,
    "mailcore/smtp/sts": POST,
    "mailcore/smtp/tally": POST,
    "mailcore/smtp/tlsrpt": POST,
    "mailcore/subscriptions/fetch": UPKEEP,
    "web/jmap/access_requests": "in which language somebody is written to, whom one asks for access",
    "web/lists": STRANGER,
    "web/oauth/exchange": SIGN_IN,
    "web/signin/app": SIGN_IN,
    "web/signin/factors": SIGN_IN,
    "web/signin/sessions": SIGN_IN,
}
"""The modules that ask the store as the server itself, and why that is right."""


def uses(path: Path) -> bool:
    """Whether a module takes one of the server's own principals to hand."""
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module == "groupware.model.principal"
        and ITSELF & {each.name for each in node.names}
        for node in ast.walk(ast.parse(path.read_text()))
    )


def test_what_asks_as_the_server_itself_is_known() -> None:
    rooms = ("groupware", "mailcore", "connectors", "web")
    found = {
        path.relative_to(ROOT).with_suffix("").as_posix()
        for room in rooms
        for path in (ROOT / room).rglob("*.py")
        if "node_modules" not in path.parts and uses(path)
    }
    assert found == ACTING.keys()

"""The first line that a client hears."""

from __future__ import annotations

from mailcore.smtp.reply import Reply
from mailcore.smtp.state import LMTP, State


def greeting(state: State) -> bytes:
    """The first line."""
    shared = state.shared
    text = (
        str(state.limit("smtpGreeting", shared.section.greetings_text))
        .replace("%D", shared.host)
        .replace("%U", f"<{state.connection.session_id}@{shared.host}>")
    )
    protocol = "LMTP" if state.role == LMTP else "ESMTP"
    return Reply(220, "", text or f"{shared.host} {protocol} Postroom").octets

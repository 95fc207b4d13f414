"""How much of the server one owner of folders uses."""

from __future__ import annotations

from dataclasses import dataclass

from .principal import PrincipalKind


@dataclass(frozen=True, slots=True)
class Usage:
    """An account, list or resource, or the hidden owner of a domain's public tree."""

    name: str
    """Its address."""
    kind: PrincipalKind
    domain: str
    octets: int
    items: int
    most_octets: int = 0
    """What its tree may hold; 0: there is no limit."""
    most_items: int = 0
    sessions: int = 0
    """Browsers that it is signed in with."""

    @property
    def over(self) -> bool:
        """Whether there is more in its tree than may be."""
        return 0 < self.most_octets < self.octets or 0 < self.most_items < self.items

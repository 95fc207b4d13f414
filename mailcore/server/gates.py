"""The gates of all listeners, with the counts that they share."""

from mailcore.server.clock import Clock
from mailcore.server.config import Config, guess_limits, service_policy
from mailcore.server.defaults import LOGIN_FREE
from mailcore.server.gate import LOCAL, Policy, RuleGate, Tallies, Turnstile
from mailcore.server.guesses import Guesses, Tell
from mailcore.server.listener import Listener


class Gates:
    """Makes a listener's gate; counts stay when the configuration changes."""

    __slots__ = ("_clock", "_listeners", "_services", "_tallies", "guesses")

    def __init__(self, config: Config, clock: Clock, tallies: Tallies = LOCAL, tell: Tell | None = None) -> None:
        """`tallies`: where is counted. `tell` hears of failed logins, for the server's other processes."""
        self._clock, self._tallies = clock, tallies
        self.guesses = Guesses(guess_limits(config.guessing), clock, tell)
        self._listeners: dict[str, Turnstile] = {}
        self._services: dict[str, Turnstile] = {}
        self.adopt(config)

    def adopt(self, config: Config) -> None:
        """Go on under another configuration's rules and limits; who is connected stays counted."""
        self.guesses.adopt(guess_limits(config.guessing))
        for name, section in config.services.items():
            self._adopt(self._services, "service", name, service_policy(section))
        for listener in config.listeners:
            self._adopt(self._listeners, "listener", listener.name, listener.policy)

    def gate(self, listener: Listener) -> RuleGate:
        """The gate of a listener of the configuration."""
        here, above = self._listeners[listener.name], self._services[listener.service]
        return RuleGate(here, above, self.guesses, self._clock, login_only=listener.role not in LOGIN_FREE)

    def _adopt(self, turnstiles: dict[str, Turnstile], level: str, name: str, policy: Policy) -> None:
        if name in turnstiles:
            turnstiles[name].adopt(policy)
        else:
            turnstiles[name] = Turnstile(policy, f"{level} {name}", self._tallies)

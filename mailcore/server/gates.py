"""The gates of all listeners, with the counts that they share."""

from mailcore.server.clock import Clock
from mailcore.server.config import Config, guess_limits, service_policy
from mailcore.server.defaults import LOGIN_FREE
from mailcore.server.gate import Policy, RuleGate, Turnstile
from mailcore.server.guesses import Guesses
from mailcore.server.listener import Listener


class Gates:
    """Makes a listener's gate; counts stay when the configuration changes."""

    __slots__ = ("_clock", "_guesses", "_listeners", "_services")

    def __init__(self, config: Config, clock: Clock) -> None:
        self._clock = clock
        self._guesses = Guesses(guess_limits(config.guessing), clock)
        self._listeners: dict[str, Turnstile] = {}
        self._services: dict[str, Turnstile] = {}
        self.adopt(config)

    def adopt(self, config: Config) -> None:
        """Go on under another configuration's rules and limits; who is connected stays counted."""
        self._guesses.adopt(guess_limits(config.guessing))
        for name, section in config.services.items():
            _adopt(self._services, name, service_policy(section))
        for listener in config.listeners:
            _adopt(self._listeners, listener.name, listener.policy)

    def gate(self, listener: Listener) -> RuleGate:
        """The gate of a listener of the configuration."""
        here, above = self._listeners[listener.name], self._services[listener.service]
        return RuleGate(here, above, self._guesses, self._clock, login_only=listener.role not in LOGIN_FREE)


def _adopt(turnstiles: dict[str, Turnstile], name: str, policy: Policy) -> None:
    if name in turnstiles:
        turnstiles[name].adopt(policy)
    else:
        turnstiles[name] = Turnstile(policy)

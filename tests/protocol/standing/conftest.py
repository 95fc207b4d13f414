"""The worker's server."""

from tests.support.server import server as server

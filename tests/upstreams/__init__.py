"""Real HTTP servers on loopback that tests fetch from."""

from tests.upstreams.answers import Answer, Request
from tests.upstreams.server import Upstream

__all__ = ["Answer", "Request", "Upstream"]

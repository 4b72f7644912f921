"""The limits by which the programs of the tests share one host, each of them started with these."""

from __future__ import annotations

from inventory.rate_limits.limits import HostLimits, Limit
from inventory.rate_limits.model import Policy

HOST = "api.example"
LIMITS = HostLimits(10, 4, whole={HOST: Limit(50, 3, 2)})
POLICY = Policy(lease=30.0)

"""Upstreams to try the inventory with, on loopback: pages, weather, and three product APIs as unreliable as real ones.

`python -m inventory.demo` serves them, each on a port of its own. Their answers depend on the seed and on the number of
requests before, so a run can be repeated. Only the rate limit (429) depends on the time.
"""

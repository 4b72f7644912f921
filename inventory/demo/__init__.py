"""Upstreams to try the inventory with, on loopback: pages, weather, and three product APIs as unreliable as real ones.

`python -m inventory.demo` serves them, each on a port of its own. What they answer follows from the seed and from how many
requests an upstream has had, so that a run can be repeated; only a refusal by a rate limit (429) follows from the time.
"""

"""Reads HTML: what the page of a snapshot says of itself."""

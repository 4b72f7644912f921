"""The public suffix list that its package carries: read on first use, never fetched."""

from __future__ import annotations

import functools

from publicsuffixlist import PublicSuffixList

from inventory import urls


def is_public(domain: str) -> bool:
    """Whether anybody may register names below a domain."""
    return bool(_suffixes().is_public(domain))


@functools.lru_cache(maxsize=4_096)
def registrable(host: str) -> str:
    """The domain of a URL's host that somebody registered; the host itself if it is an address or has none."""
    if not host or urls.address_of(host) is not None:
        return host
    return _suffixes().privatesuffix(host.removesuffix(".")) or host


@functools.cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()

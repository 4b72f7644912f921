"""A path of the store that cannot be reached: whether waiting helps, and what does."""

from __future__ import annotations

import errno
import os

from inventory.errors import StorageUnavailable, UnusableStore
from inventory.store.sqlite.failures import of_path


def failed(number: int) -> OSError:
    return OSError(number, os.strerror(number), "/data/inventory.sqlite3")


def test_a_path_of_another_user_says_who_may_use_it() -> None:
    error = of_path(failed(errno.EACCES), "The store s cannot be reached")

    assert type(error) is UnusableStore
    assert str(error) == "The store s cannot be reached: Permission denied. Run this as the user that runs the service."


def test_a_disk_that_fails_may_be_back_later() -> None:
    error = of_path(failed(errno.EIO), "The store s cannot be reached")

    assert type(error) is StorageUnavailable
    assert str(error) == "The store s cannot be reached: Input/output error."

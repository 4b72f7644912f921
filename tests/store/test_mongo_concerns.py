"""What a lookup reads and promises is what no crash of a server can take back."""

from __future__ import annotations

from contextlib import closing

import pytest

from inventory.store.mongo.connection import connect


@pytest.mark.parametrize("asked", ["", "?readConcernLevel=local&w=1&journal=false"])
def test_what_is_read_and_what_is_acknowledged_is_kept_by_a_majority_whatever_the_url_asks_for(asked: str) -> None:
    with closing(connect(f"mongodb://127.0.0.1:1/inventory{asked}")) as client:
        records = client.get_default_database()["records"]

        assert records.read_concern.level == "majority"
        assert records.write_concern.document == {"w": "majority", "j": True}

"""gunicorn's options for each of our servers."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from inventory.config import Settings
from inventory.gunicorn_worker import siblings
from inventory.gunicorn_worker.worker import InventoryWorker
from inventory.hosts import bracketed


def common_options(settings: Settings, port: int) -> Mapping[str, Any]:
    """The options, by gunicorn's names, that API and dashboard share."""
    siblings.share()  # gunicorn reads its options before it forks
    return {
        "bind": f"{bracketed(settings.host)}:{port}",
        "worker_class": InventoryWorker,
        # No header says where the application is mounted; only a proxy that the operator named says how it was called.
        "forwarder_headers": "",
        "forwarded_allow_ips": os.environ.get("FORWARDED_ALLOW_IPS", ""),
        "child_exit": siblings.forget,
        "sendfile": False,  # an answer is collected, and sent when its client takes it
        # Heartbeats are in memory, and there is no control socket: the root file system may be read-only.
        "control_socket_disable": True,
        "worker_tmp_dir": "/dev/shm" if os.access("/dev/shm", os.W_OK) else None,  # noqa: S108
    }

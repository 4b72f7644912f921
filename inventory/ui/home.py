"""`/`: where to begin, what is in the inventory, what is going on, and what became of collections."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from inventory.activity import answers as activity_answers
from inventory.errors import StorageUnavailable
from inventory.hosts import bracketed, read_authority
from inventory.jobs import answers as job_answers
from inventory.jobs.model import JobStatus
from inventory.ops import health, metrics
from inventory.rate_limits import answers as upstream_answers
from inventory.services import services
from inventory.ui.activity_charts import PERIODS, Period, charts_of, failures_of_last_day
from inventory.ui.elsewhere import same_elsewhere
from inventory.ui.page_errors import page_blueprint, problem_of
from inventory.ui.pages import fragment, page
from inventory.ui.visitors import let_in
from inventory.web_api import needs
from inventory.web_api.needs import PUBLIC

blueprint = page_blueprint("home")

Document = dict[str, Any]
DEFAULT = "24h"
JOBS = 5
"""Jobs that run, and jobs that wait, of which a page shows so many."""
HOSTS = 100
"""Upstreams that are looked at for trouble: those that were called last."""
REDIS = {"no answer": "Redis does not answer"}
"""What is told of Redis for a reason of the notifier that is no sentence about it."""
UNFINISHED = (JobStatus.RUNNING, JobStatus.QUEUED)


@blueprint.get("/")
@needs.needs(PUBLIC)
def home() -> Response:
    """The whole page for who may read, and the way in for everybody else."""
    chosen = request.args.get("period", DEFAULT)
    chosen = chosen if chosen in PERIODS else DEFAULT
    try:
        members = (_whole(PERIODS[chosen]) | {"may_read": True}) if let_in() else {}
    except StorageUnavailable as error:
        return page("home.html", problem=problem_of(error), **_elsewhere())
    return page("home.html", periods=PERIODS, chosen=chosen, **members, **_elsewhere())


@blueprint.get("/now")
@needs.needs("read", limited=True)
def now() -> Response:
    """What is going on, for a page that is shown already."""
    return fragment("_home_now.html", **_now(None if _is_limited() else _activity(PERIODS[DEFAULT])))


def _whole(period: Period) -> Document:
    """What the page shows beside the frame: a key that is limited to hosts or tags sees what the API would answer it."""
    if _is_limited():
        return _now(None)
    activity = _activity(period)
    return _now(activity) | {"activity": activity, "charts": charts_of(activity, period.hours)}


def _activity(period: Period) -> Document:
    since = period.since(services().records.clock())
    return activity_answers.activity({"since": since, "until": None, "source": None})


def _now(activity: Document | None) -> Document:
    """Jobs and readiness; queue and upstreams for who may read all, who has the activity of a day at least.

    What is in Redis is asked for only once that has answered: nobody waits for it several times.
    """
    ready = health.readiness(services())
    members = {"jobs": _jobs(), "ready": ready, "records": None}
    if activity is None:
        return members
    queue = ready["checks"]["queue"]
    answers = queue == health.OK
    return members | {
        "records": activity["records"],
        "failures": failures_of_last_day(activity),
        "lag": int(metrics.collection_lag(services())),
        "redis": None if answers else REDIS.get(queue, f"Redis {queue}"),
        "depths": services().notifier.depths() if answers else None,
        "troubled": _troubled() if answers else [],
    }


def _jobs() -> list[Document]:
    """Those that run, and those that wait for a worker."""
    queries = ({"status": status, "limit": JOBS, "cursor": None} for status in UNFINISHED)
    return [job for query in queries for job in job_answers.jobs(query)["jobs"]]


def _troubled() -> list[Document]:
    """The upstreams whose breaker is not closed."""
    listed = upstream_answers.upstreams({"limit": HOSTS, "cursor": None})["upstreams"]
    return [each for each in listed if each["breaker"]["state"] != "closed"]


def _is_limited() -> bool:
    return services().limits.of("read") is not None


def _elsewhere() -> Document:
    """Where the queue's dashboard is, and how the API is asked, by the name under which the page was asked for."""
    authority = read_authority(request.headers["Host"])
    hostname = bracketed(authority.host if authority else "127.0.0.1")
    return {
        "queue_url": f"http://{hostname}:{services().settings.dashboard_port}/",
        "curl": dict(same_elsewhere("/api/v1/metadata", {"url": "https://example.com/"}))["curl"],
    }

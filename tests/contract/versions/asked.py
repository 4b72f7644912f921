"""What each older version is asked for about its own data, and this version again."""

from __future__ import annotations

URLS_CSV = "url\nSITE/site/row/1\nSITE/site/row/2\nnonsense\nSITE/site/row/1\n"

GETS = (
    "/api/v1/metadata?url=SITE/site/twice",
    "/api/v1/metadata?url=SITE/site/once",
    "/api/v1/metadata?url=SITE/site/looked-up",
    "/api/v1/metadata?url=SITE/site/row/1",
    "/api/v1/metadata/snapshots?url=SITE/site/twice",
    "/api/v1/records",
    "/api/v1/records?status=failed",
    "/api/v1/jobs",
    "/api/v1/events",
    "/api/v1/events/stats",
    "/api/v1/events?trace_id=00000000000000000000000000000003",
    "/api/v1/weather?city=Paris",
    "/api/v1/weather/summary",
    "/api/v1/history",
    "/api/v1/products",
    "/api/v1/products/summary",
    "/api/v1/search?q=title:visit*",
    "/api/v1/search?q=cookie.sid.secure:true",
    "/api/v1/metadata/diff?url=SITE/site/twice",
    "/api/v1/metadata/timeline?url=SITE/site/twice",
    "/api/v1/changes?since=2026-01-01T00:00:00Z",
    "/api/v1/watches",
    "/api/v1/webhooks",
    "/api/v1/keys",
    "/api/v1/audit",
    "/api/v1/activity",
    "/api/v1/policies",
)

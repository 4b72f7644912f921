"""Access logs that are not of web servers: AWS's load balancers and S3, and uWSGI. Each is told by its beginning."""

from __future__ import annotations

import re
from typing import Any

from inventory.events import access_lines
from inventory.events.access_lines import LogFormat

ELB = (
    "$elb $client $backend $request_processing_time $target_processing_time $response_processing_time $elb_status_code"
    ' $target_status_code $received_bytes $sent_bytes "$request" "$http_user_agent" $ssl_cipher $ssl_protocol'
)
OLD_ALB = f'$type $time {ELB} $target_group_arn "$trace_id"'
ALB = (
    f'{OLD_ALB} "$domain_name" "$chosen_cert_arn" $matched_rule_priority $request_creation_time "$actions_executed"'
    ' "$redirect_url" "$error_reason" "$target_list" "$target_status_code_list" "$classification" "$classification_reason"'
)
S3 = (
    '$bucket_owner $bucket [$time_local] $remote_addr $requester $request_id $operation $key "$request" $status $error_code'
    ' $bytes_sent $object_size $total_time $turn_around_time "$http_referer" "$http_user_agent" $version_id'
)
UWSGI = (
    "[pid: $pid|app: $app_number|req: $request_count] $remote_addr ($remote_user) {$vars} [$time_local] $method $uri"
    " => generated $bytes_sent bytes in $msecs msecs ($protocol $status) $more"
)
_OF_ALB = r"(?:https?|h2|wss?|grpcs?) \d{4}-\d\d-\d\dT\S{8,20} app/"
_OF_ELB = r"\d{4}-\d\d-\d\dT\S{8,20} \S{1,40} \S{3,50}:\d{1,5} \S{1,50}(?: -?[\d.]{1,12}){3} \d{3} "
_KINDS = tuple(
    (re.compile(beginning), name, tuple(map(LogFormat.of, formats)))
    for beginning, name, formats in (
        (_OF_ALB, "alb", (ALB, f"{ALB} $more", f"{OLD_ALB} $more")),
        (_OF_ELB, "elb", (f"$time {ELB}",)),
        (r"[0-9a-f]{64} \S{1,100} \[", "s3", (f"{S3} $more", S3)),
        (r"\[pid: \d", "uwsgi", (UWSGI,)),
    )
)
_MAY_BE = re.compile(r"[a-z]{1,5}\d? \d|\d{4}-|[0-9a-f]{64} |\[pid")


def read(line: str) -> tuple[str, dict[str, Any]] | None:
    """The name of the format and the values of a line of any access log; None if it is none."""
    found = access_lines.read(line)
    if found or not _MAY_BE.match(line):
        return found
    for beginning, name, formats in _KINDS:
        if beginning.match(line):
            return next(((name, values) for each in formats if (values := each.read(line))), None)
    return None

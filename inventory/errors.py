"""Every error that the inventory raises on purpose, and the one table that gives each its HTTP status and code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class InventoryError(Exception):
    """The root; `str(error)` is a sentence that a person can act on.

    The first line of a subclass's docstring is the example of its problem in the documentation of the API.
    """


class InvalidRequest(InventoryError):
    """A parameter or the body is not valid. The member `errors` names each field."""

    def __init__(self, detail: str, errors: Mapping[str, Sequence[str]] | None = None) -> None:
        super().__init__(detail)
        self.errors = errors


class InvalidUrl(InvalidRequest):
    """The URL is not valid. Send an absolute http or https URL."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail, {"url": [detail]})


class UnsupportedScheme(InvalidUrl):
    """The URL's scheme is neither http nor https. Send an http or https URL."""


class CredentialsInUrl(InvalidUrl):
    """The URL contains a user name or a password. Send it without."""


class UrlTooLong(InvalidUrl):
    """The URL is longer than 2,048 characters. Send a shorter one."""


class ForbiddenAddress(InvalidUrl):
    """The URL leads to an address or a port that the inventory may not fetch.

    `key` and `host` are those of its target, which may have a record from a time when it was allowed.
    """

    def __init__(self, detail: str, key: str, host: str) -> None:
        super().__init__(detail)
        self.key = key
        self.host = host


class InvalidDatetime(InvalidRequest):
    """Accept-Datetime is not a date: 'soon'. Send one as `Sat, 31 Jan 2026 12:00:00 GMT`."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail, {"Accept-Datetime": [detail]})


class InvalidFile(InvalidRequest):
    """The uploaded file cannot become a job: it is empty, is not what its name says, or has no usable column.

    `columns` are those that it has, where naming one of them is the way out.
    """

    def __init__(self, detail: str, columns: Sequence[str] = ()) -> None:
        super().__init__(detail, {"file": [detail]})
        self.columns = columns


class InvalidQuery(InvalidRequest):
    """At character 12 of the query: 'header.sever' is not a field. Did you mean header.server?

    `position` is the character that is wrong, counted from 1; `reason` says what is wrong and the way out. `parameter` is
    what has the query, or the names of fields in the same language.
    """

    def __init__(self, reason: str, position: int, parameter: str = "q") -> None:
        of = "the query" if parameter == "q" else f"`{parameter}`"
        super().__init__(f"At character {position:,} of {of}: {reason}", {parameter: [reason]})
        self.reason = reason
        self.position = position


class QueryTooBroad(InvalidRequest):
    """This query would have to look at too much of the inventory. Add a condition that few targets meet, such as a host."""

    def __init__(self) -> None:
        reason = (
            "This query would have to look at too much of the inventory. Add a condition that few targets meet, such as a"
            " host, or write a longer start before the first wildcard."
        )
        super().__init__(reason, {"q": [reason]})


class TooManyChanges(QueryTooBroad):
    """There are too many changes to look at all of them. Send a later `since`, an earlier `until`, a `field`, or a `q`."""

    def __init__(self) -> None:
        reason = (
            "There are too many changes to look at all of them. Send a later `since`, an earlier `until`, a `field`, or a"
            " `q` that few targets meet."
        )
        InvalidRequest.__init__(self, reason, {"since": [reason]})


class QueryTooCostly(QueryTooBroad):
    """The query may cost more than 10,000. Ask for fewer fields, for fewer entries (`first`), or in several queries."""

    def __init__(self, reason: str) -> None:
        InvalidRequest.__init__(self, reason, {"query": [reason]})


class UnknownHost(InventoryError):
    """The inventory does not answer for this host. INVENTORY_ALLOWED_HOSTS adds host names."""


class ForeignOrigin(InventoryError):
    """A page of another site sent this request. Such a page may change nothing here and may not follow a job."""


class Unauthenticated(InventoryError):
    """The root of what is wrong with a key. `reason` is the error of RFC 6750 for it, if there is one."""

    reason: str | None = "invalid_token"


class KeyRequired(Unauthenticated):
    """Nothing is answered without a key. Send a key as `Authorization: Bearer inv_live_…` or as `X-API-Key`."""

    reason = None


class InvalidKey(Unauthenticated):
    """There is no such key. `inventory keys list` and /api/v1/keys list those that there are."""


class ExpiredKey(Unauthenticated):
    """The key 'shop' expired at 2026-01-31T12:00:00.000Z. Use another one."""


class RevokedKey(Unauthenticated):
    """The key 'shop' was revoked at 2026-01-31T12:00:00.000Z. Use another one."""


class OutOfScope(InventoryError):
    """The key may not do this: it needs the scope `collect:example.com`.

    `needed` is a scope that would allow it.
    """

    def __init__(self, needed: str) -> None:
        super().__init__(f"The key may not do this: it needs the scope `{needed}`. Use a key that has it.")
        self.needed = needed


class UnknownKey(InventoryError):
    """This key does not exist. `/api/v1/keys` lists all."""


class CsrfFailed(InventoryError):
    """A request has the cookie of a login without the token of a page of ours. Load the page again."""


class UploadTooLarge(InventoryError):
    """The uploaded file is larger than INVENTORY_UPLOAD_LIMIT. Nothing of it was kept."""


class TooManyRequests(InventoryError):
    """Too many requests of this kind are being served. Send this one again in a moment."""


class TooManyUploads(TooManyRequests):
    """Too many files are being received. Send this one again in a moment."""


class QuotaExceeded(InventoryError):
    """The quota of lookups of this key is used up: 6,000 a minute. Try again in 23 s.

    `retry_after` is in how many whole seconds something is left again.
    """

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class UnsupportedFile(InventoryError):
    """What was sent is of a type that is not taken here. The description names those that are."""


class UnreadableFile(InventoryError):
    """The rest of a job's file cannot be read: a broken gzip stream, say. What was read before counts."""


class UnknownJob(InventoryError):
    """This job does not exist. `/api/v1/jobs` lists all."""


class JobFinished(InventoryError):
    """The job is finished and cannot be cancelled."""


class NotRetryable(InventoryError):
    """The job has no failed rows to try again, or is not finished."""


class TooManyStreams(InventoryError):
    """Too many clients follow jobs. Poll the job instead, or try again later."""


class UnknownCity(InventoryError):
    """No city of this name was found. Check the name and its country."""


class NotInInventory(InventoryError):
    """Nothing is known of this target. Look it up first."""


class NotFound(InventoryError):
    """What this path names does not exist."""


class NoSuchSnapshot(NotFound):
    """There is no such snapshot of this URL. /api/v1/metadata/snapshots lists those that are kept."""


class UnknownWatch(InventoryError):
    """This watch does not exist. `/api/v1/watches` lists all."""


class TooManyWatches(InventoryError):
    """There are 1,000 watches, and no more are kept. Delete one that is not needed any more."""


class UnknownPolicy(InventoryError):
    """This policy does not exist. `/api/v1/policies` lists all."""


class TooManyPolicies(InventoryError):
    """There are 200 policies, and no more are kept. Delete one that is not needed any more."""


class UnknownWebhook(InventoryError):
    """This webhook does not exist. `/api/v1/webhooks` lists all."""


class NameTaken(InventoryError):
    """Another one has this name or URL. Choose another, or change that one."""


class TooManyWebhooks(InventoryError):
    """There are 1,000 webhooks, and no more are kept. Delete one that is not needed any more."""


class WebhookDisabled(InventoryError):
    """The webhook is disabled, so nothing is sent to it. Enable it first."""


class CollectionFailed(InventoryError):
    """The target could not be collected. The member `failure` says why, and when it may be tried again.

    `failure` has the members of a failure in the API, with instants as `datetime`.
    """

    def __init__(self, detail: str, failure: Mapping[str, object]) -> None:
        super().__init__(detail)
        self.failure = failure


class CollectionTimedOut(CollectionFailed):
    """The target did not answer in time. The member `failure` says when it may be tried again."""


class StorageUnavailable(InventoryError):
    """The store did not answer in time. Send the same request again."""

    # The error's own text is for the log: it names servers and files, and quotes drivers.
    public_detail = "The inventory's store does not answer. Send the same request again in a moment."


class Unstorable(InventoryError):
    """The store cannot keep a value: it is too large, or of a type that the store does not support.

    No change is visible, and the same call would fail again.
    """

    # The error's own text is for the log, as with `StorageUnavailable`.
    public_detail = "The answer cannot be stored: it is too large, or of a type that the store does not support."


class StorageFull(StorageUnavailable):
    """The store answers, but cannot write. `reason` says why, without a path, because callers see it."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The store can be read, but nothing can be accepted or deleted: {reason}.")
        self.reason = reason
        self.public_detail = str(self)


class NoRoomToOpen(StorageUnavailable):
    """The store cannot be opened, because opening needs a little space on its disk: nothing can be accepted or read."""

    public_detail = "The inventory's store cannot be opened: its disk is full."


class UnusableStore(StorageUnavailable):
    """The store cannot be used, however long one waits; the text is one line that names the file and says what to do."""

    public_detail = "The inventory's store cannot be used. Its log tells the operator why."


class SourceFailure(InventoryError):
    """A collection that ended without a snapshot.

    `code` is a failure code of the API; `permanent` says that another attempt cannot help. `evidence` is for the log alone:
    addresses and bytes that strangers must not be able to read through the inventory. `redirects` are those that were seen
    before, as JSON-ready values.
    """

    def __init__(
        self, code: str, detail: str, *, permanent: bool = False, evidence: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.permanent = permanent
        self.evidence = evidence or {}
        self.redirects: Sequence[Mapping[str, object]] = ()


class Deferred(InventoryError):
    """An upstream may not be called yet; `reason` says why, and `wait` in how many seconds to ask again."""

    def __init__(self, host: str, reason: str, wait: float) -> None:
        super().__init__(f"{host} may not be called for {wait:.3f} s ({reason})")
        self.host = host
        self.reason = reason
        self.wait = wait


class NoRoom(InventoryError):
    """This process has no room now, for a large body in memory or on a disk, or for a connection.

    `wait` says in how many seconds to try again. It is no failure of what was to be collected.
    """

    def __init__(self, detail: str, wait: float) -> None:
        super().__init__(detail)
        self.wait = wait


class StartError(InventoryError):
    """The service cannot start; the message is one line for the operator."""


class SettingError(StartError):
    """An environment variable cannot be read; the message has its name, its value and what is allowed."""


STATUS: Mapping[type[InventoryError], tuple[int, str]] = {
    InvalidRequest: (422, "invalid_request"),
    InvalidUrl: (422, "invalid_url"),
    UnsupportedScheme: (422, "unsupported_scheme"),
    CredentialsInUrl: (422, "credentials_in_url"),
    UrlTooLong: (422, "url_too_long"),
    ForbiddenAddress: (422, "forbidden_address"),
    InvalidDatetime: (400, "invalid_datetime"),
    InvalidFile: (422, "invalid_file"),
    InvalidQuery: (422, "invalid_query"),
    QueryTooBroad: (422, "query_too_broad"),
    UnknownHost: (421, "unknown_host"),
    ForeignOrigin: (403, "foreign_origin"),
    KeyRequired: (401, "key_required"),
    InvalidKey: (401, "invalid_key"),
    ExpiredKey: (401, "expired_key"),
    RevokedKey: (401, "revoked_key"),
    OutOfScope: (403, "out_of_scope"),
    UnknownKey: (404, "unknown_key"),
    CsrfFailed: (403, "csrf_failed"),
    UploadTooLarge: (413, "upload_too_large"),
    TooManyRequests: (429, "too_many_requests"),
    QuotaExceeded: (429, "quota_exceeded"),
    UnsupportedFile: (415, "unsupported_media_type"),
    UnknownJob: (404, "unknown_job"),
    JobFinished: (409, "job_finished"),
    NotRetryable: (409, "not_retryable"),
    TooManyStreams: (503, "too_many_streams"),
    UnknownCity: (404, "unknown_city"),
    NotInInventory: (404, "not_in_inventory"),
    NotFound: (404, "not_found"),
    NoSuchSnapshot: (404, "no_such_snapshot"),
    UnknownWatch: (404, "unknown_watch"),
    TooManyWatches: (409, "too_many_watches"),
    UnknownPolicy: (404, "unknown_policy"),
    TooManyPolicies: (409, "too_many_policies"),
    UnknownWebhook: (404, "unknown_webhook"),
    NameTaken: (409, "name_taken"),
    TooManyWebhooks: (409, "too_many_webhooks"),
    WebhookDisabled: (409, "webhook_disabled"),
    CollectionFailed: (502, "collection_failed"),
    CollectionTimedOut: (504, "collection_failed"),
    StorageUnavailable: (503, "storage_unavailable"),
}

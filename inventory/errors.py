"""Every error the inventory raises on purpose, and the one table that gives each its HTTP status and code.

InventoryError
├── InvalidRequest           a parameter or body that cannot be accepted; `errors` names the fields
│   ├── InvalidUrl
│   │   ├── UnsupportedScheme
│   │   ├── CredentialsInUrl
│   │   └── UrlTooLong
│   ├── ForbiddenAddress     the target is an address, or has a port, that may not be fetched
│   └── InvalidFile          an uploaded file that cannot become a job
├── UnknownHost              the request is for a host that is not one of ours
├── ForeignOrigin            the request is of a page of another site, and would change something
├── UploadTooLarge           an uploaded file over the limit
├── TooManyRequests          this process does as much of that at once as it may; try again soon
│   └── TooManyUploads
├── UnsupportedFile          an uploaded file of a type that its kind of job does not take
├── UnreadableFile           the rest of a job's file cannot be read; becomes the job's error
├── UnknownJob               there is no such job
├── JobFinished              the job is finished, so there is nothing to cancel
├── NotRetryable             the job has no failed rows, or not all that it may come to have
├── TooManyStreams           this process streams to as many clients as it may; polling still works
├── UnknownCity              no place is known by that name
├── NotInInventory           nothing is known of the target, and nothing was accepted
├── NotFound                 no such snapshot, body or route
├── CollectionFailed         the last collection of the target failed; `failure` says how
├── CollectionTimedOut       the same, and the failure is a timeout
├── StorageUnavailable       the store did not answer; nothing was changed that the caller was told of
│   ├── StorageFull          the store answers, but can keep nothing: no room on its disk, or read-only
│   ├── NoRoomToOpen         there is not even room to open the store
│   └── UnusableStore        waiting cannot mend it: no store at all, or one that lost a file while it was used
├── Unstorable               the store cannot keep a value, however often it is asked to
├── SourceFailure            what a source raises when it could not collect; becomes a recorded failure
├── Deferred                 an upstream may not be called now; what was to be collected is tried again later
└── StartError               the service cannot start: one line that says why
    └── SettingError
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class InventoryError(Exception):
    """The root; `str(error)` is a sentence that a person can act on."""


class InvalidRequest(InventoryError):
    """A request that cannot be accepted; `errors` maps each field to what is wrong and what to send instead."""

    def __init__(self, detail: str, errors: Mapping[str, Sequence[str]] | None = None) -> None:
        super().__init__(detail)
        self.errors = errors


class InvalidUrl(InvalidRequest):
    """A text that is not an absolute http or https URL."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail, {"url": [detail]})


class UnsupportedScheme(InvalidUrl):
    """A URL whose scheme is neither http nor https."""


class CredentialsInUrl(InvalidUrl):
    """A URL that carries a user name or a password."""


class UrlTooLong(InvalidUrl):
    """A URL over the limit of 2,048 characters."""


class ForbiddenAddress(InvalidUrl):
    """A URL whose host is an address, or whose port is one, that the inventory may not reach.

    `key` and `host` are those of the target that it would be: something may be known of it from a time when it was allowed.
    """

    def __init__(self, detail: str, key: str, host: str) -> None:
        super().__init__(detail)
        self.key = key
        self.host = host


class InvalidFile(InvalidRequest):
    """An uploaded file that cannot become a job: empty, not what its name says, or without a usable column."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail, {"file": [detail]})


class UnknownHost(InventoryError):
    """The request is for a host that the inventory does not answer for; INVENTORY_ALLOWED_HOSTS names those that it does."""


class ForeignOrigin(InventoryError):
    """A page of another site sent the request, which would change something, or follow a job."""


class UploadTooLarge(InventoryError):
    """An uploaded file over INVENTORY_UPLOAD_LIMIT; nothing of it was kept."""


class TooManyRequests(InventoryError):
    """This process does as much of that at once as it may; ask again in a moment."""


class TooManyUploads(TooManyRequests):
    """This process receives as many files at once as it may; send this one again in a moment."""


class UnsupportedFile(InventoryError):
    """An uploaded file of a type that this kind of import does not take."""


class UnreadableFile(InventoryError):
    """The rest of a job's file cannot be read: a broken gzip stream, say. What was read before counts."""


class UnknownJob(InventoryError):
    """There is no such job."""


class JobFinished(InventoryError):
    """The job is finished; it cannot be cancelled."""


class NotRetryable(InventoryError):
    """The job has no failed rows to work on again, or is not finished."""


class TooManyStreams(InventoryError):
    """This process streams to as many clients as it may; poll the job instead, or try again later."""


class UnknownCity(InventoryError):
    """No place is known by that name."""


class NotInInventory(InventoryError):
    """Nothing is known of the target."""


class NotFound(InventoryError):
    """No snapshot, body or other thing of that name."""


class CollectionFailed(InventoryError):
    """The last collection of a target failed for good and there is no snapshot; `failure` is what was recorded.

    Its members are those of a failure in the API, with instants as `datetime`.
    """

    def __init__(self, detail: str, failure: Mapping[str, object]) -> None:
        super().__init__(detail)
        self.failure = failure


class CollectionTimedOut(CollectionFailed):
    """A failed collection whose failure is a timeout."""


class StorageUnavailable(InventoryError):
    """The store did not answer in time; the same request may be sent again."""

    # The text of the error is for the log: it names servers and files, and quotes drivers. This is for callers.
    told = "The inventory's store does not answer now. Send the same request again in a moment."


class Unstorable(InventoryError):
    """The store cannot keep a value: it is too large, or of a kind that the store does not know. Nothing was changed
    that anybody sees, and the same call would fail again."""

    # As with `StorageUnavailable`: the text of the error is for the log, this is for callers.
    told = "What came cannot be kept: it is too large, or of a kind that the store does not know."


class StorageFull(StorageUnavailable):
    """The store answers, but can keep nothing now; `reason` says why, without a path: it is for everybody."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The store answers, but nothing can be accepted or deleted: {reason}.")
        self.reason = reason
        self.told = str(self)


class NoRoomToOpen(StorageUnavailable):
    """The store cannot be opened, because opening takes a little room on its disk: nothing can be accepted or read now."""

    told = "The inventory's store cannot be opened: there is no room on its disk."


class UnusableStore(StorageUnavailable):
    """What is kept there cannot be used, however long one waits; one line that names the file and says what to do."""

    told = "The inventory's store cannot be used. Its operator finds the reason in the log."


class SourceFailure(InventoryError):
    """A collection that ended without a snapshot.

    `code` is one of the failure codes of the API, `permanent` says that trying again at once cannot help. `evidence` is for
    the log alone: addresses and bytes that strangers must not be able to read through us.
    """

    def __init__(
        self, code: str, detail: str, *, permanent: bool = False, evidence: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.permanent = permanent
        self.evidence = evidence or {}


class Deferred(InventoryError):
    """An upstream may not be called now; `reason` says why, `wait` how many seconds later to ask again."""

    def __init__(self, host: str, reason: str, wait: float) -> None:
        super().__init__(f"{host} may not be called for {wait:.3f} s ({reason})")
        self.host = host
        self.reason = reason
        self.wait = wait


class StartError(InventoryError):
    """The service cannot start; the message is one line for the operator."""


class SettingError(StartError):
    """An environment variable that cannot be read: its name, its value and what is allowed."""


STATUS: Mapping[type[InventoryError], tuple[int, str]] = {
    InvalidRequest: (422, "invalid_request"),
    InvalidUrl: (422, "invalid_url"),
    UnsupportedScheme: (422, "unsupported_scheme"),
    CredentialsInUrl: (422, "credentials_in_url"),
    UrlTooLong: (422, "url_too_long"),
    ForbiddenAddress: (422, "forbidden_address"),
    InvalidFile: (422, "invalid_file"),
    UnknownHost: (421, "unknown_host"),
    ForeignOrigin: (403, "foreign_origin"),
    UploadTooLarge: (413, "upload_too_large"),
    TooManyRequests: (429, "too_many_requests"),
    UnsupportedFile: (415, "unsupported_media_type"),
    UnknownJob: (404, "unknown_job"),
    JobFinished: (409, "job_finished"),
    NotRetryable: (409, "not_retryable"),
    TooManyStreams: (503, "too_many_streams"),
    UnknownCity: (404, "unknown_city"),
    NotInInventory: (404, "not_in_inventory"),
    NotFound: (404, "not_found"),
    CollectionFailed: (502, "collection_failed"),
    CollectionTimedOut: (504, "collection_failed"),
    StorageUnavailable: (503, "storage_unavailable"),
}

"""What the files of jobs are called in the file store."""

from __future__ import annotations

UPLOADS, CHUNKS = "uploads", "parts"


def upload_name(job_id: str) -> str:
    """The name of a job's file in the file store."""
    return f"{UPLOADS}/{job_id}"


def chunk_name(job_id: str, number: int) -> str:
    """The name of a batch's chunk in the file store."""
    return f"{CHUNKS}/{job_id}/{number:06d}"


def job_of(name: str) -> str:
    """The id of the job of an upload or a chunk."""
    return name.split("/")[1]

"""The one file of a `multipart/form-data` body (RFC 7578), read as it arrives."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData, Preamble

from inventory.errors import InvalidRequest, UnsupportedFile, UploadTooLarge
from inventory.imports.upload import CHUNK_BYTES, Upload
from inventory.web_api.arguments import errors_of_cut_bodies

FIELD = "file"
MAX_BUFFER = 2 * CHUNK_BYTES
"""Bytes that are searched for the next boundary."""
OVERHEAD = 64 * 1024
"""Bytes that a body may have besides its file."""
MAX_FIELDS = 32 * 1024
"""Bytes of all fields before the file."""
MAX_NAME = 100
"""Characters of a field's name in a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileForm:
    """A form with a file, as it arrives: the texts of the fields before the file, and the file."""

    fields: Mapping[str, Sequence[str]]
    upload: Upload


def form_of(stream: IO[bytes], content_type: str, fields: Collection[str] = ()) -> FileForm:
    """The form whose last field is the file `file`; those before it, each a short text, are among `fields`.

    Raises `UnsupportedFile` if the body is not a form with files, and `UploadTooLarge` if the stream is too long. Raises
    `InvalidRequest` if it is malformed or incomplete, has no such file or another field. So does reading `content`.
    """
    media_type, options = parse_options_header(content_type)
    if media_type != "multipart/form-data":
        raise UnsupportedFile("Send the file as multipart/form-data, in the field file.")
    if not options.get("boundary"):
        raise _malformed("its content type names no boundary")
    events = _events(stream, options["boundary"].encode("utf-8", "replace"))
    texts, first = _texts(events, fields)
    if not isinstance(first, File) or first.name != FIELD:
        raise _no_file(first)
    if not first.filename:
        raise InvalidRequest("No file was chosen.", {FIELD: ["It has no file name. Send a file with its name."]})
    return FileForm(fields=texts, upload=Upload(first.filename, _content(events)))


def _texts(events: Iterator[Event], fields: Collection[str]) -> tuple[Mapping[str, Sequence[str]], Event | None]:
    """The texts of the fields at the beginning, and the first part that is none of them."""
    found, size, after = list[tuple[str, bytearray]](), 0, None
    for event in events:
        if isinstance(event, Field) and event.name in fields:
            found.append((event.name, bytearray()))
            size += len(event.name)
        elif isinstance(event, Data):
            found[-1][1].extend(event.data)
            size += len(event.data)
        else:
            after = event
            break
        if size > MAX_FIELDS:
            raise InvalidRequest("The fields before the file are too long.", {"body": ["Send less in them."]})
    texts: dict[str, list[str]] = {}
    for name, text in found:
        texts.setdefault(name, []).append(text.decode("utf-8", "replace"))
    return texts, after


def _content(events: Iterator[Event]) -> Iterator[bytes]:
    """The bytes of the file that has begun; the body must end after it."""
    for event in events:
        if isinstance(event, Data):
            yield event.data
        elif isinstance(event, (File, Field)):
            named = str(event.name)[:MAX_NAME] if event.name != FIELD else "a second file"
            raise InvalidRequest(f"There is more than one file in the body: {named!r}.", {FIELD: ["Send one file, alone."]})


def _events(stream: IO[bytes], boundary: bytes) -> Iterator[Event]:
    """The parts of the body."""
    decoder, ended = MultipartDecoder(boundary, MAX_BUFFER), False
    while not ended:
        piece = _read(stream)
        try:
            decoder.receive_data(piece or None)
            while not isinstance(event := decoder.next_event(), NeedData):
                if ended := isinstance(event, Epilogue):
                    break
                if not isinstance(event, Preamble):
                    yield event
        except RequestEntityTooLarge as error:
            raise _malformed("it has half a megabyte without a boundary") from error
        except (ValueError, LookupError) as error:
            raise _malformed("its parts are malformed, or it is incomplete") from error


def _read(stream: IO[bytes]) -> bytes:
    try:
        return stream.read(CHUNK_BYTES)
    except RequestEntityTooLarge as error:
        raise UploadTooLarge("The body is longer than an upload may be.") from error
    except ClientDisconnected as error:
        raise _malformed("it did not arrive complete") from error
    except errors_of_cut_bodies() as error:
        raise _malformed("it did not arrive complete") from error


def _no_file(first: Event | None) -> InvalidRequest:
    if isinstance(first, Field) and first.name == FIELD:
        return InvalidRequest("The field file has no file.", {FIELD: ["It is a text. Send a file with its name."]})
    if isinstance(first, (File, Field)):
        return InvalidRequest(
            "The body begins with a field other than file.", {FIELD: ["Send one file, in the field file."]}
        )
    return InvalidRequest("There is no file in the body.", {FIELD: ["Missing. Send one file, in the field file."]})


def _malformed(reason: str) -> InvalidRequest:
    return InvalidRequest(f"The body cannot be read: {reason}.", {"body": ["Send it as multipart/form-data, complete."]})

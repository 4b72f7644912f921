"""The commands that a page of the documentation shows, and whether they answer what stands below them."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from urllib.parse import quote, urlsplit

from flask.testing import FlaskClient

from tests.commands.conftest import run
from tests.fleet.fleet import TODAY

WRITTEN = datetime(2026, 11, 25, tzinfo=UTC)
"""The day on which the pages were written; the weeks of the fleet end today."""
DATE = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command of the page, in words, and what stands below it; `…` is anything."""

    words: Sequence[str]
    answer: str

    @property
    def is_request(self) -> bool:
        return self.words[0] == "curl"


def commands(text: str) -> list[Command]:
    """The commands of a text, with the page's dates moved so that it was written today."""
    found = []
    for block in re.findall("```console\n(.*?)```", text, re.DOTALL):
        for each in re.split(r"^\$ ", today(block), flags=re.MULTILINE)[1:]:
            line, _, answer = each.replace("\\\n", " ").partition("\n")
            while line.count("'") % 2:  # it goes on in the next line
                more, _, answer = answer.partition("\n")
                line = f"{line} {more}"
            found.append(Command(words=shlex.split(line), answer=answer))
    return found


def today(text: str) -> str:
    return DATE.sub(lambda found: (date.fromisoformat(found[0]) + (TODAY - WRITTEN)).isoformat(), text)


def requested(client: FlaskClient, words: Sequence[str]) -> str:
    """What curl would print: of a plain request, one with `-G`, or one that posts JSON."""
    options = list(words[1:])
    posts = "-X" in options
    (url,) = [each for each in options if each.startswith("http://127.0.0.1:8000/")]
    pairs = [each for each in options if each not in ("-G", url)]
    sent = list(zip(pairs[::2], pairs[1::2], strict=True))
    assert {how for how, _ in sent} <= ({"-X", "-H", "-d"} if posts else {"-d", "--data-urlencode"})
    if posts:
        assert sent[:2] == [("-X", "POST"), ("-H", "Content-Type: application/json")]
        answer = client.post(urlsplit(url).path, json=json.loads(sent[2][1]))
    else:
        query = "&".join(data if how == "-d" else encoded(data) for how, data in sent)
        answer = client.get(urlsplit(url).path, query_string=query)
    assert answer.status_code in (200, 201), answer.text
    return answer.text


def encoded(data: str) -> str:
    """What curl sends of data that it is to encode."""
    name, _, value = data.partition("=")
    return f"{name}={quote(value)}"


def printed(environment: dict[str, str], words: Sequence[str], *more: str) -> str:
    """What the command would print in a terminal."""
    assert words[0] == ".venv/bin/inventory"
    done = run(environment, *words[1:], *more)
    assert done.exit_code == 0, done.output
    return done.stdout


def is_meant(answer: str, said: str) -> bool:
    """Whether an answer of the page is what was said, whatever `…` stands for, and wherever there is white space."""
    first, *parts = ("".join(part.split()) for part in answer.split("…"))
    said = "".join(said.split())
    if not parts or not said.startswith(first):
        return said == first
    said = said[len(first) :]
    for part in filter(None, parts[:-1]):
        _, found, said = said.partition(part)
        if not found:
            return False
    return said.endswith(parts[-1])

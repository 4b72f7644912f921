"""The unified diff of two pages, in bounded time, memory and size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import Match, SequenceMatcher

from inventory.changes.matching import Matcher
from inventory.changes.model import TextDiff
from inventory.changes.text_lines import MAX_WIDTH, TextLines, lines_of
from inventory.changes.volatile import is_volatile_text

CONTEXT = 3
"""Equal lines around what differs."""
MAX_SIZE = 1_000_000
"""Characters of a diff, but for the line that exceeds them."""
MAX_VOLATILE = 256 * 1024
"""Characters that differ; where there are more, not only nonces and tokens do."""
NO_END = "\\ No newline at end of file\n"

Code = tuple[str, int, int, int, int]
"""As `SequenceMatcher.get_opcodes` has it."""


class _Matched(SequenceMatcher[str]):
    """difflib's grouping, on blocks that were found otherwise: difflib may take time that grows with the square."""

    def __init__(self, blocks: list[Match]) -> None:
        super().__init__()
        self._blocks = blocks

    def get_matching_blocks(self) -> list[Match]:
        return self._blocks


def text_diff(old: str, new: str, *, old_label: str = "old", new_label: str = "new") -> TextDiff:
    """The unified diff of two texts, with labels in its first two lines; it is empty if nothing differs."""
    before, after = lines_of(old), lines_of(new)
    matcher = Matcher(before.lines, after.lines)
    matched = _Matched(matcher.blocks())
    codes = [code for code in matched.get_opcodes() if code[0] != "equal"]
    notes = [*_notes("older", before), *_notes("newer", after)]
    if matcher.gave_up:
        notes.append(f"parts that have too many lines to be compared, and are shown as replaced: {matcher.gave_up:,}")
    unified = _Unified(before.lines, after.lines)
    for group in matched.get_grouped_opcodes(CONTEXT) if codes else ():
        unified.add(group)
    if unified.left_out:
        notes.append(
            f"the diff is truncated after {MAX_SIZE:,} characters; differing lines that are left out: {unified.left_out:,}"
        )
    return TextDiff(
        unified=f"--- {old_label}\n+++ {new_label}\n{unified.text}" if codes else "",
        added=sum(end - start for _, _, _, start, end in codes),
        removed=sum(end - start for _, start, end, _, _ in codes),
        volatile=bool(codes) and _is_volatile(codes, before.lines, after.lines),
        notes=notes,
    )


class _Unified:
    """Hunks as text, up to `MAX_SIZE`; `left_out` counts the lines that differ and are not among them."""

    def __init__(self, old: Sequence[str], new: Sequence[str]) -> None:
        self._old, self._new = old, new
        self._hunks: list[str] = []
        self._room = MAX_SIZE
        self.left_out = 0

    @property
    def text(self) -> str:
        return "".join(self._hunks)

    def add(self, group: Sequence[Code]) -> None:
        """One hunk; it begins where the first code does."""
        written: list[str] = []
        counts = {" ": 0, "-": 0, "+": 0}
        for sign, line in self._signed(group):
            if self._room <= 0:
                self.left_out += sign != " "
                continue
            counts[sign] += 1
            written.append(sign + line)
            self._room -= len(written[-1])
        if written:
            old = _range(group[0][1], counts[" "] + counts["-"])
            new = _range(group[0][3], counts[" "] + counts["+"])
            self._hunks += [f"@@ -{old} +{new} @@\n", *written]

    def _signed(self, group: Sequence[Code]) -> Iterator[tuple[str, str]]:
        for tag, low, high, start, end in group:
            if tag == "equal":
                yield from ((" ", _ended(self._old, position)) for position in range(low, high))
            else:
                yield from (("-", _ended(self._old, position)) for position in range(low, high))
                yield from (("+", _ended(self._new, position)) for position in range(start, end))


def _range(start: int, count: int) -> str:
    """Lines as a hunk names them: an empty range is after a line."""
    return f"{start + (count > 0)}" if count == 1 else f"{start + (count > 0)},{count}"


def _ended(lines: Sequence[str], position: int) -> str:
    line = lines[position]
    if line.endswith("\n"):
        return line
    return f"{line}\n{NO_END if position == len(lines) - 1 else ''}"


def _is_volatile(codes: Sequence[Code], old: Sequence[str], new: Sequence[str]) -> bool:
    removed = "".join(line for _, low, high, _, _ in codes for line in old[low:high])
    added = "".join(line for _, _, _, start, end in codes for line in new[start:end])
    return max(len(removed), len(added)) <= MAX_VOLATILE and is_volatile_text(removed, added)


def _notes(which: str, text: TextLines) -> Iterator[str]:
    if text.compared:
        yield f"only the first {text.compared} of the {which} page are compared"
    if text.broken:
        yield f"lines of the {which} page that are broken, as they have more than {MAX_WIDTH:,} characters: {text.broken:,}"

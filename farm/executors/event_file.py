"""What a worker tells, read as it is written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from blender_addon.dataset import events

#: Told once of a file that holds what is no event, or cannot be read, with `what` it is.
NONSENSE = "nonsense"

#: So much of a file is read at a time; what has no line end in that is no event, bytes.
_BLOCK = 1024 * 1024

_SHOWN = 80


class EventFile:
    """A worker's event file, begun empty; OSError where that cannot be.

    It is kept open: whoever deletes it, or its folder, takes nothing from who listens. What is no event, as a crash
    or a full disk leaves, is passed over.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.write_bytes(b"")
        self._open()
        self._told_nonsense = False

    def new(self) -> list[dict[str, Any]]:
        """Events since the last call; a line still being written waits for the next."""
        found: list[dict[str, Any]] = []
        if self._file.closed:
            return found
        try:
            if self._has_more():
                self._read_into(found)
        except OSError as error:
            self._nonsense(found, f"it cannot be read ({error.strerror})")
        return found

    def close(self) -> None:
        """There is nothing more to come."""
        self._file.close()

    def _open(self) -> None:
        self._file = open(self.path, "rb", buffering=0)  # noqa: SIM115 - until `close`
        self._read = 0

    def _has_more(self) -> bool:
        facts = os.fstat(self._file.fileno())
        if facts.st_size == self._read and not facts.st_nlink and self.path.is_file():
            # Deleted before the worker had opened it, which began another.
            self._file.close()
            self._open()
            return True
        if facts.st_size < self._read:
            self._read = 0  # emptied by somebody: it begins anew
        return facts.st_size != self._read

    def _read_into(self, found: list[dict[str, Any]]) -> None:
        self._file.seek(self._read)
        rest = b""
        while block := self._file.read(_BLOCK):
            *lines, rest = (rest + block).split(b"\n")
            if len(rest) >= _BLOCK:
                lines, rest = [*lines, rest], b""
            for line in filter(None, lines):
                event = events.parse_line(line)
                if event is not None:
                    found.append(event)
                else:
                    self._nonsense(found, repr(line[:_SHOWN].decode(errors="replace")))
            self._read = self._file.tell() - len(rest)

    def _nonsense(self, found: list[dict[str, Any]], what: str) -> None:
        if not self._told_nonsense:
            self._told_nonsense = True
            found.append({"event": NONSENSE, "what": what})

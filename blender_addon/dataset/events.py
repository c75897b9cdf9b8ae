"""Events: what a worker tells of its requests, one JSON object a line, as whoever listens may rely on it.

A crash leaves half a line, and a full disk anything: a line counts only as an event of a known kind with the facts
that a listener reads. Others that an event has are taken as they are.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_seconds(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0


def _is_truth(value: object) -> bool:
    return isinstance(value, bool)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


#: {kind: {fact: what it must be}}, see worker.py and scene/studio.py, which tell them.
_KINDS: dict[str, dict[str, Callable[[object], bool]]] = {
    "ready": {},
    "opened": {},
    "composited": {"id": _is_text, "notices": _are_texts},
    "rendering": {"id": _is_text},
    "frame": {"id": _is_text, "frame": _is_whole},
    "rendered": {"id": _is_text, "load_seconds": _is_seconds, "render_seconds": _is_seconds},
    "saved": {"id": _is_text, "notices": _are_texts},
    "tried": {"id": _is_text, "gpu": _is_truth},
    "failed": {"id": _is_text, "error": _is_text, "bad_input": _is_truth},
    "end": {},
}


def parse_line(line: bytes) -> dict[str, Any] | None:
    """The event of a line; None where it is none. Its texts can be written as UTF-8."""
    try:
        event = json.loads(line)
        if rb"\ud" in line.lower():  # half a character, as in the name of a file that is no UTF-8
            event = json.loads(json.dumps(event, ensure_ascii=False).encode(errors="replace"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict) or not isinstance(event.get("event"), str):
        return None
    facts = _KINDS.get(event["event"])
    if facts is None or not all(is_right(event.get(name)) for name, is_right in facts.items()):
        return None
    return event

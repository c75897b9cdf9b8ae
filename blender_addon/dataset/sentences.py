"""What is said in the recordings of sentences: `lip_acc_sentences.txt`, one sentence a line.

It is looked for in the subset's folder, the root and `scripts/`. Where every line begins with a number, as in
`12. Text` or `012<tab>Text`, that is the sentence's; else sentences are numbered by their lines, from 1. Blank lines do
not count.
"""

from __future__ import annotations

import re

from .layout import Dataset
from .naming import PerformanceId

_NUMBERED = re.compile(r"(?:\d{8}_\d{3}_)?(\d{1,3})\s*[.:,;|)\s]\s*(\S.*)", re.ASCII)


def sentence_of(dataset: Dataset, performance: PerformanceId) -> str:
    """What is said in a performance; "" where nothing tells, as for all that is no subset's."""
    return sentences(dataset).get(performance.scenario, "") if dataset.subset else ""


def sentences(dataset: Dataset) -> dict[str, str]:
    """The subset's sentences by their number in three digits; none where their file is missing or cannot be read."""
    name = f"{dataset.subset}_sentences.txt"
    for folder in (dataset.recordings, dataset.root, dataset.root / "scripts"):
        try:
            text = (folder / name).read_text(encoding="utf-8-sig", errors="replace")
        except OSError:
            continue
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        numbered = [match for line in lines if (match := _NUMBERED.fullmatch(line))]
        if len(numbered) == len(lines):
            return {match[1].zfill(3): match[2] for match in numbered}
        return {f"{number:03d}": line for number, line in enumerate(lines, 1)}
    return {}

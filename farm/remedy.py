"""What puts bad results right: rendering their job again, which keeps what looks whole to it, or only --overwrite."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from . import pictures, video
from .errors import FarmError
from .finding import INPUT, OVERWRITE, RENDER, Finding
from .task import TAG

#: What a video with sound is found to be by its pictures, which may be at fault themselves.
_BY_PICTURES = ("swapped", "duplicated", "altered")


def with_cures(findings: Sequence[Finding], picture: Path, heard: Path, first: int, last: int) -> list[Finding]:
    """The findings of one result, each with its cure. picture: its folder of pictures or video of the frames first to
    last; heard: its video with sound."""
    silent = [found for found in findings if found.file != heard]
    if picture.is_dir():
        kept = _kept_pictures(picture, first, last, heard) if silent else set()
        cured = [replace(found, cure=_cure(not kept.isdisjoint(_numbers(found, first, last)))) for found in silent]
    else:
        cured = [replace(found, cure=_cure(_keeps(picture, last - first + 1))) for found in silent]
    anew = any(found.cure == RENDER for found in cured)
    stays = _keeps(heard, last - first + 1)
    for found in findings:
        if found.file == heard:
            cured.append(replace(found, cure=_cure(stays and not (anew and found.kind in _BY_PICTURES))))
    return cured


def sentence(findings: Iterable[Finding]) -> str:
    """What to do about the results that findings are of."""
    cures: dict[str, set[str]] = {}
    for found in findings:
        cures.setdefault(found.name, set()).add(found.cure)
    needs = Counter(next(cure for cure in (INPUT, OVERWRITE, RENDER) if cure in found) for found in cures.values())
    some = {cure: "them" if count == len(cures) else f"{count} of them" for cure, count in needs.items()}
    parts = []
    if RENDER in some:
        parts.append(f"render {some[RENDER]} again, which makes anew what is missing or damaged")
    if OVERWRITE in some:
        parts.append(f"render {some[OVERWRITE]} again with --overwrite, else they are kept")
    if INPUT in some:
        which = "they" if some[INPUT] == "them" else some[INPUT]
        parts.append(f"{which} cannot be rendered until their data or lines of the job are put right")
    return "; ".join(parts)


def _cure(kept: bool) -> str:
    return OVERWRITE if kept else RENDER


def _numbers(found: Finding, first: int, last: int) -> range:
    first, last = found.frames or (first, last)
    return range(first, last + 1)


def _keeps(path: Path, frames: int) -> bool:
    """Whether a run that wants a video of so many frames keeps this one."""
    try:
        info = video.probe(path)
    except FarmError:
        return False
    return info.frames == frames or not info.metadata.get("comment", "").startswith(TAG)


def _kept_pictures(folder: Path, first: int, last: int, heard: Path) -> set[int]:
    """Which of a folder's pictures a run keeps."""
    stored = dict(pictures.stored(folder, first, last, heard))
    ours = Counter(found.comment for found in stored.values() if found and found.comment.startswith(TAG))
    if not ours and all(stored.values()):
        return set(stored)  # somebody else's
    usual = ours.most_common(1)[0][0] if ours else ""
    return {n for n, found in stored.items() if found and found.comment == usual and found.number in (None, n)}

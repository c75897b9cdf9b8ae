"""Batches and events: what a driver asks a worker to do, and what the worker tells it, as JSON lines.

A batch is one request a line. A worker reads it from a file, or line by line from its standard input while
the driver keeps it fed. It answers with one event a line in an event file of its own: its standard output
belongs to Blender.
"""

from __future__ import annotations

import json
from dataclasses import MISSING, asdict, dataclass, fields

from .errors import DatasetError
from .layout import SUBSETS
from .makehuman import RIG_NAMES

#: What a label can show, and the quality presets, which `scene/quality.py` spells out.
LABEL_PARTS = ("id", "frame", "emotion", "sentence")
QUALITIES = ("draft", "preview", "final")
#: Whose bones the built-in people have: the data set's own joints, or one of MakeHuman's namings.
CAPTURE = "capture"
RIGS = (CAPTURE, *RIG_NAMES)

#: Whose faces the built-in people have: those of the people's data, or the actors' own ICT heads of the data set.
FACES = ("people", "ict")

#: How the name of a worker's own temporary folder begins, which ends with the worker.
SCRATCH = "interact-farm-worker-"


@dataclass(frozen=True)
class Look:
    """How frames are rendered; what is None stays as the template has it.

    engine: workbench, eevee, cycles or auto (EEVEE on a GPU, Workbench without); size: (width, height) in
    pixels; samples: the engine's render samples; camera: auto, wide, side, over-A, over-B, orbit or the name of a
    camera of the template; label: what is burnt in, of LABEL_PARTS; quality: draft, preview or final; pin_feet:
    whether bodies' feet that stand are kept from sliding.
    """

    engine: str | None = None
    size: tuple[int, int] | None = None
    samples: int | None = None
    camera: str | None = None
    label: tuple[str, ...] = ()
    quality: str | None = None
    pin_feet: bool = False


@dataclass(frozen=True)
class RenderChunk:
    """Render frames `first` to `last` (from 1, both counted) of a body scene or of one actor's face.

    scene: `<date>_<scenario>`, or `<date>_<actor>_<scenario>` for a face; output: a video (.mkv), else the folder
    of pictures `0001.png` ... by the frames' numbers; tag: what the pictures say in their `Comment`,
    and the video in its tag `NOTE`, before their frames; subset: as of Dataset.
    """

    id: str
    data: str
    template: str
    scene: str
    first: int
    last: int
    output: str
    look: Look = Look()
    tag: str = ""
    subset: str = ""

    @property
    def frames(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True)
class SaveComposite:
    """Composite a body scene or a face and save it as the .blend file `output`.

    camera: as in `Look`, "" for none named; subset: as of Dataset; pin_feet: as in `Look`; report: whether it is to be
    told what becomes of a body scene's contacts.
    """

    id: str
    data: str
    template: str
    scene: str
    output: str
    camera: str = ""
    subset: str = ""
    pin_feet: bool = False
    report: bool = False


@dataclass(frozen=True)
class MakeTemplate:
    """Build the built-in template with every actor of the data set and save it as the .blend file `output`.

    assets: the folder of the people's data, or "" for mannequins; faces: of FACES; rig: whose bones the people have,
    one of RIGS.
    """

    id: str
    data: str
    output: str
    assets: str = ""
    faces: str = "people"
    rig: str = CAPTURE


@dataclass(frozen=True)
class MakeFaceTemplate:
    """Build the built-in face template, a scene `mesh-NNN` for each actor, and save it as the .blend file `output`.

    assets: the folder of the people's data, or "", for actors without an ICT head; actor: whose head alone is wanted,
    "" for all.
    """

    id: str
    data: str
    output: str
    assets: str = ""
    actor: str = ""


@dataclass(frozen=True)
class TryEngine:
    """Render one small frame with an engine into the PNG `output`, to see whether it really renders here."""

    id: str
    engine: str
    output: str


@dataclass(frozen=True)
class End:
    """No more requests: the worker ends. A feed that stops without it means that the driver is gone."""

    id: str = ""


Writing = RenderChunk | SaveComposite | MakeTemplate | MakeFaceTemplate | TryEngine
Request = Writing | End

_NAMES: dict[str, type[Request]] = {
    "render": RenderChunk,
    "composite": SaveComposite,
    "template": MakeTemplate,
    "face template": MakeFaceTemplate,
    "try": TryEngine,
    "end": End,
}


def to_line(request: Request) -> str:
    """A request as one line of JSON, without the line end."""
    return json.dumps({"do": name_of(request), **asdict(request)})


def name_of(request: Request) -> str:
    """What a request asks to do, as its line calls it."""
    return next(name for name, kind in _NAMES.items() if isinstance(request, kind))


def is_end(line: str) -> bool:
    """Whether a line of a batch is its end; False too for what is no request at all."""
    try:
        content = json.loads(line)
    except ValueError:
        return False
    return isinstance(content, dict) and content.get("do") == "end"


def parse_line(line: str) -> Request:
    """Read one line of a batch; DatasetError says what is wrong with it."""
    try:
        content = json.loads(line)
        kind = _NAMES[content.pop("do")]
        look = content.pop("look", None) if kind is RenderChunk else None
        for field in fields(kind):
            if field.default is not MISSING and field.name not in ("id", "look"):
                content.setdefault(field.name, field.default)
        if set(content) != {f.name for f in fields(kind)} - {"look"}:
            raise ValueError(f"needs exactly {', '.join(f.name for f in fields(kind))}")
        for name, value in content.items():
            wanted = int if name in ("first", "last") else bool if name in ("pin_feet", "report") else str
            if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
                raise ValueError(f"{name} cannot be {value!r}")
        if kind is MakeTemplate and content["faces"] not in FACES:
            raise ValueError(f"no faces {content['faces']!r}")
        if kind is MakeTemplate and content["rig"] not in RIGS:
            raise ValueError(f"no rig {content['rig']!r}")
        if content.get("subset", "") not in ("", *SUBSETS):
            raise ValueError(f"no set {content['subset']!r}")
        if kind is RenderChunk:
            content["look"] = _look(look or {})
            if not 1 <= content["first"] <= content["last"]:
                raise ValueError("first and last must be frames from 1, in order")
        return kind(**content)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DatasetError(f"not a line of a batch: {error} in {line.strip()[:120]!r}") from error


def _look(content: dict) -> Look:
    unknown = set(content) - {f.name for f in fields(Look)}
    if unknown:
        raise ValueError(f"a look has no {', '.join(sorted(unknown))}")
    engine, size, samples = (content.get(name) for name in ("engine", "size", "samples"))
    if engine not in (None, "auto", "workbench", "eevee", "cycles"):
        raise ValueError(f"no engine {engine!r}")
    if size is not None:
        width, height = size
        if not (_is_count(width) and _is_count(height)):
            raise ValueError(f"no size {size!r}")
        size = (width, height)
    if samples is not None and not _is_count(samples):
        raise ValueError(f"no number of samples {samples!r}")
    camera, label, quality = content.get("camera"), content.get("label") or (), content.get("quality")
    if camera is not None and not (isinstance(camera, str) and camera):
        raise ValueError(f"no camera {camera!r}")
    if isinstance(label, str) or not set(label) <= set(LABEL_PARTS):
        raise ValueError(f"no label {label!r}")
    if quality not in (None, *QUALITIES):
        raise ValueError(f"no quality {quality!r}")
    pin_feet = content.get("pin_feet", False)
    if not isinstance(pin_feet, bool):
        raise ValueError(f"pin_feet cannot be {pin_feet!r}")
    return Look(engine, size, samples, camera, tuple(label), quality, pin_feet)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0

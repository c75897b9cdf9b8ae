"""Where every kind of file of the data set lies under its root folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .errors import DatasetError
from .naming import PerformanceId

#: The folders of the published data set.
FOLDERS = (
    "bvhs",
    "bvhs_retarget",
    "face_ict",
    "face_arkit",
    "face_ict_templates",
    "wav",
    "body_renders",
    "body_renders_noaudio",
    "face_renders",
    "face_renders_noaudio",
    "lip_acc",
    "scripts",
)

#: Recordings beside the scenes, each with folders of its own below its folder. `lip_acc` is an extra hour of actor 006
#: who speaks sentences: files are named `<date>_006_<sentence>`, the sentence's number in three digits where a scene
#: has its scenario. How its folder is laid out is not published; assumed is what the data set itself has,
#: `lip_acc/face_ict/`, `face_arkit/` and `wav/`, with the results beside them, and files are also found in `lip_acc/`
#: itself. What is said stands in `lip_acc_sentences.txt`, see sentences.py.
SUBSETS = ("lip_acc",)

#: Performances that the data set's authors know to lack their face files (published erratum).
ERRATA_WITHOUT_FACE = frozenset({PerformanceId("20240126", "006", "034")})

FPS = 30

#: A folder in a data set, laid out as one: see Dataset.framing.
FRAMING = "framing"


@dataclass(frozen=True)
class Dataset:
    """A data set on disk: a root folder, and the path of each kind of file below it.

    Paths are computed, not checked: a path says where a file belongs, not that it is there. subset: whose faces and
    voices are meant, of SUBSETS, or "" for those of the scenes; all else is the same.
    """

    root: Path
    subset: str = ""

    @classmethod
    def at(cls, root: Path | str, subset: str = "") -> Dataset:
        """The data set at `root`; raises DatasetError where it holds neither database nor motion, or not the subset."""
        dataset = cls(Path(root).absolute(), subset)
        dataset.require()
        return dataset

    def require(self) -> None:
        """DatasetError where the root holds neither database nor motion, or not the subset."""
        root = self.root
        if not root.is_dir():
            raise DatasetError(f"{root}: no such folder; --data must name the data set's root folder")
        if self.subset:
            if not self.recordings.is_dir():
                raise DatasetError(
                    f"{self.recordings}: no such folder; --data must name the data set's root folder, "
                    f"which has {self.subset}/ in it"
                )
        elif not (self.actors_db.is_file() or self.bvhs.is_dir() or self.bvhs_retarget.is_dir()):
            raise DatasetError(
                f"{root}: no data set here (neither actors.db nor bvhs/ nor bvhs_retarget/); "
                "--data must name the data set's root folder"
            )

    @property
    def recordings(self) -> Path:
        """The folder of faces and voices, where their videos go too: the root or the subset's."""
        return self.root / self.subset

    @property
    def scenarios_db(self) -> Path:
        return self.root / "scenarios.db"

    @property
    def actors_db(self) -> Path:
        return self.root / "actors.db"

    @property
    def framing(self) -> Dataset | None:
        """Motion that the camera keeps in its picture instead of what is seen there, where a comparison has laid it
        down: videos of different motions are then seen through one camera."""
        folder = self.root / FRAMING
        return Dataset(folder) if folder.is_dir() else None

    @property
    def bvhs(self) -> Path:
        return self.root / "bvhs"

    @property
    def bvhs_retarget(self) -> Path:
        return self.root / "bvhs_retarget"

    @property
    def ict_basis(self) -> Path:
        return self.root / "scripts" / "blendshape_ict.npy"

    @property
    def body_template(self) -> Path:
        """The user's own template; the data set's scripts expect it by this name."""
        return self.root / "scripts" / "body_to_render.blend"

    @property
    def face_template(self) -> Path:
        """The user's own template of faces, with a scene `mesh-NNN` for each actor."""
        return self.root / "scripts" / "face_ict_to_render.blend"

    @property
    def body_job(self) -> Path:
        return self.root / "scripts" / "body_render_job.txt"

    @property
    def face_job(self) -> Path:
        return self.root / "scripts" / "face_render_job.txt"

    def motion(self, performance: PerformanceId) -> Path:
        """The body motion to render: the retargeted BVH, or the raw one where that is not there."""
        retargeted = self.bvhs_retarget / f"{performance}.bvh"
        raw = self.bvhs / f"{performance}.bvh"
        return raw if raw.is_file() and not retargeted.is_file() else retargeted

    def face_arkit(self, performance: PerformanceId) -> Path:
        return self.recordings / "face_arkit" / f"{performance}.npy"

    def face_ict(self, performance: PerformanceId) -> Path:
        return self.recordings / "face_ict" / f"{performance}.npy"

    def face_weights(self, performance: PerformanceId) -> Path:
        """The weights to render a face by: ICT's, or ARKit's where those are not there."""
        own, other = self.face_ict(performance), self.face_arkit(performance)
        if other.is_file() and not own.is_file():
            return other
        return self._or_loose(own)

    def face_ict_template(self, actor: str) -> Path:
        return self.root / "face_ict_templates" / f"{actor}.obj"

    def wav(self, performance: PerformanceId) -> Path:
        return self._or_loose(self.recordings / "wav" / f"{performance}.wav")

    def _or_loose(self, path: Path) -> Path:
        """A subset's file, or the one of its name in the subset's own folder where only that is there."""
        loose = self.recordings / path.name
        return loose if self.subset and loose.is_file() and not path.is_file() else path

"""A video of rendered pictures, without ffmpeg: another Blender makes it, without a window and beside this one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import bpy

from ..dataset import png
from ..dataset.errors import DatasetError
from ..dataset.layout import FPS
from . import render

#: What that Blender runs. It has the extension under a name of its own, as nothing is installed in it.
_EXPRESSION = """\
import importlib, importlib.util, sys
spec = importlib.util.spec_from_file_location("interact", {init!r}, submodule_search_locations=[{folder!r}])
sys.modules["interact"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules["interact"])
importlib.import_module("interact.scene.encode").main()
"""


class Encoder:
    """Makes a video of the pictures `0001.png` ... of a folder; never waited for."""

    def __init__(self, pictures: Path, first: int, last: int, video: Path, log: Path) -> None:
        """Begin; DatasetError where Blender cannot be started, or the log not be written."""
        self._log = log
        package = Path(__file__).resolve().parent.parent
        expression = _EXPRESSION.format(init=str(package / "__init__.py"), folder=str(package))
        command = [bpy.app.binary_path, "-b", "--factory-startup", "--disable-autoexec", "--python-exit-code", "1"]
        command += ["--python-expr", expression, "--", json.dumps([str(pictures), first, last, str(video)])]
        try:
            with open(log, "wb") as file:
                self._process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT
                )
        except OSError as error:
            raise DatasetError(f"{command[0]}: cannot be started ({error.strerror or error})") from error

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def require_success(self) -> None:
        """DatasetError with Blender's last words where it has failed."""
        if self._process.poll() != 0:
            said = self._log.read_text("utf-8", "replace").split("\n") if self._log.is_file() else []
            last = [line.strip() for line in said if "Error" in line][-1:] or [f"exit code {self._process.poll()}"]
            raise DatasetError(f"the pictures cannot be made a video: {last[0]}; {self._log} has all that Blender said")

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()


def main() -> None:
    """What the other Blender does: its arguments are folder, first and last frame, and the video."""
    pictures, first, last, video = json.loads(sys.argv[sys.argv.index("--") + 1])
    encode(Path(pictures), first, last, Path(video))


def encode(pictures: Path, first: int, last: int, video: Path) -> None:
    """Make a video of the pictures of frames first..last, with the settings and colours of one that is rendered."""
    scene = bpy.data.scenes.new("pictures")
    settings = scene.render
    settings.resolution_x, settings.resolution_y = png.size_of(pictures / f"{first:04d}.png")
    settings.resolution_percentage, settings.fps, settings.fps_base = 100, FPS, 1.0
    # The pictures have the colours that are shown already.
    scene.display_settings.display_device = "sRGB"
    scene.view_settings.view_transform, scene.view_settings.look = "Standard", "None"
    scene.sequencer_colorspace_settings.name = "sRGB"
    strip = _strips(scene).new_image("pictures", str(pictures / f"{first:04d}.png"), 1, first)
    for frame in range(first + 1, last + 1):
        strip.elements.append(f"{frame:04d}.png")
    strip.frame_final_duration = last - first + 1
    settings.use_sequencer, settings.use_compositing = True, False
    render.set_up_video(scene, first, last, video)
    bpy.ops.render.render(animation=True, scene=scene.name)


def _strips(scene: bpy.types.Scene) -> Any:
    """The sequencer's own strips: `sequences` until 4.3."""
    editor = scene.sequence_editor_create()
    return editor.strips if hasattr(editor, "strips") else editor.sequences

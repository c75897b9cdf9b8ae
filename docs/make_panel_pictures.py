"""Makes panel_VERSION.png of this folder, the panel in a window of a Blender application, for each that is named.

`PYTHONPATH=. python docs/make_panel_pictures.py BLENDER ...` needs the bpy module, the people's data (`interact-farm
template fetch`) and Debian's xvfb and imagemagick.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from blender_addon.dataset.layout import Dataset
from farm import assets, templates
from farm.blender import Blender, find
from farm.demo import maker
from tests.blender import pictured_window

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "pictures"


def main(applications: list[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="panel-") as name:
        folder = Path(name)
        made = maker.make_dataset(folder / "interact", scenes=6, seconds=6.0)
        job = folder / "interact" / "scripts" / "body_render_job.txt"
        job.parent.mkdir(exist_ok=True)
        job.write_text("".join(f"{scene}\n" for scene in made.scenes) + "20231119_899\n")
        (made.root / "body_renders").mkdir(exist_ok=True)
        (made.root / "body_renders" / f"{made.scenes[1]}.mp4").touch()
        job_in_file = f"//{job.relative_to(folder)}"
        template = folder / "people.blend"
        templates.make(template, Dataset.at(made.root), Blender(None, "module"), str(assets.there()))
        for application in applications:
            blender = find(application)
            out = folder / "out"
            out.mkdir()
            script = ROOT / "tests" / "blender" / "panel_window.py"
            arguments = [ROOT, "//interact", job_in_file, out]
            pictured_window.run(Path(application), template, script, arguments, out, timeout=300)
            version = re.match(r"\d+\.\d+", blender.version)
            assert version
            target = PICTURES / f"panel_{version[0]}.png"
            subprocess.run(
                ["convert", str(out / "panel.png"), "-crop", "1330x975+0+0", "+repage", "-colors", "200", str(target)],
                check=True,
            )
            shutil.rmtree(out)
            print(target)


if __name__ == "__main__":
    main(sys.argv[1:])

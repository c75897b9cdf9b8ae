"""What the panel costs in a Blender application's window: a redraw with 241 scenes, and compositing against a worker's.

A redraw is timed by what Blender calls for it: the `draw` of every panel of the sidebar's tab, lists and their filter
included, all sub-panels open; once as it is, once with a search. Compositing is a pair of 4,000 frames, onto a template
without actions: as a worker does it, and by the operator with voices in the sequencer and the undo step, in turns.
Targets: at most 2 ms a redraw; at most 1.3 times the worker's time.
Run: python tests/benchmarks/bench_panel.py BLENDER   (needs Debian's xvfb)
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCENES, FRAMES, REDRAWS, ROUNDS = 241, 4000, 60, 5
MOST_MS, OVER_WORKER = 2.0, 1.3


def outside(application: str) -> int:
    """Make the data, start the window and print what was measured in it."""
    sys.path.insert(0, str(ROOT))
    from blender_addon.dataset.layout import Dataset
    from farm import templates
    from farm.blender import Blender
    from farm.demo import maker
    from tests.blender import pictured_window

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = maker.make_dataset(folder / "data", seconds=FRAMES / 30, scenes=1)
        job = folder / "job.txt"
        job.write_text(f"{made.scenes[0]}\n")
        template = folder / "template.blend"
        templates.make(template, Dataset.at(made.root), Blender(None, "module"))
        arguments = [made.root, job, folder]
        log = pictured_window.run(Path(application), template, Path(__file__), arguments, folder, timeout=500)
        if not (folder / "measured.json").is_file():
            print(log)
            return 1
        measured = json.loads((folder / "measured.json").read_text())
    print(f"Blender {measured['version']}, {ROUNDS} rounds of {FRAMES} frames, {os.cpu_count()} cores")
    print(f"{REDRAWS} redraws of {measured['panels']} panels with {SCENES} scenes")
    redraw = [statistics.median(measured[kind]) for kind in ("redraw", "search")]
    for kind, middle in zip(("redraw", "search"), redraw, strict=True):
        print(f"{kind:10} best {min(measured[kind]):7.2f} ms   median {middle:7.2f} ms   target at most {MOST_MS}")
    for kind in ("worker", "panel"):
        print(f"{kind:10} best {min(measured[kind]):7.2f} s    median {statistics.median(measured[kind]):7.2f} s")
    ratios = [pick(measured["panel"]) / pick(measured["worker"]) for pick in (min, statistics.median)]
    print(f"panel / worker   best {ratios[0]:.2f}   median {ratios[1]:.2f}   target at most {OVER_WORKER}")
    return 0 if max(redraw) <= MOST_MS and ratios[1] <= OVER_WORKER else 1


def inside(data: str, job: str, folder: Path) -> None:
    """Measure in the window."""
    import bpy

    bpy.context.preferences.view.show_splash = False
    sys.path.insert(0, str(ROOT))
    import blender_addon

    blender_addon.register()
    measured: dict[str, object] = {"version": bpy.app.version_string}
    steps = _measure(bpy, data, job, measured)

    def step() -> float:
        try:
            next(steps)
        except StopIteration:
            (folder / "measured.json").write_text(json.dumps(measured))
            sys.stdout.flush()
            os._exit(0)
        except Exception:  # noqa: BLE001 - whoever started this window prints it
            sys.excepthook(*sys.exc_info())
            sys.stderr.flush()
            os._exit(1)
        return 0.02

    bpy.app.timers.register(step, first_interval=1.0)


def _measure(bpy, data: str, job: str, measured: dict) -> Iterator[None]:
    from blender_addon.ui import panel, scene_list

    window = bpy.context.window_manager.windows[0]
    area = max((a for a in window.screen.areas if a.type == "VIEW_3D"), key=lambda a: a.width * a.height)
    side = next(region for region in area.regions if region.type == "UI")
    scene = window.scene
    settings = scene.interact
    area.spaces.active.show_region_ui = True
    spent: list[float] = []
    for kind in (panel._Main, panel._Scenes, panel._Rigs, panel._Missing, panel._Options, panel._Look, panel._Findings):
        kind.draw = _timed(kind.draw, spent)
        kind.bl_options = set()
    panel.unregister()
    for kind in panel._CLASSES:
        kind.bl_options = set()
    panel.register()
    yield
    side.active_panel_category = "InterAct"
    settings.data_root, settings.job_file = data, job
    bpy.ops.interact.detect_rigs()

    measured["worker"], measured["panel"] = [], []
    for _ in range(ROUNDS):
        for kind, work in (("worker", _as_worker), ("panel", _by_operator)):
            bpy.ops.interact.clear() if bpy.ops.interact.clear.poll() else None
            yield
            start = time.perf_counter()
            work(bpy, scene)
            measured[kind].append(time.perf_counter() - start)
            yield

    first = settings.lines[0]
    for number in range(1, SCENES):
        line = settings.lines.add()
        line.name, line.actors, line.emotion = f"20231119_{number:03d}", first.actors, ("anger", "joy")[number % 2]
        line.seconds, line.state = 10.0 + number, ("NONE", "PARTLY", "DONE")[number % 3]
    for number in range(40):
        settings.findings.add().name = (
            f"20231119_{number:03d}: actor 001: face has 3999 of 4000 frames, and wav has 3998"
        )
    filter_items = scene_list.INTERACT_UL_lines.filter_items
    for kind, search in (("redraw", ""), ("search", "anger")):
        scene_list.INTERACT_UL_lines.filter_items = _searching(filter_items, search)
        measured[kind] = []
        for _ in range(REDRAWS):
            spent.clear()
            side.tag_redraw()
            while not spent:
                yield
            measured[kind].append(1000 * sum(spent))
        measured["panels"] = len(spent)


def _timed(draw: Callable, spent: list[float]) -> Callable:
    def timed(self, context) -> None:
        start = time.perf_counter()
        draw(self, context)
        spent.append(time.perf_counter() - start)

    return timed


def _searching(filter_items: Callable, search: str) -> Callable:
    """A list's filter as it is where a user has typed something."""

    def filtered(self, context, data, name):
        self.filter_name = search
        return filter_items(self, context, data, name)

    return filtered


def _as_worker(bpy, scene) -> None:
    from blender_addon.dataset.naming import SceneId
    from blender_addon.scene import composite
    from blender_addon.ui import chosen

    name = SceneId.parse(scene.interact.lines[0].name)
    composite.composite(scene, chosen.dataset_of(scene), name, table=composite.table_of(bpy.data.filepath))


def _by_operator(bpy, _scene) -> None:
    bpy.ops.interact.composite("EXEC_DEFAULT", True)  # with its undo step


if __name__ == "__main__":
    if "--" in sys.argv:
        wanted = sys.argv[sys.argv.index("--") + 1 :]
        inside(wanted[0], wanted[1], Path(wanted[2]))
    else:
        sys.exit(outside(sys.argv[1]))

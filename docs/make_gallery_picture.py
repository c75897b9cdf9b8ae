"""Makes gallery.png of this folder from a real run: `python docs/make_gallery_picture.py` (bpy module, some minutes).

It needs chromium, chromedriver and selenium. Scene 3 fails: its Blender is killed whenever it has drawn ten frames.
"""

import base64
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from farm import plan, runs
from farm.blender import WORKER
from farm.demo import maker
from farm.errors import FarmError

PICTURE = Path(__file__).parent / "pictures" / "gallery.png"
SCENES, DEADLY = 6, 2
FRAMES_BEFORE = 10
WIDTH, HEIGHT = 1240, 1610


def blender(deadly: str, arguments: list[str]) -> None:
    """Stands in for the Blender application: a worker in the bpy module that dies in the scene `deadly`."""
    if "--version" in arguments:
        print("Blender 4.5.0")
        return
    told = Path(arguments[-1])
    worker = subprocess.Popen([sys.executable, "-P", str(WORKER), *arguments[arguments.index("--") + 1 :]])

    def watch() -> None:
        while worker.poll() is None:
            lines = [json.loads(line) for line in told.read_text().splitlines(keepends=True) if line.endswith("\n")]
            drawn = [line for line in lines if line["event"] == "frame" and line["id"].startswith(deadly)]
            if len(drawn) >= FRAMES_BEFORE:
                os.kill(worker.pid, signal.SIGSEGV)
            time.sleep(0.05)

    threading.Thread(target=watch, daemon=True).start()
    code = worker.wait()
    os._exit(code if code >= 0 else 128 - code)


def wait_for_variety(outputs: plan.Outputs) -> runs.Status:
    """Until two scenes are done, one has failed, and one is being drawn."""
    while True:
        time.sleep(0.2)
        try:
            status = runs.status(outputs)
        except FarmError:
            continue  # it has not begun
        drawn = [task for task in status.tasks if task.state == "rendering" and 0 < task.frames_done < task.frames]
        if status.count("done") >= 2 and status.count("failed") and drawn:
            return status
        if status.state != "running":
            raise SystemExit(f"the run ended before there was a picture: {status.problem}")


def photograph(address: str) -> None:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--hide-scrollbars", f"--window-size={WIDTH},{HEIGHT}"):
        options.add_argument(argument)
    driver = webdriver.Chrome(options, Service(shutil.which("chromedriver")))
    metrics = {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    driver.get(address)
    time.sleep(3)
    driver.execute_script("for (const log of document.querySelectorAll('.log')) log.open = true")
    time.sleep(0.5)
    PICTURE.write_bytes(base64.b64decode(driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})["data"]))
    driver.quit()


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="interact-") as name:
        folder = Path(name)
        made = maker.make_dataset(folder / "data", scenes=SCENES, seconds=3)
        stand_in = folder / "blender"
        deadly = str(made.scenes[DEADLY])
        stand_in.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{Path(__file__).absolute()}" blender {deadly} "$@"\n')
        stand_in.chmod(0o755)
        farm = [sys.executable, "-c", "from farm.cli import run; run()"]
        look = ["--quality", "draft", "--size", "640x360", "--chunk", "15", "--workers", "1"]
        job = str(made.root / "scripts" / "body_render_job.txt")
        command = [*farm, "body", "render", job, "--data", str(made.root), "--blender", str(stand_in), *look]
        run = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        served = None
        try:
            wait_for_variety(plan.Outputs(made.root))
            show = [*farm, "runs", "gallery", "--data", str(made.root), "--serve", "0"]
            served = subprocess.Popen(show, stdout=subprocess.PIPE, text=True)
            assert served.stdout is not None
            photograph(served.stdout.readline().split()[0])
        finally:
            for process in filter(None, (served, run)):
                process.send_signal(signal.SIGINT)
                process.wait(60)


if __name__ == "__main__":
    if sys.argv[1:2] == ["blender"]:
        blender(sys.argv[2], sys.argv[3:])
    else:
        main()

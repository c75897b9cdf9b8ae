"""Injects a fault: a Blender whose worker is killed as soon as it renders the scene that DEADLY_SCENE names.

Started like the Blender application; everything else goes on to a real worker in the bpy module.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from farm.blender import WORKER

if "--version" in sys.argv:
    print("Blender 4.5.0")
    raise SystemExit

arguments = sys.argv[sys.argv.index("--") + 1 :]
worker = subprocess.Popen([sys.executable, "-P", str(WORKER), *arguments], stdin=subprocess.PIPE)


def feed() -> None:
    for line in sys.stdin.buffer:
        if os.environ["DEADLY_SCENE"].encode() in line and b'"do": "render"' in line:
            while '"ready"' not in Path(arguments[-1]).read_text():
                time.sleep(0.05)
            worker.kill()
            return
        worker.stdin.write(line)
        worker.stdin.flush()
    worker.stdin.close()


threading.Thread(target=feed, daemon=True).start()
code = worker.wait()
sys.stdout.flush()
os._exit(code if code >= 0 else 128 - code)

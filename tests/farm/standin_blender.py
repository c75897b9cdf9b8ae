"""A stand-in for the Blender application that renders real videos at once, and meets the faults it is told to.

FAULTS names a folder: `ID.N` in it is the fault, of FAULTS below, that the N-th worker to begin the chunk ID meets;
what was met gets the suffix `.met`. What has become whole and under its final name is added to `whole` there.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from fractions import Fraction
from pathlib import Path

#: Faults that lose nothing: the chunk becomes whole, and what comes after that goes wrong, or what is beside it.
AFTER = ("dies untold", "says nothing", "driver dies untold")
HARMLESS = ("tells nonsense", "logs go", "events go", *AFTER)
FAULTS = (
    "killed", "crashes", "exits well", "exits badly", "fails", "renders nothing", "renders short", "cuts off",
    "renders another", "half a picture", "hangs", "leaves a child", "driver dies", "both die", *HARMLESS,
)  # fmt: skip

#: What is no event: half a line, other bytes, other shapes, unknown kinds, somebody else's chunk, a lie.
NONSENSE = (
    b'{"event": "frame", "id": "20231', b"\x00\xff\xfe\x80", b"[]", b"nul", b'{"id": 1}', b"[" * 9999,
    b'{"event": "sings"}', b'{"event": "frame", "id": "x", "frame": 1}', b'{"event": "rendered", "id": "x"}',
    b'{"event": "rendered", "id": "x", "load_seconds": 1, "render_seconds": 1}',
    b'{"event": "rendered", "id": ["x"], "load_seconds": NaN, "render_seconds": "1"}', b"",
)  # fmt: skip


class Worker:
    def __init__(self, events: Path, faults: Path) -> None:
        self.events, self.faults = events, faults
        self.file = open(events, "ab", buffering=0)  # noqa: SIM115 - for the worker's whole life
        self.tell("ready")

    def tell(self, event: str, **facts: object) -> None:
        self.file.write(json.dumps({"event": event, **facts}).encode() + b"\n")

    def render(self, request: dict) -> None:
        fault = self.claim(request["id"])
        path, first, last = Path(request["output"]), request["first"], request["last"]
        self.tell("rendering", id=request["id"])
        for frame in range(first, last + 1):
            self.tell("frame", id=request["id"], frame=frame)
        if fault and fault not in AFTER and self.meets(fault, request):
            return
        spoilt = fault in ("renders short", "cuts off", "renders another")
        self.write(path, request, fault)
        if not spoilt:
            with open(self.faults / "whole", "ab", buffering=0) as whole:
                whole.write(request["id"].encode() + b"\n")
        if fault == "dies untold":
            os.kill(os.getpid(), signal.SIGKILL)
        if fault == "driver dies untold":
            self.kill_driver()
            time.sleep(600)  # the end of its feed ends it
        if fault != "says nothing":
            self.tell("rendered", id=request["id"], load_seconds=0.0, render_seconds=0.01)

    def claim(self, name: str) -> str:
        for planned in sorted(self.faults.glob(f"{name}.[0-9]")):
            planned.rename(planned.with_name(f"{planned.name}.met"))
            return planned.with_name(f"{planned.name}.met").read_text()
        return ""

    def meets(self, fault: str, request: dict) -> bool:
        """Have a fault before the chunk is whole; whether that is all there is to it."""
        me = os.getpid()
        if fault in ("killed", "crashes"):
            os.kill(me, signal.SIGKILL if fault == "killed" else signal.SIGSEGV)
        elif fault in ("exits well", "exits badly"):
            os._exit(0 if fault == "exits well" else 7)
        elif fault == "fails":
            self.tell("failed", id=request["id"], error="RuntimeError: \udce9", bad_input=False)
            return True
        elif fault == "renders nothing":
            self.tell("rendered", id=request["id"], load_seconds=0.0, render_seconds=0.01)
            return True
        elif fault == "half a picture":
            path = Path(request["output"])
            path.parent.mkdir(parents=True, exist_ok=True)
            beside(path).write_bytes(b"half")
            os.kill(me, signal.SIGKILL)
        elif fault == "tells nonsense":
            self.file.write(b"\n".join(NONSENSE))
            self.file.write(b"\n")
        elif fault == "hangs":
            os.kill(me, signal.SIGSTOP)
        elif fault == "leaves a child":
            subprocess.Popen(["sleep", "600"])
            os.kill(me, signal.SIGKILL)
        elif fault in ("driver dies", "both die"):
            self.kill_driver()
            if fault == "both die":
                os.kill(me, signal.SIGKILL)
            time.sleep(600)
        elif fault == "logs go":
            shutil.rmtree(self.events.parent, ignore_errors=True)
        elif fault == "events go":
            self.events.unlink(missing_ok=True)
        return False

    def write(self, path: Path, request: dict, fault: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        first, last = request["first"], request["last"]
        if fault == "renders another":
            first, last = first + 7, last + 7
        note = f"{request['tag']} frames {first}-{last}"
        encode(beside(path), request["scene"], first, last - (fault == "renders short"), note)
        if fault == "cuts off":
            os.truncate(beside(path), beside(path).stat().st_size * 2 // 3)
        os.replace(beside(path), path)

    def kill_driver(self) -> None:
        """If it still is who started this."""
        parent = os.getppid()
        if b"farm.cli" in Path(f"/proc/{parent}/cmdline").read_bytes():
            os.kill(parent, signal.SIGKILL)


def beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.{socket.gethostname()}-{os.getpid()}.partial")


def encode(path: Path, scene: str, first: int, last: int, note: str) -> None:
    """Pictures that are another for each scene and frame, and always the same for these."""
    import av
    import numpy as np

    with av.open(str(path), "w", format="matroska") as container:
        container.metadata["NOTE"] = note
        stream = container.add_stream("libx264", rate=30, options={"preset": "ultrafast", "bf": "0", "threads": "1"})
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 30)
        for number, frame in enumerate(range(first, last + 1)):
            noise = np.random.default_rng([frame, *scene.encode()]).integers(0, 255, (4, 4, 3), dtype=np.uint8)
            picture = av.VideoFrame.from_ndarray(np.kron(noise, np.ones((8, 8, 1), dtype=np.uint8)))
            picture.pts = number
            container.mux(stream.encode(picture))
        container.mux(stream.encode())


def plan_faults(folder: Path, chunks: list[str], count: int, rng: random.Random) -> Counter[str]:
    """Plan so many faults for workers that begin chunks with these ids; how many there are of each.

    Each is met: what loses nothing comes last, and once a chunk.
    """
    folder.mkdir(parents=True)
    planned: dict[str, list[str]] = {name: [] for name in chunks}
    kinds = [*FAULTS, *rng.choices(FAULTS, k=count)][:count]
    for kind in kinds:
        open_to = [name for name, there in planned.items() if len(there) < 9 and not (there and there[-1] in HARMLESS)]
        name = rng.choice(open_to)
        planned[name].append(kind)
    for name, there in planned.items():
        for number, kind in enumerate(there):
            (folder / f"{name}.{number}").write_text(kind)
    return Counter(kinds)


def main() -> None:
    if "--version" in sys.argv:
        print("Blender 4.5.0")
        return
    worker = Worker(Path(sys.argv[sys.argv.index("--events") + 1]), Path(os.environ["FAULTS"]))
    lines: list[str] = []
    there = threading.Condition()

    def listen() -> None:
        ended = False
        for line in sys.stdin:
            ended = json.loads(line)["do"] == "end"
            with there:
                lines.append(line)
                there.notify()
        if not ended:
            os._exit(4)

    threading.Thread(target=listen, daemon=True).start()
    while True:
        with there:
            there.wait_for(lambda: lines)
            request = json.loads(lines.pop(0))
        if request["do"] == "end":
            break
        worker.render(request)
    worker.tell("end")
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()

"""The room of the built-in stage: floor boards, four walls that stand where a scene needs them, quiet furniture.

Lengths are metres, in the axes of the stage's root: X to the right and Y away from the camera, the people's
middle at the origin. A wall's own axes are X along it, Y into it, Z up; its furniture hangs on it and comes at
most `FURNITURE` out of it. Colours are plain materials, which Workbench shows as EEVEE and Cycles do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import bpy
import numpy as np

#: The walls, and by how many quarter turns each is turned from the one behind the people.
WALLS = {"back": 0, "left": 1, "front": 2, "right": 3}
#: How far furniture comes out of its wall.
FURNITURE = 0.5
#: How far along its wall furniture reaches from the middle, behind the people and at their sides.
REACH_BEHIND, REACH_BESIDE = 3.9, 1.6

#: Walls are longer and higher than any picture shows: what lies behind another wall is not seen.
_LENGTH, _HEIGHT, _THICKNESS = 400.0, 14.0, 0.1
_SKIRTING = 0.11
#: Floor boards: the square that they cover, a board's width and length; farther out the floor is plain.
_BOARDS, _BOARD_WIDTH, _BOARD_LENGTH = 36.0, 0.19, 2.4
_RUG, _RUG_RIM = 1.75, 0.10

#: Linear colours: as lamps light them, and in Workbench, whose light is another.
_COLOURS = {
    "wall": ((0.53, 0.51, 0.48), (0.73, 0.72, 0.70)),
    "skirting": ((0.70, 0.70, 0.68), (0.95, 0.95, 0.94)),
    "board 0": ((0.300, 0.214, 0.145), (0.665, 0.515, 0.385)),
    "board 1": ((0.326, 0.234, 0.160), (0.710, 0.552, 0.415)),
    "board 2": ((0.272, 0.193, 0.130), (0.625, 0.482, 0.360)),
    "board 3": ((0.348, 0.254, 0.176), (0.745, 0.585, 0.445)),
    "rug": ((0.42, 0.41, 0.38), (0.80, 0.79, 0.75)),
    "rug rim": ((0.32, 0.31, 0.29), (0.66, 0.65, 0.62)),
    "wood": ((0.26, 0.17, 0.105), (0.36, 0.25, 0.165)),
    "white": ((0.66, 0.66, 0.64), (0.84, 0.84, 0.82)),
    "dark": ((0.06, 0.06, 0.065), (0.13, 0.13, 0.14)),
    "sage": ((0.26, 0.31, 0.27), (0.38, 0.44, 0.40)),
    "sand": ((0.50, 0.42, 0.32), (0.68, 0.59, 0.47)),
    "pot": ((0.42, 0.41, 0.39), (0.55, 0.54, 0.52)),
    "leaf": ((0.07, 0.15, 0.065), (0.13, 0.26, 0.13)),
    "pane": ((0.80, 0.88, 0.95), (0.93, 0.98, 1.0)),
}  # fmt: skip
#: How bright a window's pane is.
_DAYLIGHT = 0.2


def build() -> list[bpy.types.Object]:
    """Floor, rug, walls and furniture, in no collection yet; furniture has its wall as parent."""
    materials = {name: _material(name) for name in _COLOURS}
    things = [_floor(materials), _rug(materials)]
    for side in WALLS:
        wall = _wall(side, materials)
        furniture = _Shape()
        for piece, x in _FURNISHED[side]:
            piece(furniture, x)
        hung = furniture.as_object(f"interact_furniture_{side}", materials)
        hung.parent = wall
        hung.display.show_shadows = False  # Workbench's one hard light would draw them all over the walls
        things += [wall, hung]
    return things


def name_of(side: str) -> str:
    """The name that a wall's object is built with."""
    return f"interact_wall_{side}"


def stand(walls: Mapping[str, bpy.types.Object], distances: Mapping[str, float]) -> None:
    """Put each wall (by its side) at its distance from the origin; a side without a distance is open."""
    for side, wall in walls.items():
        angle = WALLS[side] * np.pi / 2.0
        away = distances.get(side, 0.0)
        wall.location = (-np.sin(angle) * away, np.cos(angle) * away, 0.0)
        for thing in (wall, *wall.children):
            thing.hide_render = thing.hide_viewport = side not in distances


class _Shape:
    """A mesh put together from boxes and sheets."""

    def __init__(self) -> None:
        self.vertices: list[np.ndarray] = []
        self.faces: list[list[int]] = []
        self.materials: list[str] = []
        self._count = 0

    def sheet(self, grid: np.ndarray, material: str) -> None:
        """Quads over a grid of vertices (rows, columns, 3)."""
        rows, columns = grid.shape[:2]
        corners = np.arange(rows * columns).reshape(rows, columns) + self._count
        quads = np.stack((corners[:-1, :-1], corners[:-1, 1:], corners[1:, 1:], corners[1:, :-1]), axis=-1)
        self._add(grid.reshape(-1, 3), quads.reshape(-1, 4).tolist(), material)

    def box(self, low: tuple[float, float, float], high: tuple[float, float, float], material: str) -> None:
        """A box between two corners."""
        corners = np.array(
            [[(x, y, z) for x in (low[0], high[0])] for z in (low[2], high[2]) for y in (low[1], high[1])]
        )
        quads = [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)]
        self._add(corners.reshape(-1, 3), [[n + self._count for n in quad] for quad in quads], material)

    def lathe(
        self, centre: tuple[float, float], profile: list[tuple[float, float]], material: str, corners: int = 24
    ) -> None:
        """What turns about an upright through (x, y): profile of (radius, height), from the bottom up."""
        around = np.linspace(0.0, 2.0 * np.pi, corners + 1)
        radius, height = np.array(profile).T[:, :, None]
        x, y = centre[0] + radius * np.cos(around), centre[1] + radius * np.sin(around)
        self.sheet(np.stack((x, y, np.broadcast_to(height, x.shape)), axis=-1), material)

    def as_object(self, name: str, materials: Mapping[str, bpy.types.Material]) -> bpy.types.Object:
        mesh = bpy.data.meshes.new(name)
        mesh.from_pydata(np.concatenate(self.vertices).tolist(), [], self.faces)
        used = sorted(set(self.materials))
        for material in used:
            mesh.materials.append(materials[material])
        mesh.polygons.foreach_set("material_index", [used.index(material) for material in self.materials])
        return bpy.data.objects.new(name, mesh)

    def _add(self, vertices: np.ndarray, faces: list[list[int]], material: str) -> None:
        self.vertices.append(vertices)
        self.faces += faces
        self.materials += [material] * len(faces)
        self._count += len(vertices)


def _floor(materials: Mapping[str, bpy.types.Material]) -> bpy.types.Object:
    """Boards that run away from the camera, their ends at random, on a plain floor that never ends."""
    shape, random = _Shape(), np.random.default_rng(3)
    half = _BOARDS / 2.0
    far = _LENGTH / 2.0
    shape.sheet(np.array([[(x, y, -0.004) for x in (-far, far)] for y in (-far, far)]), "board 0")
    last = ""
    for x in np.arange(-half, half, _BOARD_WIDTH):
        ends = np.arange(-half - _BOARD_LENGTH * random.uniform(), half, _BOARD_LENGTH)
        for y in ends:
            tone = str(random.choice([f"board {n}" for n in range(4) if f"board {n}" != last]))
            shape.sheet(np.array([[(a, b, 0.0) for a in (x, x + _BOARD_WIDTH)] for b in (y, y + _BOARD_LENGTH)]), tone)
            last = tone
    return _without_shadow(shape.as_object("interact_floor", materials))


def _rug(materials: Mapping[str, bpy.types.Material]) -> bpy.types.Object:
    """A round rug, thin enough to be walked on."""
    shape = _Shape()
    inner = _RUG - _RUG_RIM
    shape.lathe((0.0, 0.0), [(_RUG, 0.003), (inner, 0.003)], "rug rim", 72)
    shape.lathe((0.0, 0.0), [(inner, 0.003), (0.001, 0.003)], "rug", 72)
    return _without_shadow(shape.as_object("interact_rug", materials))


def _wall(side: str, materials: Mapping[str, bpy.types.Material]) -> bpy.types.Object:
    """A wall with its skirting board; lamps may stand behind it."""
    shape = _Shape()
    half = _LENGTH / 2.0
    shape.box((-half, 0.0, -0.1), (half, _THICKNESS, _HEIGHT), "wall")
    shape.sheet(_upright(-half, half, -0.1, _SKIRTING, 0.004), "skirting")
    wall = _without_shadow(shape.as_object(name_of(side), materials), lamps=False)  # some stand behind it
    wall.rotation_euler = (0.0, 0.0, WALLS[side] * np.pi / 2.0)
    return wall


def _window(shape: _Shape, x: float) -> None:
    """A tall window with four panes and a sill."""
    wide, low, high, bar = 0.75, 0.75, 2.45, 0.035
    shape.sheet(_upright(x - wide, x + wide, low, high, 0.006), "pane")
    for a in (-wide, -bar / 2.0, wide - bar):
        shape.sheet(_upright(x + a, x + a + bar, low, high, 0.010), "white")
    for z in (low, 1.85, high - bar):
        shape.sheet(_upright(x - wide, x + wide, z, z + bar, 0.010), "white")
    for left, right, bottom, top in (
        (-wide - 0.09, -wide, low, high + 0.09), (wide, wide + 0.09, low, high + 0.09),
        (-wide, wide, high, high + 0.09),
    ):  # fmt: skip
        shape.sheet(_upright(x + left, x + right, bottom, top, 0.008), "white")
    shape.box((x - wide - 0.13, -0.12, low - 0.04), (x + wide + 0.13, 0.0, low), "white")


def _sideboard(shape: _Shape, x: float) -> None:
    """A low sideboard of three doors on thin legs, with a few things on it."""
    wide, deep, low, high = 0.9, 0.42, 0.16, 0.66
    shape.box((x - wide, -deep + 0.01, low), (x + wide, -0.02, high - 0.025), "white")
    shape.box((x - wide - 0.015, -deep, high - 0.025), (x + wide + 0.015, -0.02, high), "wood")
    for n in range(3):
        left, front = x - wide + 0.6 * n, deep - 0.008
        shape.sheet(_upright(left + 0.28, left + 0.32, high - 0.085, high - 0.070, front), "dark")
        if n:
            shape.sheet(_upright(left - 0.007, left + 0.007, low, high - 0.025, front), "pot")
    for a in (-wide + 0.05, wide - 0.08):
        for y in (-deep + 0.04, -0.09):
            shape.box((x + a, y, 0.0), (x + a + 0.03, y + 0.03, low), "wood")
    for n, (tall, material) in enumerate(((0.23, "sage"), (0.21, "sand"), (0.25, "pot"), (0.22, "dark"))):
        shape.box((x - 0.74 + 0.042 * n, -0.30, high), (x - 0.702 + 0.042 * n, -0.13, high + tall), material)
    shape.lathe((x + 0.55, -0.21), [(0.03, high), (0.09, high + 0.07), (0.075, high + 0.16), (0.03, high + 0.24),
                                    (0.04, high + 0.28), (0.03, high + 0.24)], "sage")  # fmt: skip


def _bench(shape: _Shape, x: float) -> None:
    """A low bench with a cushion."""
    shape.box((x - 0.8, -0.44, 0.36), (x + 0.8, -0.04, 0.40), "wood")
    shape.box((x - 0.78, -0.43, 0.40), (x + 0.78, -0.05, 0.45), "sage")
    for a in (-0.74, 0.70):
        shape.box((x + a, -0.42, 0.0), (x + a + 0.04, -0.06, 0.36), "wood")


def _picture(shape: _Shape, x: float) -> None:
    """A framed print of three plain shapes."""
    low, high, wide = 1.22, 1.98, 0.29
    shape.box((x - wide, -0.025, low), (x + wide, 0.0, high), "dark")
    for (a, b, c, d), out, material in (
        ((-0.265, 0.265, 0.025, 0.735), 0.027, "white"), ((-0.16, 0.16, 0.13, 0.34), 0.029, "sage"),
        ((-0.16, 0.03, 0.36, 0.62), 0.029, "sand"), ((0.05, 0.16, 0.36, 0.62), 0.029, "pot"),
    ):  # fmt: skip
        shape.sheet(_upright(x + a, x + b, low + c, low + d, out), material)


def _plant(shape: _Shape, x: float) -> None:
    """A plant of long leaves in a pot."""
    y = -0.27
    pot = [(0.001, 0.0), (0.13, 0.0), (0.165, 0.36), (0.15, 0.36), (0.145, 0.31), (0.001, 0.31)]
    shape.lathe((x, y), pot, "pot")
    random = np.random.default_rng(8)
    along = np.linspace(0.0, 1.0, 7)
    for n in range(17):
        angle = 2.4 * n
        long, out = random.uniform(0.65, 1.05), random.uniform(0.06, 0.34)
        way = np.array((np.cos(angle), np.sin(angle)))
        reach = np.array((1.0, 0.55)) * out  # flat enough not to grow into the wall
        middle = np.column_stack((np.array((x, y)) + (0.03 + along[:, None] ** 2) * way * reach,
                                  0.30 + long * (along - 0.30 * out / 0.34 * along**3)))  # fmt: skip
        width = 0.034 * np.sin(np.pi * np.clip(along * 0.92 + 0.08, 0.0, 1.0)) ** 0.7
        across = np.array((-way[1], way[0], 0.0)) * width[:, None]
        fold = np.array((0.0, 0.0, 0.012))
        shape.sheet(np.stack((middle - across, middle - fold, middle + across), axis=1), "leaf")


#: What stands or hangs at each wall, and where along it: within REACH_BEHIND and REACH_BESIDE.
_FURNISHED: dict[str, tuple[tuple[Callable[[_Shape, float], None], float], ...]] = {
    "back": ((_window, -2.35), (_plant, -3.55), (_sideboard, 2.25), (_picture, 1.9), (_picture, 2.6)),
    "left": ((_picture, -0.35), (_picture, 0.35), (_bench, 0.0)),
    "front": ((_sideboard, -1.6), (_picture, -1.6), (_plant, 2.2)),
    "right": ((_window, 0.3), (_plant, -1.2)),
}


def _upright(left: float, right: float, low: float, high: float, out: float) -> np.ndarray:
    """A sheet's corners parallel to the wall, `out` metres before it: thin ledges would flicker in Workbench."""
    return np.array([[(x, -out, z) for x in (left, right)] for z in (low, high)])


def _without_shadow(thing: bpy.types.Object, *, lamps: bool = True) -> bpy.types.Object:
    """Not Workbench's shadow, which a sheet would throw over everything, nor, without `lamps`, that of the lamps."""
    thing.display.show_shadows = False
    thing.visible_shadow = lamps
    return thing


def _material(name: str) -> bpy.types.Material:
    lit, workbench = _COLOURS[name]
    material = bpy.data.materials.new(f"interact_{name}")
    if material.node_tree is None:
        material.use_nodes = True  # the default, and deprecated, from Blender 5.0
    shader = next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    shader.inputs["Base Color"].default_value = (*lit, 1.0)
    shader.inputs["Roughness"].default_value = 0.45 if name.startswith("board") else 0.85
    if name == "pane":
        shader.inputs["Emission Color"].default_value = (*lit, 1.0)
        shader.inputs["Emission Strength"].default_value = _DAYLIGHT
    material.diffuse_color = (*workbench, 1.0)
    material.roughness = 0.85
    return material

"""What the panel shows and remembers, as properties of the Blender scene: `scene.interact`.

All that is shown is kept here, so that drawing reads no file: operators, update callbacks and timers fill it.
"""

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from ..dataset import batch, layout
from ..scene import shots
from ..scene.options import CompositeOptions
from . import reading, translations
from .chosen import NAMED, SCENES, TEMPLATE

#: What lies in the output folders of a line's result; a line that cannot be rendered is BAD.
STATES = (
    ("NONE", "Not Rendered", "Nothing of it has been rendered"),
    ("PARTLY", "Partly Rendered", "Some of it has been rendered, or all without its sound"),
    ("DONE", "Rendered", "Its video is there"),
    ("BAD", "Cannot Be Rendered", "Something that it needs is missing"),
)

_CAMERAS = (
    (TEMPLATE, "Template's", "The camera of this file; where it has none, both people are framed"),
    ("auto", "Automatic", "Both people framed over the whole scene, followed where they would be small"),
    ("wide", "Wide", "More room around both"),
    ("side", "Side", "Square to the line between both"),
    ("over-A", "Over the Male's Shoulder", "From behind him; she is wholly in the picture"),
    ("over-B", "Over the Female's Shoulder", "From behind her; he is wholly in the picture"),
    ("orbit", "Orbit", "A slow circle around both"),
    (NAMED, "Chosen", "A camera of this file"),
)
assert {name for name, *_ in _CAMERAS} == {TEMPLATE, NAMED, *shots.KINDS}

_QUALITIES = (
    (TEMPLATE, "Template's", "As this file has it"),
    ("draft", "Draft", "Half the size, Workbench, no subdivision: to look at motion"),
    ("preview", "Preview", "To choose by"),
    ("final", "Final", "For a paper"),
)
assert {name for name, *_ in _QUALITIES} == {TEMPLATE, *batch.QUALITIES}


#: A path may be relative to the .blend file; from Blender 4.5 on a property has to say so.
_RELATIVE = {"PATH_SUPPORTS_BLEND_RELATIVE"} if bpy.app.version >= (4, 5, 0) else set()


def _is_armature(_owner: bpy.types.PropertyGroup, thing: bpy.types.Object) -> bool:
    return thing.type == "ARMATURE"


def _is_camera(_owner: bpy.types.PropertyGroup, thing: bpy.types.Object) -> bool:
    return thing.type == "CAMERA"


class InteractLine(bpy.types.PropertyGroup):
    """One line of the job: `name` is the scene's id, or the performance's where faces are rendered.

    actors: their ids with a space between, male first; seconds: 0 where it is not known; state: of STATES; problem:
    why it cannot be rendered; missing: what is less than whole, a sentence a line; progress: 0 to 1 while it is
    rendered, else negative.
    """

    number: IntProperty(name="Line")
    actors: StringProperty(name="Actors")
    seconds: FloatProperty(name="Seconds", unit="TIME_ABSOLUTE")
    emotion: StringProperty(name="Emotion")
    state: EnumProperty(name="State", items=STATES, default="NONE")
    problem: StringProperty(name="Problem")
    missing: StringProperty(name="Missing")
    progress: FloatProperty(name="Progress", default=-1.0, min=-1.0, max=1.0)


class InteractRig(bpy.types.PropertyGroup):
    """One actor's rig: `name` is the actor's id; counts of -1 were not looked at.

    bones, all_bones: joints of the capture that have a bone, of how many; keys, all_keys: ARKit keys that some mesh
    has, of how many; missing_bones, missing_keys: names, with a comma between; problem: why it cannot be used;
    preset: which one says what its bones are, "" for none.
    """

    armature: PointerProperty(
        name="Rig", description="The armature that plays this actor", type=bpy.types.Object, poll=_is_armature
    )
    bones: IntProperty(default=-1)
    all_bones: IntProperty()
    keys: IntProperty(default=-1)
    all_keys: IntProperty()
    missing_bones: StringProperty()
    missing_keys: StringProperty()
    problem: StringProperty()
    preset: StringProperty()


class InteractFinding(bpy.types.PropertyGroup):
    """Something that *Check Data Set* found: `name` is the sentence; bad: whether it keeps a scene from rendering."""

    bad: BoolProperty()


class InteractOptions(bpy.types.PropertyGroup):
    """How a pair is composited; `CompositeOptions` says what each means."""

    up: EnumProperty(
        name="Up Axis",
        description="The axis of the capture that points upwards",
        items=(
            ("AUTO", "Automatic", "Read from the motion"),
            ("X", "X", "X is up"),
            ("Y", "Y", "Y is up"),
            ("Z", "Z", "Z is up"),
        ),
    )
    own_scale: BoolProperty(
        name="Own Scale",
        description="Scale the capture by a factor of your own instead of by the rigs' leg lengths",
    )
    scale: FloatProperty(
        name="Scale",
        description="Metres in the world for a metre of the capture, the same for both people",
        default=1.0,
        min=0.001,
        soft_min=0.1,
        soft_max=10.0,
        max=1000.0,
    )
    rest_correction: BoolProperty(
        name="Correct Rest Pose",
        description="Turn each bone from the rig's rest pose into the capture's (an A-pose into a T-pose)",
        default=True,
    )
    root_motion: BoolProperty(
        name="Root Motion",
        description="People walk where they walked; without it each stays on the spot where he began",
        default=True,
    )
    start_at_zero: BoolProperty(
        name="Start at Origin",
        description="Put the middle between both people over the world's origin in the first frame",
    )
    face: BoolProperty(
        name="Faces",
        description="Put face weights on the shape keys",
        default=True,
        translation_context=translations.CONTEXT,
    )
    sound: BoolProperty(
        name="Sound", description="Put both voices into the sequencer, so that they are heard on play", default=True
    )
    pin_feet: BoolProperty(
        name="Pin Feet", description="Keep feet that stand on the floor from sliding where legs are of other lengths"
    )
    strips: BoolProperty(
        name="NLA Strips", description="Put the actions into strips of an NLA track, to be shifted and blended"
    )
    names: StringProperty(
        name="Names",
        description="How actions and strips are named: {scene}, {actor}, {performance} and {part} are filled in",
        default=CompositeOptions.names,
    )


def _read_results(settings: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    """Blender refuses an update that returns anything."""
    reading.refresh(settings.id_data)


class InteractScene(bpy.types.PropertyGroup):
    """All of the panel's state.

    found: what lies below the root, a line each; has_subset: whether there are other recordings; composited: the id
    that is on the rigs, "" for none; last_problem: the newest error, a sentence; last_notices: what the newest operator
    had to say, a sentence a line; busy: what goes on step by step, "" for nothing; progress: how far it is, 0 to 1.
    """

    data_root: StringProperty(
        name="Data Set",
        description="The data set's root folder",
        subtype="DIR_PATH",
        options=_RELATIVE,
        update=lambda settings, _context: reading.read_all(settings.id_data),
    )
    subset: EnumProperty(
        name="Recordings",
        description="Which recordings of the data set are meant",
        items=(
            (SCENES, "Scenes", "The scenes of two people"),
            *((name, name, "Recordings of one face beside the scenes") for name in layout.SUBSETS),
        ),
        update=lambda settings, _context: reading.read_all(settings.id_data),
    )
    job_file: StringProperty(
        name="Job",
        description="A job file: one scene a line, such as 20231119_012",
        subtype="FILE_PATH",
        options=_RELATIVE,
        update=lambda settings, _context: reading.read_all(settings.id_data),
    )
    output: StringProperty(
        name="Output",
        description="Where results go; empty: into the data set",
        subtype="DIR_PATH",
        options=_RELATIVE,
        update=_read_results,
    )
    found: StringProperty()
    has_subset: BoolProperty()
    lines: CollectionProperty(type=InteractLine)
    active_line: IntProperty(name="Scene")
    rigs: CollectionProperty(type=InteractRig)
    active_rig: IntProperty(name="Actor")
    findings: CollectionProperty(type=InteractFinding)
    options: PointerProperty(type=InteractOptions)
    camera: EnumProperty(name="Camera", description="What the scene is seen through", items=_CAMERAS)
    camera_object: PointerProperty(
        name="Camera", description="A camera of this file", type=bpy.types.Object, poll=_is_camera
    )
    quality: EnumProperty(name="Quality", description="How good it is to look when it is rendered", items=_QUALITIES)
    composited: StringProperty()
    last_problem: StringProperty()
    last_notices: StringProperty()
    busy: StringProperty(options={"SKIP_SAVE"})
    progress: FloatProperty(options={"SKIP_SAVE"})

    @property
    def line(self) -> InteractLine | None:
        """The line that is chosen in the list."""
        return self.lines[self.active_line] if 0 <= self.active_line < len(self.lines) else None


_CLASSES = (InteractLine, InteractRig, InteractFinding, InteractOptions, InteractScene)


def register() -> None:
    for kind in _CLASSES:
        bpy.utils.register_class(kind)
    bpy.types.Scene.interact = PointerProperty(type=InteractScene)


def unregister() -> None:
    del bpy.types.Scene.interact
    for kind in reversed(_CLASSES):
        bpy.utils.unregister_class(kind)

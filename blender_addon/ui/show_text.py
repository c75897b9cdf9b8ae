"""A log or another long text, shown in a window of Blender's own."""

import bpy

#: The text's name in the file; it is taken away with the extension's other things when the next one is shown.
NAME = "InterAct log"


class INTERACT_OT_show_text(bpy.types.Operator):
    """Show all that is known about it in a window of its own"""

    bl_idname = "interact.show_text"
    bl_label = "Show Log"
    bl_options = {"INTERNAL"}

    text: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        block = bpy.data.texts.get(NAME) or bpy.data.texts.new(NAME)
        block.from_string(self.text)
        if bpy.app.background:
            return {"FINISHED"}
        before = [*context.window_manager.windows]
        bpy.ops.wm.window_new()
        window = next(window for window in context.window_manager.windows if window not in before)
        area = window.screen.areas[0]
        area.type = "TEXT_EDITOR"
        space = area.spaces.active
        space.text, space.show_word_wrap, space.top = block, True, 0
        return {"FINISHED"}


def register() -> None:
    bpy.utils.register_class(INTERACT_OT_show_text)


def unregister() -> None:
    bpy.utils.unregister_class(INTERACT_OT_show_text)

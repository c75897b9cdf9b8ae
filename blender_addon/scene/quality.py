"""The quality presets: what draft, preview and final set, per engine and Blender version, in one table.

`draft` is for looking at motion on a CPU, `preview` for choosing, `final` for a paper.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import bpy

from ..dataset.batch import Look

Version = tuple[int, int, int]


@dataclass(frozen=True)
class Row:
    """One property, by its path from the scene, and its value in each quality; None leaves it as it is.

    builtin: only on the built-in template, whose look is this program's to choose; since, until: the first
    Blender that has the property, and the first that has it no more.
    """

    path: str
    draft: object
    preview: object
    final: object
    builtin: bool = False
    since: Version = (4, 2, 0)
    until: Version = field(default=(99, 0, 0))


#: The engine of each quality with and without a GPU, where no option names one; a template of the user's own keeps
#: its engine, save for a draft.
ENGINES = {"draft": ("workbench", "workbench"), "preview": ("eevee", "workbench"), "final": ("eevee", "cycles")}

#: The picture's sides as a share of the template's, where no size is named: (built-in template, the user's own).
SIZES = {"draft": (0.5, 0.5), "preview": (1.0, 1.0), "final": (1.5, 1.0)}

TABLE: dict[str, tuple[Row, ...]] = {
    "every engine": (
        Row("render.use_simplify", True, True, False),
        Row("render.simplify_subdivision_render", 0, 1, None),
        Row("render.use_motion_blur", False, None, None),
        Row("render.filter_size", None, 1.5, 1.5, builtin=True),
        # Standard shows a skin's colour as it was chosen: AgX and Filmic take a third of its saturation away.
        Row("view_settings.view_transform", "Standard", "Standard", "Standard", builtin=True),
        Row("view_settings.look", "None", "None", "None", builtin=True),
    ),
    "BLENDER_WORKBENCH": (
        # FXAA costs one draw with shadows, where n samples cost n.
        Row("display.render_aa", "FXAA", "8", "16"),
        Row("display.shading.show_shadows", True, True, True, builtin=True),
        Row("display.shading.show_cavity", True, True, True, builtin=True),
        Row("display.shading.cavity_type", "SCREEN", "SCREEN", "BOTH", builtin=True),
    ),
    "EEVEE": (
        Row("eevee.taa_render_samples", 4, 16, 64),
        Row("eevee.use_shadows", True, True, True),
        # Rays and steps through each shadow map: with one ray a soft shadow is noise that the samples have to even out.
        Row("eevee.shadow_ray_count", 1, 2, 3),
        Row("eevee.shadow_step_count", 2, 4, 8),
        Row("eevee.shadow_resolution_scale", 0.5, 1.0, 1.0),
        # Fast GI works with ray tracing alone: it is what darkens the floor below soles and furniture.
        Row("eevee.use_raytracing", False, True, True, builtin=True),
        Row("eevee.use_fast_gi", False, True, True, builtin=True),
    ),
    "CYCLES": (
        Row("cycles.samples", 4, 24, 128),
        Row("cycles.use_adaptive_sampling", True, True, True),
        Row("cycles.adaptive_threshold", 0.2, 0.05, 0.02),
        Row("cycles.use_denoising", True, True, True),
        Row("cycles.max_bounces", 2, 4, 8),
        Row("cycles.caustics_reflective", False, False, False),
        Row("cycles.caustics_refractive", False, False, False),
    ),
}


def engine_of(quality: str, *, builtin: bool, gpu: bool) -> str | None:
    """The engine of a quality; None leaves the template's."""
    if not builtin:
        return "workbench" if quality == "draft" else None
    return ENGINES[quality][0 if gpu else 1]


def apply(scene: bpy.types.Scene, look: Look, *, builtin: bool) -> None:
    """Set what the table has for `look.quality` and the scene's engine; size and samples of `look` come after."""
    quality = look.quality
    if quality is None:
        return
    if look.size is None:
        share = SIZES[quality][0 if builtin else 1]
        render = scene.render
        if share != 1.0:
            render.resolution_x, render.resolution_y = (
                max(2, round(side * render.resolution_percentage / 100 * share / 2) * 2)
                for side in (render.resolution_x, render.resolution_y)
            )
            render.resolution_percentage = 100
    engine = "EEVEE" if "EEVEE" in scene.render.engine else scene.render.engine
    for row in (*TABLE["every engine"], *TABLE.get(engine, ())):
        value = getattr(row, quality)
        if value is None or (row.builtin and not builtin) or not row.since <= bpy.app.version < row.until:
            continue
        *owners, name = row.path.split(".")
        owner = scene
        for part in owners:
            owner = getattr(owner, part)
        setattr(owner, name, value)
    if engine == "CYCLES" and not _can_denoise():
        # Debian's builds have no denoiser: 4.3 crashes where it is asked for, others render noise and say nothing.
        scene.cycles.use_denoising = False


def _can_denoise() -> bool:
    """Whether this build of Cycles has Open Image Denoise."""
    import _cycles  # comes with Blender, and only where Cycles was built in

    return bool(getattr(_cycles, "with_openimagedenoise", False))

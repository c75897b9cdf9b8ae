"""What all plots have in common: colours, quiet axes, matplotlib without a window, files written whole."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import FarmError
from ..video import whole_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Colours that people who confuse red and green tell apart (Okabe and Ito, "Color Universal Design", 2008), yellow
#: darker and grey for black, so that all stand out from white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#B59B00", "#E69F00", "#666666")
INK, FAINT = "#222222", "#8a8a8a"

_DPI = 160  # pixels an inch


def require_library() -> None:
    """FarmError where matplotlib, which draws, is missing."""
    try:
        import matplotlib.figure  # noqa: F401 - it is only looked for
    except ImportError as error:
        raise FarmError(
            "plots are drawn with matplotlib, which is not installed: pip install 'interact-farm[plots]'"
        ) from error


def new_figure(width: float, height: float) -> Figure:
    """An empty white figure of so many inches; FarmError where matplotlib is missing."""
    require_library()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure((width, height), dpi=_DPI, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def save(figure: Figure, out: Path) -> None:
    """Write a PNG, whole or not at all; FarmError where it cannot be written."""
    with whole_file(out) as beside:
        figure.savefig(beside, format="png", dpi=_DPI)


def quieten(axes: Axes, *, bottom: bool = True, grid: str = "y") -> None:
    """Axes that stand back behind what they measure; bottom: with the scale below."""
    axes.tick_params(colors=FAINT, length=2, labelsize=9, labelbottom=bottom, bottom=bottom)
    axes.grid(axis=grid, color="#e6e6e6", linewidth=0.8)
    axes.set_axisbelow(True)
    for edge, spine in axes.spines.items():
        spine.set_visible(edge == "left" or (edge == "bottom" and bottom))
        spine.set_color("#c8c8c8")

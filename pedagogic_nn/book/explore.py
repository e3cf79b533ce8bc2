"""Figures with sliders: `explore` has one spelling and three lives.

    stored page   every frame is drawn now and kept in the output; book/_static/explore.js
                  moves between them: no kernel, no network, works from a file
    JupyterLab    ipywidgets; each move draws anew
    live page     the sliders of the stored page; each move asks the kernel (`redraw`)
"""
import html
import itertools
import json
import math
from collections.abc import Callable
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from PIL import Image

from .figures import css_size, encoded, few_colours, picture
from .front_end import PAGE, WIDGETS, front_end
from .words import prose

MAX_FRAMES = 48
MAX_SIDE = 16_383                      # pixels: the largest side of a WebP image
FRAME = "application/vnd.pedagogic-nn.frame+json"


def explore(draw, *, alt, caption="", start=None, **parameters):
    """Show `draw(**values)` with one slider for each parameter.

    Args:
        draw: draws one matplotlib figure for given values and returns it.
        alt: text for those who cannot see the figure, or a function of the values.
        caption: what to try with the sliders.
        start: the values to begin with, {name: value}; else the middle of each.
        parameters: the values of each slider. Underscores in names show as spaces.

    Raises:
        ValueError: no parameter, an empty one, a start value that is not there, or more
            than 48 combinations.

    Example::

        explore(draw, alt='A wave', frequency=[1, 2, 3], damping=np.linspace(0, 1, 5))
    """
    explorer = Explorer(draw, {name: list(values) for name, values in parameters.items()},
                        alt, caption)
    position = explorer.position(start or {})
    mode = front_end()
    if mode == WIDGETS:
        _widgets(explorer, position)
        return
    if mode == PAGE:
        _live.append(explorer)
        frames = {"explorer": len(_live) - 1}
    else:
        frames = explorer.sheet()
    display({"text/html": _html(explorer, position, frames),
             "text/plain": explorer.description(position)}, raw=True)


_live: list["Explorer"] = []           # those of this kernel that a live page may ask


def redraw(number, position):
    """Send the frame at `position`, one index for each slider, to the live page."""
    explorer = _live[number]
    display({FRAME: {"src": _uri(explorer.frame(position)),
                     "alt": explorer.description(position)}}, raw=True)


@dataclass
class Explorer:
    """A drawing function, the values of its sliders, and its words."""
    draw: Callable
    parameters: dict[str, list]
    alt: str | Callable[..., str]
    caption: str

    def __post_init__(self):
        if not self.parameters:
            raise ValueError("explore: no slider; give each parameter's values, "
                             "like steps=[1, 2, 4]")
        for name, values in self.parameters.items():
            if not values:
                raise ValueError(f"explore: {name} has no values")

    def position(self, start):
        """The index of each slider for the start values."""
        unknown = set(start) - set(self.parameters)
        if unknown:
            raise ValueError(f"explore: start names {sorted(unknown)}, "
                             f"but the sliders are {list(self.parameters)}")
        return [_index(name, values, start) for name, values in self.parameters.items()]

    def values(self, position):
        return {name: values[i]
                for (name, values), i in zip(self.parameters.items(), position)}

    def labels(self):
        return [[_text(value) for value in values] for values in self.parameters.values()]

    def description(self, position):
        values = self.values(position)
        if callable(self.alt):
            return self.alt(**values)
        state = ", ".join(f"{_spaced(name)} = {_text(v)}" for name, v in values.items())
        return f"{self.alt} ({state})"

    def frame(self, position):
        """The figure for one position of the sliders, as an image."""
        figure = self.draw(**self.values(position))
        return picture(figure if hasattr(figure, "savefig") else plt.gcf())

    def positions(self):
        return list(itertools.product(*(range(len(v)) for v in self.parameters.values())))

    def sheet(self):
        """All frames on one sheet, with what explore.js needs to cut them out again.

        One lossless WebP for all: it stores once what does not change from frame to frame
        (axes, titles). 20 plots took 102 kB; as single PNG files 286 kB.
        """
        positions = self.positions()
        if len(positions) > MAX_FRAMES:
            raise ValueError(f"explore: {len(positions)} combinations of "
                             f"{list(self.parameters)}, at most {MAX_FRAMES}; "
                             "give fewer values")
        frames = [self.frame(position).convert("RGB") for position in positions]
        width = max(frame.width for frame in frames)
        height = max(frame.height for frame in frames)
        columns = math.ceil(len(frames) * height / MAX_SIDE)
        rows = math.ceil(len(frames) / columns)
        sheet = Image.new("RGB", (columns * width, rows * height), "white")
        for k, frame in enumerate(frames):
            sheet.paste(frame, (k % columns * width, k // columns * height))
        return {"alts": [self.description(position) for position in positions],
                "width": width, "height": height, "columns": columns,
                "sheet": _uri(few_colours(sheet, like=self.frame(positions[0])))}


def _index(name, values, start):
    if name not in start:
        return len(values) // 2
    for i, value in enumerate(values):
        if value == start[name] or _text(value) == _text(start[name]):
            return i
    raise ValueError(f"explore: start {name}={start[name]!r} is not among its values "
                     f"{values}")


def _text(value):
    """A value as its slider says it: 4 significant digits."""
    is_float = isinstance(value, float | np.floating)
    return f"{value:.4g}" if is_float else str(value)


def _spaced(name):
    return name.replace("_", " ")


def _uri(image):
    data = encoded(image.convert("RGB"), "WEBP", lossless=True, quality=90, method=4)
    return f"data:image/webp;base64,{data}"


def _widgets(explorer, position):
    import ipywidgets

    sliders = {
        name: ipywidgets.SelectionSlider(
            options=list(zip(map(_text, values), values)), index=i,
            description=_spaced(name), style={"description_width": "initial"},
            continuous_update=False)
        for (name, values), i in zip(explorer.parameters.items(), position)}

    def redrawn(**values):
        figure = explorer.draw(**values)
        figure = figure if hasattr(figure, "savefig") else plt.gcf()
        display(figure)
        plt.close(figure)

    words = [ipywidgets.HTML(prose(explorer.caption))] if explorer.caption else []
    figure = ipywidgets.interactive_output(redrawn, sliders)
    display(ipywidgets.VBox([*sliders.values(), figure, *words]))


def _html(explorer, position, frames):
    first = explorer.frame(position)
    width, height = css_size(first)
    labels = explorer.labels()
    names = [_spaced(name) for name in explorer.parameters]
    controls = "\n".join(_control(*one) for one in zip(names, labels, position))
    data = json.dumps({"names": names, "labels": labels, **frames}).replace("</", "<\\/")
    caption = prose(explorer.caption)
    words = html.escape(explorer.description(position))
    return f"""<figure class="pnn-explore">
<div class="pnn-controls" role="group" aria-label="Controls of the figure">
{controls}
</div>
<img width="{width}" height="{height}" alt="{words}" src="{_uri(first)}">
<span class="pnn-spoken" role="status"></span>
{f"<figcaption>{caption}</figcaption>" if caption else ""}
<script type="application/json">{data}</script>
</figure>"""


def _control(name, labels, index):
    return (f'<label><span>{html.escape(name)}</span>'
            f'<input type="range" min="0" max="{len(labels) - 1}" step="1" '
            f'value="{index}" autocomplete="off" disabled>'
            f'<output>{html.escape(labels[index])}</output></label>')

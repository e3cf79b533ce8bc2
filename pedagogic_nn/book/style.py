"""The look of every figure: colours that colour-blind readers tell apart."""
from types import SimpleNamespace

import matplotlib as mpl

# Okabe and Ito (2008), "Color universal design": eight colours that stay distinct under
# protanopia, deuteranopia and tritanopia. Ordered so that the first three also differ in
# lightness, for grey print.
colours = SimpleNamespace(
    blue="#0072B2",
    orange="#E69F00",
    green="#009E73",
    pink="#CC79A7",
    sky="#56B4E9",
    vermilion="#D55E00",
    yellow="#F0E442",
    ink="#1B1F24",
    grey="#6E7781",
)

CYCLE = [colours.blue, colours.orange, colours.green, colours.pink, colours.sky,
         colours.vermilion, colours.grey]

WIDTH = 6.4            # inches: the width of the text column at 100 pixels per inch
HEIGHT = 3.6


def style():
    """Set matplotlib's defaults for the book. Call it once, at the top of a notebook."""
    mpl.rcParams.update({
        "figure.figsize": (WIDTH, HEIGHT),
        "figure.constrained_layout.use": True,
        "figure.facecolor": "white",
        "font.size": 10.5,
        "axes.titlesize": 11,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.prop_cycle": mpl.cycler(color=CYCLE),
        "axes.edgecolor": colours.grey,
        "axes.labelcolor": colours.ink,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "axes.grid": True,
        "grid.color": "#D8DEE4",
        "grid.linewidth": 0.7,
        "lines.linewidth": 2,
        "text.color": colours.ink,
        "xtick.color": colours.ink,
        "ytick.color": colours.ink,
        "legend.frameon": False,
        "image.cmap": "viridis",
        "animation.html": "none",
    })

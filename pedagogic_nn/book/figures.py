"""Figures as small pictures with words: `show` displays one, `picture` draws it."""
import base64
import html
import io

import matplotlib.pyplot as plt
from IPython.display import display
from PIL import Image

from .front_end import STATIC, front_end
from .words import prose

DPI = 150              # pixels per inch drawn …
CSS_DPI = 100          # … and shown: 1.5 for each of the page, sharp on fine screens
COLOURS = 128          # a palette of 128 is enough for plots: 4 times smaller than RGBA
PHOTO = 20_000         # a figure with more colours than this has a photograph in it


def show(figure, alt, caption="", label=""):
    """Display a finished figure once, and close it.

    Args:
        figure: a matplotlib figure.
        alt: what somebody who cannot see the figure must know. Never empty.
        caption: a sentence or two under the figure; the site numbers those that have it.
        label: the target of a reference, `fig-gates` for {numref}`fig-gates`.

    Raises:
        ValueError: alt is empty, or a label comes without a caption.
    """
    if not alt.strip():
        raise ValueError("show: alt is empty; say what the figure shows, in words")
    if label and not caption:
        raise ValueError(f"show: label {label!r} needs a caption, which has the number")
    image = picture(figure)
    width, height = css_size(image)
    if caption and front_end() != STATIC:
        display({"text/html": _figure_html(image, alt, caption), "text/plain": alt},
                raw=True)
        return
    # The site turns the text into alt text and caption (sphinx_ext.py reads `described`).
    display({"image/png": encoded(image), "text/plain": described(alt, caption, label)},
            metadata={"image/png": {"width": width, "height": height}}, raw=True)


def described(alt, caption="", label=""):
    """The text form of a figure: 'alt', or 'Figure (label): caption' and 'Alt: alt'."""
    if not caption:
        return alt
    head = f"Figure ({label})" if label else "Figure"
    return f"{head}: {' '.join(caption.split())}\nAlt: {' '.join(alt.split())}"


def picture(figure):
    """Draw a matplotlib figure into a palette image, and close the figure."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, facecolor="white")
    plt.close(figure)
    return few_colours(Image.open(buffer).convert("RGB"))


def few_colours(image, like=None):
    """A palette image: 128 colours for a plot, 256 mixed by dithering for a photograph.

    Whether it is a photograph is judged by `like`, one frame of a sheet of many.
    """
    if (like or image).getcolors(PHOTO) is None:
        palette = image.quantize(256)
        return image.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
    return image.quantize(COLOURS, dither=Image.Dither.NONE)


def encoded(image, kind="PNG", **options):
    """The file of an image in base64 text."""
    buffer = io.BytesIO()
    if kind == "PNG":
        options.setdefault("optimize", True)
    image.save(buffer, kind, **options)
    return base64.b64encode(buffer.getvalue()).decode()


def css_size(image):
    """(width, height) in pixels of the page."""
    width, height = image.size
    return round(width * CSS_DPI / DPI), round(height * CSS_DPI / DPI)


def _figure_html(image, alt, caption):
    width, height = css_size(image)
    return (f'<figure class="pnn-figure"><img width="{width}" height="{height}" '
            f'alt="{html.escape(alt)}" src="data:image/png;base64,{encoded(image)}">'
            f'<figcaption>{prose(caption)}</figcaption></figure>')

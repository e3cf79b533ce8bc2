"""The book's Sphinx extension: nothing from other machines, words for every figure.

    MathJax       copied from a PyPI wheel into the site
    figures       the text form of `show` becomes alt text, caption and reference target
    quotations    the outputs of `source`, made anew from the installed package
    pages         then-and-now, contract, mistakes, data cards: made from our own files
"""
import html
import importlib.util
import json
import re
import shutil
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
from PIL import Image
from sphinx.transforms import SphinxTransform

from . import appendix, contract
from .figures import CSS_DPI, DPI
from .source import quotation
from .then_and_now import boxes
from .words import pieces

MATHJAX_FILES = ("tex-mml-chtml.js", "output/chtml/fonts/woff-v2",
                 "sre/mathmaps/base.json", "sre/mathmaps/en.json")
DESCRIBED = re.compile(r"Figure(?: \(([^)]+)\))?: (.*)\nAlt: (.*)", re.DOTALL)
QUOTATION = re.compile(
    r'<div class="pnn-source" data-object="([^"]*)" data-options="([^"]*)">')


def offline_config(app, config):
    config.mathjax_path = "mathjax/tex-mml-chtml.js"
    config.nb_ipywidgets_js = {}                  # no widget libraries from elsewhere


def copy_mathjax(app, exception):
    """Copy the 2 MB that pages need of the wheel's MathJax 3.2.2."""
    if exception or app.builder.format != "html":
        return
    package = importlib.util.find_spec("sphinx-mathjax-offline")
    if package is None:
        raise RuntimeError("sphinx-mathjax-offline is not installed: no formulas without "
                           "it; run `pip install -e .[book]`")
    origin = Path(package.submodule_search_locations[0], "static", "mathjax")
    target = Path(app.outdir, "_static", "mathjax")
    for name in MATHJAX_FILES:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if (origin / name).is_dir():
            shutil.copytree(origin / name, target / name, dirs_exist_ok=True)
        else:
            shutil.copy2(origin / name, target / name)


class DescribedFigures(SphinxTransform):
    """The outputs of `show`: {image/png, text/plain} become figures with words.

    Runs before Sphinx collects targets (priority 850), so that {numref} finds labels.
    """
    default_priority = 840

    def apply(self, **options):
        for bundle in _mime_bundles(self.document):
            words = _text_of(bundle, "text/plain")
            if not words or words.startswith("<"):
                continue
            for image in list(bundle.findall(nodes.image)):
                self.describe(image, words)

    def describe(self, image, words):
        path = Path(self.env.srcdir, image["uri"].lstrip("/"))
        if path.suffix == ".png" and path.is_file():
            with Image.open(path) as picture:
                image["width"] = f"{round(picture.width * CSS_DPI / DPI)}px"
        found = DESCRIBED.fullmatch(words)
        image["alt"] = found[3] if found else words
        if found:
            self.caption(image, found[2], found[1])

    def caption(self, image, text, label):
        figure = nodes.figure(classes=["pnn-figure"])
        image.replace_self(figure)
        figure += image
        figure += nodes.caption(text, "", *_inline(text))
        # Sphinx numbers a figure that has a name; without a label it gets one.
        self.unnamed = getattr(self, "unnamed", 0) + (not label)
        name = label or f"figure-{self.unnamed}-of-{Path(self.env.docname).name}"
        figure["names"].append(nodes.fully_normalize_name(name))
        self.document.note_explicit_target(figure)


class FreshQuotations(SphinxTransform):
    """The outputs of `source` made anew: the site shows the package it is built with."""
    default_priority = 841

    def apply(self, **options):
        for raw in list(self.document.findall(nodes.raw)):
            found = QUOTATION.match(raw.astext().lstrip())
            if found:
                name, choices = map(html.unescape, found.groups())
                raw.replace_self(nodes.raw("", quotation(name, **json.loads(choices)),
                                           format="html"))


def _mime_bundles(document):
    return [node for node in document.findall(nodes.container)
            if node.get("nb_element") == "mime_bundle"]


def _text_of(bundle, kind):
    return "".join(part.astext() for part in bundle.children
                   if part.get("mime_type") == kind).strip()


def _inline(text):
    """`code` and $formulas$ of a caption as nodes."""
    kinds = {"code": nodes.literal, "math": nodes.math}
    for kind, part in pieces(text):
        yield kinds[kind](part, part) if kind in kinds else nodes.Text(part)


class HtmlDirective(Directive):
    """A directive whose arguments go to a function that returns HTML."""
    optional_arguments = 30
    make = None

    def run(self):
        env = self.state.document.settings.env
        env.note_reread()                  # made from other files: never from the cache
        try:
            text = type(self).make(*self.arguments)
        except KeyError as error:
            raise self.error(str(error.args[0])) from error
        return [nodes.raw("", text, format="html")]


class ThenAndNow(HtmlDirective):
    make = staticmethod(boxes)


class Mistakes(HtmlDirective):
    make = staticmethod(appendix.mistakes)


class Contract(HtmlDirective):
    make = staticmethod(contract.page)


def insert_data_cards(app, docname, source):
    """The cards are Markdown: they take the place of {data-cards} before parsing."""
    if docname == "book/appendix/data_cards":
        app.env.note_reread()
        source[0] = source[0].replace("```{data-cards}\n```", appendix.data_cards())


def setup(app):
    app.connect("config-inited", offline_config, priority=900)
    app.connect("build-finished", copy_mathjax)
    app.add_transform(DescribedFigures)
    app.add_transform(FreshQuotations)
    app.add_directive("then-and-now", ThenAndNow)
    app.add_directive("mistakes", Mistakes)
    app.add_directive("contract", Contract)
    app.connect("source-read", insert_data_cards)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

"""Make the bundled files again: `python -m pedagogic_nn.data.make [name …]`."""

import importlib
import re
import sys

import numpy as np

from ..bundled import CARDS, FILES, available, sha256


def main(names: list[str]) -> None:
    """Write `files/<name>.npz` for each name, and its hash and size into its card."""
    for name in names or available():
        arrays = importlib.import_module(f"{__package__}.{name}").make()
        path = FILES / f"{name}.npz"
        np.savez_compressed(path, **arrays)
        kilobytes = round(path.stat().st_size / 1000)
        line = f"| file | `{path.name}`, {kilobytes} kB, sha256 `{sha256(name)}` |"
        card = CARDS / f"{name}.md"
        text = re.sub(r"(?m)^\| file \| .*", line, card.read_text("utf-8"), count=1)
        card.write_text(text, "utf-8")
        print(f"{name}: {kilobytes} kB")


if __name__ == "__main__":
    main(sys.argv[1:])

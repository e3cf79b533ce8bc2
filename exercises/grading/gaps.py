"""The gaps of a solution: `# BEGIN SOLUTION … # END SOLUTION`, inside functions.

A line `# BEGIN SOLUTION: the product first, then four blocks` leaves its words in the
TODO.
"""

import re

GAP = re.compile(
    r"^(?P<indent> *)# BEGIN SOLUTION(?:: *(?P<words>[^\n]*))?\n"
    r"(?P<body>.*?)^ *# END SOLUTION\n",
    re.DOTALL | re.MULTILINE)
DEFINED = re.compile(r"^( *)(?:def|class) (\w+)", re.MULTILINE)


def empty(source):
    """The exercise made from a solution."""
    return GAP.sub(lambda gap: _todo(gap, _owner(source, gap)), source)


def fill(source, owner, body):
    """The solution with one gap, that of "gates" or "Module.train", filled otherwise."""
    for gap in GAP.finditer(source):
        if _owner(source, gap) == owner:
            lines = [gap["indent"] + line if line.strip() else line
                     for line in body.strip("\n").split("\n")]
            return source[: gap.start()] + "\n".join(lines) + "\n" + source[gap.end():]
    raise ValueError(f"no gap in a function called {owner!r}")


def gaps(source):
    """(owner, first line, last line) of each gap, lines counted from one."""
    found = []
    for gap in GAP.finditer(source):
        first = source.count("\n", 0, gap.start("body")) + 1
        last = source.count("\n", 0, gap.end("body"))
        found.append((_owner(source, gap), first, last))
    return found


def _owner(source, gap):
    """The dotted name of the function around a gap."""
    names, indent = [], len(gap["indent"])
    for found in reversed(list(DEFINED.finditer(source, 0, gap.start()))):
        if len(found[1]) < indent:
            names.insert(0, found[2])
            indent = len(found[1])
    if not names:
        raise ValueError("a gap must be inside a function")
    return ".".join(names)


def _todo(gap, owner):
    indent, words = gap["indent"], gap["words"] or f"write {owner}"
    text = f"{owner} is still to be written"
    return f'{indent}# TODO: {words}\n{indent}raise NotImplementedError("{text}")\n'

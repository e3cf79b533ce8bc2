"""Every sentence a learner can read when something goes wrong, in one place.

Plain words, the two numbers, the likely cause. No blame, no cheering, no traceback.
"""

import unicodedata

LONGEST_LINE = 300


def clean(text, longest=LONGEST_LINE):
    """Text from the learner's process, without characters that could move the cursor."""
    kept = "".join(" " if unicodedata.category(c)[0] == "C" else c for c in text)
    return kept if len(kept) <= longest else kept[: longest - 2] + " …"


def count(number, noun):
    """3, "point" → "3 points"."""
    return f"{number:g} {noun}" + ("" if number == 1 else "s")


def trouble(kind, details, who):
    """A call that gave no value. kind and details are student.Outcome's."""
    if kind == "time":
        return (f"{who} did not finish within {count(details, 'second')}. "
                "Is there a loop that never ends?")
    if kind == "ended":
        return ("Your code ended its own Python process. "
                "Remove exit(), quit() or os._exit(), or look for a crash in compiled "
                "code.")
    if kind == "forged":
        return f"The reply did not come from {who}: it must return its result, no more."
    if kind == "strange":
        return f"{who} returned neither numbers nor arrays: {clean(details)}."
    if kind == "missing":
        return f"There is no {who} in your file. Keep the names of the exercise."
    return raised(details, who)


def sentence(text):
    """With a capital letter, where that does not change the name of a function."""
    ours = text.startswith(("your ", "the result"))
    return text[0].upper() + text[1:] if ours else text


def raised(details, who):
    """An exception in the learner's code: a dict as worker._describe sends it."""
    name, words = clean(str(details.get("error"))), clean(str(details.get("words")))
    if details.get("loading"):
        who = "your file, outside its functions,"
    line = details.get("line")
    at = f" (line {line} of your file)" if isinstance(line, int) else ""
    if name == "NotImplementedError":
        if not words.endswith("is still to be written"):
            words = f"{who} is not finished"
        return f"{words}: replace the TODO{at}."
    if name == "SystemExit":
        return f"{who} called exit() or sys.exit(){at}. Return the result instead."
    if name == "MemoryError":
        return (f"{who} asked for more memory than there is{at}. "
                "Is an array larger than meant?")
    if name == "RecursionError":
        return f"{who} calls itself without end{at}."
    if name in ("SyntaxError", "IndentationError", "TabError"):
        return f"Python cannot read your file: {words}{at}."
    if name == "NameError":
        return f"{who} uses a name that does not exist here: {words}{at}."
    if name == "UnboundLocalError":
        return f"{who} uses a name before it has a value: {words}{at}."
    if name == "FloatingPointError":
        return f"{who} meets a number that is too large: {words}{at}."
    return f"{who} raised {name}: {words or 'no message'}{at}."

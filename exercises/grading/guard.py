"""The grader's own process never runs a learner's file. This makes it so.

pytest looks for conftest.py beside whatever is named on its command line, and would run
one that a learner hands in. An audit hook refuses to run any code whose file lies in a
guarded folder.
"""

import os
import sys
from pathlib import Path


def named_submission(arguments):
    """The folder after --submission, or None. pytest has not parsed its options yet."""
    for k, argument in enumerate(arguments):
        if argument.startswith("--submission="):
            return argument.partition("=")[2]
        if argument == "--submission" and k + 1 < len(arguments):
            return arguments[k + 1]
    return None


def refuse_code_in(folder):
    """From now on, running a file of this folder in this process is an error."""
    top = os.path.join(os.path.realpath(folder), "")

    def hook(event, args):
        if event == "exec" and hasattr(args[0], "co_filename"):
            if os.path.realpath(args[0].co_filename).startswith(top):
                raise PermissionError(
                    f"{args[0].co_filename} is handed in; the grader does not run it "
                    "here. Remove conftest.py and tests from the submission.")

    sys.addaudithook(hook)


def already_run(folder):
    """Files of the folder that this process has run before the guard stood."""
    top = Path(folder).resolve()
    files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    return [file for file in files if file and Path(file).resolve().is_relative_to(top)]

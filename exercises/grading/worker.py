"""The learner's process: the only place where a learner's code runs.

The grader starts `python worker.py SETTINGS` and sends frames (wire.py) on standard
input:

    {"do": "load", "source", "name", "earlier"}     a file, in place of the one before
    {"do": "run", "call": {"action", "inputs", "layout", "overflow", "back"}}

The first frame back says that it is ready. Every reply carries the request's nonce and
either the value or what went wrong. What the code prints goes to a file of the grader's,
never to the pipe. The process is kept warm, so that numba compiles once.
"""

import json
import os
import sys

import sandbox


def main():
    settings = json.loads(sys.argv[1])
    folder, hide = settings["folder"], settings["hide"]
    requests, replies = _take_the_pipe(settings["printed"])
    isolated = settings["isolate"] and sandbox.isolate()
    sandbox.limit(settings["memory"])
    import desk  # only now: NumPy starts threads, which isolate() forbids
    import wire

    if isolated:
        sandbox.cover(folder, hide)
    os.chdir(folder)
    sys.path[0:1] = settings["paths"]          # our own folder is not theirs to import
    desk.refuse_imports(settings["allow"])
    sandbox.refuse(folder, hide)
    _serve(wire, desk.Desk(folder), requests, replies, isolated, settings["nonce"])


def _take_the_pipe(printed):
    """The two ends of the pipe as private streams; stdin becomes empty, stdout a file."""
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    empty = os.open(os.devnull, os.O_RDONLY)
    page = os.open(printed, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(empty, 0)
    os.dup2(page, 1)
    os.dup2(page, 2)
    return requests, replies


def _serve(wire, desk, requests, replies, isolated, nonce):
    replies.write(wire.pack({"value": isolated, "nonce": nonce}))
    replies.flush()
    while (body := wire.read_body(requests)) is not None:
        request = wire.unpack(body)
        replies.write(_frame(wire, desk, request))
        replies.flush()


def _frame(wire, desk, request):
    """The reply, or why it cannot travel."""
    nonce = request["nonce"]
    try:
        return wire.pack({**desk.answer(request), "nonce": nonce})
    except wire.Unsendable as error:
        return wire.pack({"strange": str(error), "nonce": nonce})
    except BaseException as error:             # such as no memory for a copy
        return wire.pack({**desk.describe(error), "nonce": nonce})


if __name__ == "__main__":
    main()

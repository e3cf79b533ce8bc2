"""One line that says what a long command is doing, made from what the command prints."""
import re
import subprocess
import sys
import threading
import time

QUIET_SECONDS = 10          # without a terminal: how often the line is printed again


class Problem(Exception):
    """Something the user can act on; printed without a traceback."""


class Line:
    """A status line: rewritten in place on a terminal, printed now and then elsewhere."""

    def __init__(self):
        self.live = sys.stdout.isatty()
        self.shown, self.printed_at = "", time.monotonic()

    def show(self, text):
        if text == self.shown:
            return
        if self.live:
            print(f"\r\033[K  {text[:76]}", end="", flush=True)
        elif time.monotonic() - self.printed_at > QUIET_SECONDS:
            print(f"  {text}", flush=True)
            self.printed_at = time.monotonic()
        self.shown = text

    def close(self):
        if self.live:
            print("\r\033[K", end="", flush=True)


def plain(text):
    """`text` without the codes that colour it on a terminal."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def follow(command, describe, **options):
    """Run `command`, showing `describe(line)` for each line it prints.

    `describe` may return None to leave the status line as it is. It is called with an
    empty line twice a second while the command prints nothing.

    Returns:
        The command's exit status, and all that it printed.
    """
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        encoding="utf-8", errors="replace", stdin=subprocess.DEVNULL, **options)
    printed = []
    reader = threading.Thread(target=lambda: printed.extend(process.stdout), daemon=True)
    reader.start()
    line, seen = Line(), 0
    try:
        while reader.is_alive() or seen < len(printed):
            news = printed[seen:]
            seen += len(news)
            for text in news or [""]:
                line.show(describe(plain(text).rstrip()) or line.shown)
            reader.join(0.5)
        return process.wait(), plain("".join(printed))
    finally:
        if process.poll() is None:
            process.terminate()
        line.close()

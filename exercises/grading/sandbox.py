"""What a learner's process may not do: network, other processes, other people's files.

Three layers, because no one of them exists everywhere:

    isolate()   Linux: namespaces of its own, with no network and no other processes;
    cover()     in them the solutions are out of sight and the disk is read-only.
                Best effort: some machines forbid it.
    limit()     POSIX: memory, file size, number of processes.
    refuse()    everywhere: an audit hook, which Python code cannot take off again.

isolate() runs before NumPy is imported: a process with threads cannot leave its
namespaces.
"""

import ctypes
import os
import signal
import sys

NEW_MOUNTS, NEW_IPC = 0x0002_0000, 0x0800_0000
NEW_USER, NEW_PIDS, NEW_NET = 0x1000_0000, 0x2000_0000, 0x4000_0000
READ_ONLY, REMOUNT, BIND, RECURSIVE, PRIVATE = 1, 32, 4096, 16384, 1 << 18
DIE_WITH_PARENT = 1


def isolate():
    """Move into fresh namespaces; True where the system allows it.

    The process that returns is a child of the one that called: the caller waits for it
    and ends as it ends.
    """
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(DIE_WITH_PARENT, signal.SIGKILL)
    user, group = os.getuid(), os.getgid()
    if libc.unshare(NEW_USER | NEW_PIDS | NEW_NET | NEW_MOUNTS | NEW_IPC):
        return False
    _be_same_user(user, group)
    child = os.fork()                      # it becomes process 1 of the new namespace:
    if child:                              # when it is killed, all it started dies too
        os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 0xFF)
    libc.prctl(DIE_WITH_PARENT, signal.SIGKILL)
    return True


def _be_same_user(user, group):
    """Keep the user's own name inside, so that they still own their files."""
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"),
                       ("gid_map", f"{group} {group} 1")):
        try:
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
        except OSError:
            pass                           # an older kernel has no setgroups


def cover(folder, hide):
    """Empty the folders in `hide` for this process, and leave only `folder` writable.

    Each step stands alone: where one is refused, the audit hook still holds.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mount(b"none", b"/", None, RECURSIVE | PRIVATE, None)
    if libc.mount(b"proc", b"/proc", b"proc", 0, None) == 0:
        _limit_processes()
    for path in hide:
        if os.path.isdir(path):
            libc.mount(b"tmpfs", os.fsencode(path), b"tmpfs", READ_ONLY, None)
    own = os.fsencode(folder)
    libc.mount(own, own, None, BIND, None)
    libc.mount(b"none", b"/", None, REMOUNT | BIND | READ_ONLY, None)
    _drop_privileges(libc)


def _limit_processes():
    """Since Linux 6.14 a namespace has a bound of its own, which holds for root too."""
    try:
        with open("/proc/sys/kernel/pid_max", "w") as file:
            file.write("500")
    except OSError:
        pass


def _drop_privileges(libc):
    """A new namespace makes us its root; give that up, or the covers could be lifted."""
    version_3, this_process = 0x2008_0522, 0
    header = (ctypes.c_uint32 * 2)(version_3, this_process)
    libc.capset(ctypes.byref(header), (ctypes.c_uint32 * 6)())


def limit(memory_gib):
    """Bound memory, files, processes and processor time, where `resource` exists."""
    try:
        import resource
    except ImportError:                    # Windows
        return
    bounds = {
        "RLIMIT_AS": int(memory_gib * 2**30),
        "RLIMIT_FSIZE": 64 * 2**20,
        "RLIMIT_CORE": 0,
        "RLIMIT_NPROC": 4096,              # counts threads, often all of the user's
        "RLIMIT_CPU": 1800,
    }
    for name, bound in bounds.items():
        try:
            kind = getattr(resource, name)
            hard = resource.getrlimit(kind)[1]
            if hard != resource.RLIM_INFINITY:
                bound = min(bound, hard)
            resource.setrlimit(kind, (bound, bound))
        except (AttributeError, ValueError, OSError):
            pass                           # macOS knows some of these only by name


REFUSED = ("socket.", "subprocess.", "os.fork", "os.exec", "os.system", "os.spawn",
           "os.posix_spawn", "os.startfile", "os.kill", "_winapi.CreateProcess",
           "resource.setrlimit", "resource.prlimit")
CHANGES_FILES = ("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link",
                 "os.symlink", "os.truncate", "os.chmod", "os.chown", "shutil.rmtree")


def refuse(folder, hide):
    """From now on, refuse sockets, processes, hidden files, writing outside `folder`."""
    real = os.path.realpath                # kept here: os.path's could be replaced
    inside = lambda path, top: path == top or path.startswith(top + os.sep)  # noqa: E731
    own, hidden = real(folder), tuple(real(path) for path in hide)
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

    def check_path(path, writes):
        if isinstance(path, int) or path is None:
            return
        path = real(os.fsdecode(path))
        other_process = path.startswith("/proc/") and path[6:7].isdigit()
        if any(inside(path, top) for top in hidden) or other_process:
            raise PermissionError("the grader keeps this file closed")
        if writes and not inside(path, own) and path != os.devnull:
            raise PermissionError("your code may write only in its own empty folder")

    def hook(event, args):
        if event.startswith(REFUSED):
            raise PermissionError(f"your code may not use {event} here")
        if event == "open":
            check_path(args[0], bool((args[2] or 0) & writing))
        elif event in ("os.listdir", "os.scandir"):
            check_path(args[0] or ".", False)
        elif event in CHANGES_FILES:
            check_path(args[0], True)

    sys.addaudithook(hook)

"""Free loopback ports that no other test process on this machine is given.

A port stays reserved, by a locked file, until this process ends, also while the server that uses it is down: so a
server comes back on its own port. The range lies below the kernel's ephemeral ports, so that no outgoing connection
takes one of them meanwhile.
"""

import errno
import fcntl
import os
import pathlib
import random
import socket
import tempfile

FIRST, LAST = 20000, 31999

_held = []


def _lock(port):
    directory = pathlib.Path(tempfile.gettempdir()) / f"drc-ports-{os.getuid()}"
    directory.mkdir(mode=0o700, exist_ok=True)
    handle = open(directory / str(port), "w", encoding="ascii")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.close()
        return None
    return handle


def _is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def free_port():
    """A port on 127.0.0.1, ours until this process ends."""
    candidates = list(range(FIRST, LAST + 1))
    random.SystemRandom().shuffle(candidates)
    for port in candidates:
        handle = _lock(port)
        if handle is None:
            continue
        if _is_free(port):
            _held.append(handle)
            return port
        handle.close()
    raise RuntimeError(f"no free port between {FIRST} and {LAST}")

"""A machine of its own: Debian's systemd as PID 1 in new namespaces, on an overlay over a root that stays as it is.

The network is this machine's, so that servers and brokers of a test are reached by loopback; or one of its own, which several
can share. Nothing of it outlives it: when its first process ends, the kernel ends all others.
"""

import os
import pathlib
import shutil
import subprocess
import time

from support import place

ROOT = place.CACHE / "root-bookworm"

BOOT = """set -e
[ -z "$LOOPBACK" ] || ip link set lo up
mount -t overlay overlay -o lowerdir=$ROOT,upperdir=$DIRECTORY/upper,workdir=$DIRECTORY/work $DIRECTORY/root
cd $DIRECTORY/root
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
mount --rbind /dev dev
mkdir -p before
pivot_root . before # not chroot: units with PrivateUsers= could not start in one
umount -l /before
mount --make-rshared / # as a container manager leaves it: credentials are mounted by a helper in a namespace of its own
exec env -i container=drc PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb /lib/systemd/systemd
"""
NOT_STARTED = ("console-getty.service", "getty.target", "apt-daily.timer", "apt-daily-upgrade.timer", "systemd-logind.service")
NAMESPACES = ("--mount", "--pid", "--cgroup", "--uts", "--ipc")


class Machine:
    """Files of it can be written before the boot and after, at `path(...)`."""

    @staticmethod
    def missing():
        if os.geteuid() != 0:
            return "only root can boot a machine of its own"
        return None if ROOT.is_dir() else f"{ROOT.name} is missing: run ./dev setup"

    def __init__(self, directory, network=None):
        """`network`: True for one of its own, another Machine for that one's."""
        self.directory = pathlib.Path(directory)
        self.network = network
        for name in ("upper", "work", "root"):
            (self.directory / name).mkdir(parents=True)
        self.process = None
        self.first = None  # PID of its PID 1, as this machine sees it

    def boot(self, timeout=180):
        return self.begin().wait_up(timeout)

    def begin(self, timeout=30):
        """Start its first process, and return once that is there."""
        quiet = self.directory / "upper" / "etc" / "systemd" / "system"
        quiet.mkdir(parents=True, exist_ok=True)
        for unit in NOT_STARTED:
            (quiet / unit).symlink_to("/dev/null")
        journal = quiet.parent / "journald.conf.d"
        journal.mkdir()
        (journal / "volatile.conf").write_text("[Journal]\nStorage=volatile\n", encoding="ascii")
        own = self.network is True
        environment = {**os.environ, "ROOT": str(ROOT), "DIRECTORY": str(self.directory), "LOOPBACK": "up" if own else ""}
        log = open(self.directory / "boot.log", "wb")  # its processes keep it open
        argv = ["unshare", *NAMESPACES, *(["--net"] if own else []), "--fork", "--kill-child", "bash", "-c", BOOT]
        if isinstance(self.network, Machine):
            argv = [*self.network.in_its_network(), *argv]
        argv = ["setpriv", "--pdeathsig", "KILL", "--", *argv]  # whatever becomes of the test
        self.process = subprocess.Popen(argv, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        self._wait(lambda: self._first_process() is not None, timeout)
        return self

    def wait_up(self, timeout):
        self._wait(self.is_up, timeout)
        return self

    def _wait(self, condition, timeout):
        deadline = time.monotonic() + timeout
        while not condition():
            assert self.process.poll() is None, (self.directory / "boot.log").read_text(errors="replace")
            assert time.monotonic() < deadline, "the machine does not come up"
            time.sleep(0.2)

    def _first_process(self):
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text(encoding="ascii")
        self.first = int(children.split()[0]) if children else None
        return self.first

    def is_up(self):
        if not self._first_process() or not self.path("run/systemd/private").exists():
            return False
        state = self.run("systemctl", "is-system-running", check=False).stdout.strip()
        return state in ("running", "degraded")

    def path(self, *parts):
        """Where a file of it is, seen from here: its own /run and /tmp are seen through its first process."""
        return pathlib.Path(f"/proc/{self.first}/root", *[part.lstrip("/") for part in parts])

    def run(self, *words, check=True, text=None, timeout=120):
        """A command in it, as root."""
        argv = ["nsenter", "--target", str(self.first), *NAMESPACES, "--net"]
        argv += ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"]
        argv += [str(word) for word in words]
        done = subprocess.run(argv, input=text, capture_output=True, text=True, timeout=timeout, check=False)
        if check:
            assert done.returncode == 0, f"{' '.join(map(str, words))}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def in_its_network(self):
        """What stands before a command of this machine that is to have that one's network."""
        return ["nsenter", f"--net=/proc/{self.first}/ns/net", "--"]

    def show(self, unit, *names):
        """Properties of a unit, as a dictionary."""
        text = self.run("systemctl", "show", unit, f"--property={','.join(names)}").stdout
        return dict(line.split("=", 1) for line in text.splitlines())

    def journal(self, unit):
        self.run("journalctl", "--sync")  # what was said a moment ago is on its way
        return self.run("journalctl", "--no-pager", "--output=cat", f"--unit={unit}").stdout

    def until(self, condition, timeout, what):
        deadline = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < deadline, f"waited in vain for {what}"
            time.sleep(0.2)

    def remove(self):
        if self.process:
            self.process.kill()
            self.process.wait()
        deadline = time.monotonic() + 10
        while self.first and os.path.exists(f"/proc/{self.first}") and time.monotonic() < deadline:
            time.sleep(0.05)
        shutil.rmtree(self.directory, ignore_errors=True)

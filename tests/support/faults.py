"""Daemons with one protection switched off (DRC_FAULT of cmake), to prove that a test notices when it is gone."""

import subprocess

from support import place


def programs(fault):
    """The directory of drc-capture and drc-applier built with `fault`, built now where they are older than the code."""
    build = place.ROOT / f"build-fault-{fault}"
    configure = ["cmake", "-S", place.ROOT, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release"]
    configure += [f"-DDRC_FAULT={fault}", "-DDRC_TESTS=OFF"]
    compile_ = ["cmake", "--build", build, "--parallel", "2", "--target", "drc-capture", "drc-applier"]
    with place.locked(place.CACHE / f"{build.name}.lock"):
        for command in (configure, compile_):
            done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
            ending = f"{done.stdout[-4000:]}{done.stderr[-4000:]}"
            assert done.returncode == 0, f"{command[1]} of {build.name} failed:\n{ending}"
    return build / "bin"

"""What a benchmark prints: figures with their runs, medians, and the environment, as text and as JSON."""

import json
import os
import platform
import statistics
import subprocess


class Report:
    """Figures in the order in which they were added."""

    def __init__(self, name, **environment):
        self.name = name
        self.figures = []
        self.environment = {"processors": os.cpu_count(), "machine": platform.machine(), "kernel": platform.release()}
        self.environment["mariadb"] = _version("mariadbd", "--version")
        self.environment["settings"] = environment

    def add(self, name, unit, runs):
        """One figure: its value is the median of `runs`."""
        runs = [round(run, 4) for run in runs]
        self.figures.append({"name": name, "value": statistics.median(runs), "unit": unit, "runs": runs})
        print(f"  {name:28} {self.figures[-1]['value']:>12g} {unit:22} runs: {', '.join(f'{run:g}' for run in runs)}", flush=True)

    def ratio(self, name, ours, reference):
        """The figure ours/reference, pair by pair."""
        self.add(name, "ratio", [a / b for a, b in zip(ours, reference)])

    def write(self, path):
        report = {"benchmark": self.name, "figures": self.figures, "environment": self.environment}
        with open(path, "w", encoding="utf-8") as file:
            json.dump(report, file, indent=2)
            file.write("\n")


def _version(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"

"""What the result files have in common."""

import argparse
import datetime
import os
import pathlib
import platform
import re
import shlex
import shutil
import subprocess
import sys

import numpy as np
import scipy
import sklearn
from threadpoolctl import threadpool_info

import skmlp

OUTPUT = "--output"
FAILED = "**no**"
PROCESSOR = "model name", "cpu family", "model"  # in /proc/cpuinfo
MARK = "<!-- results -->"  # where pages begin to include a file


def processor():
    """Return the processor's name, and the numbers that tell generations apart."""
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    text = cpuinfo.read_text() if cpuinfo.exists() else ""
    found = [re.search(rf"{key}\s*: (.+)", text) for key in PROCESSOR]
    if not all(found):
        return platform.processor() or "unknown processor"
    name, family, model = (match[1] for match in found)
    return f"{name} (family {family}, model {model})"


def compiler():
    """Return the version of the C compiler that builds find here."""
    if shutil.which("cc") is None:
        return "unknown"
    done = subprocess.run(["cc", "--version"], capture_output=True, text=True)
    return done.stdout.partition("\n")[0]


def blas_of(package):
    """Return the name and version of the BLAS that a package was built with."""
    blas = package.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return f"{blas['name']} {blas['version']}"


def preamble(title, notes):
    """Return how the results came about, without naming the machine."""
    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    kernels = sorted({pool.get("architecture", "unknown") for pool in pools})
    script, *arguments = sys.argv
    if OUTPUT in arguments:
        place = arguments.index(OUTPUT)
        del arguments[place : place + 2]
    script = f"docs/benchmarks/{os.path.basename(script)}"
    lines = [
        f"Python {platform.python_version()}, NumPy {np.__version__}, "
        f"SciPy {scipy.__version__},\n"
        f"  scikit-learn {sklearn.__version__}, skmlp {skmlp.__version__}",
        f"BLAS: {blas_of(np)} in NumPy (scikit-learn's),\n"
        f"  {blas_of(scipy)} in SciPy (skmlp's and the floor's); "
        f"kernels for {', '.join(kernels)}",
        f"{processor()}, {os.cpu_count()} cores;\n"
        f"  {platform.system()} {platform.machine()}; C compiler: {compiler()}",
        *notes,
    ]
    return (
        f"""# {title}

Made on {datetime.date.today()} by `{shlex.join(["python", script, *arguments])}`.
How it measures, and what the columns mean, stands at the top of that script.

"""
        + "".join(f"- {line}\n" for line in lines)
        + f"\n{MARK}\n"
    )


def title_in(output, title):
    """Return the title of a file: in a folder of results/ with the folder's name."""
    if output and output.parent.parent.name == "results":
        return f"{title} ({output.parent.name})"
    return title


def parser(description, repetitions):
    """Return a parser with what all scripts understand."""
    parser = argparse.ArgumentParser(description=description.partition("\n")[0])
    text = f"default: {repetitions}"
    parser.add_argument("--repetitions", type=int, default=repetitions, help=text)
    parser.add_argument(OUTPUT, type=pathlib.Path, help="write the results here too")
    return parser


class Report:
    """Tables that are printed, and written to a file, as they grow."""

    def __init__(self, output, title, *notes):
        self.output, self.text, self.columns = output, "", None
        self.emit(preamble(title_in(output, title), notes))

    def emit(self, text):
        print(text, flush=True)
        self.text += text + "\n"
        if self.output:
            self.output.write_text(self.text)

    def section(self, heading):
        self.columns = None
        self.emit(f"\n## {heading}\n")

    def row(self, cells):
        """Add {column: cell} to the section's table."""
        if self.columns != list(cells):
            self.columns = list(cells)
            self.emit(f"| {' | '.join(cells)} |\n|{' --- |' * len(cells)}")
        self.emit(f"| {' | '.join(map(str, cells.values()))} |")

    @property
    def exit_code(self):
        return int(FAILED in self.text)


def read_tables(path):
    """Return the rows of all tables in a file, each {column: cell}."""
    rows, header = [], None
    for line in path.read_text().splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if not cells:
            header = None
        elif header is None:
            header = cells
        elif set(cells) != {"---"}:
            rows.append(dict(zip(header, cells, strict=True)))
    return rows

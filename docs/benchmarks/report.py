"""What the result files have in common."""

import datetime
import os
import pathlib
import platform
import re
import shutil
import subprocess

import numpy as np
import scipy
import sklearn
from threadpoolctl import threadpool_info

import skmlp

FAILED = "**no**"


def processor():
    """Return the processor's model."""
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    text = cpuinfo.read_text() if cpuinfo.exists() else ""
    model = re.search(r"model name\s*: (.+)", text)
    return model[1] if model else platform.processor() or "unknown processor"


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


def preamble(command):
    """Return how the results came about, without naming the machine."""
    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    kernels = sorted({pool.get("architecture", "unknown") for pool in pools})
    return f"""# Time per epoch: scikit-learn and skmlp

Made on {datetime.date.today()} by `{command}`.
How it measures, and what the columns mean, stands at the top of that script.

- Python {platform.python_version()}, NumPy {np.__version__}, SciPy {scipy.__version__},
  scikit-learn {sklearn.__version__}, skmlp {skmlp.__version__}
- BLAS, with one thread: {blas_of(np)} in NumPy (scikit-learn's),
  {blas_of(scipy)} in SciPy (skmlp's and the floor's); kernels for {", ".join(kernels)}
- {processor()}, {os.cpu_count()} cores, of which one is used;
  {platform.system()} {platform.machine()}; C compiler: {compiler()}
- losses: mean over shuffles of data loss + penalty over all training rows, after the
  given number of epochs on both sides
"""

"""Make the virtual environments in which the benchmarks run: the folder .environments.

    python docs/benchmarks/make_environments.py

skmlp is built and installed as users have it: an editable install would look at every
import whether it has to be built again. scikit-learn and NumPy are in its environment.
"""

import pathlib
import subprocess
import venv

SOURCES = pathlib.Path(__file__).parents[2]
ENVIRONMENTS = SOURCES / ".environments"
PACKAGES = {
    "skmlp": [str(SOURCES)],  # a folder is always built and installed anew
    "pytorch": ["torch==2.13.0", "numpy"],
    "jax": ["jax[cpu]==0.10.*"],
}


def make():
    """Make what is missing, and build skmlp anew."""
    for name, packages in PACKAGES.items():
        python = python_of(name)
        if not python.exists():
            venv.create(ENVIRONMENTS / name, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *packages], check=True)


def python_of(name):
    """Return the interpreter of an environment."""
    return ENVIRONMENTS / name / "bin" / "python"


if __name__ == "__main__":
    make()

"""Make the virtual environments of the peers that have one, in .environments/.

    python docs/benchmarks/make_environments.py

scikit-learn, NumPy and skmlp are measured in the environment that runs the benchmarks.
"""

import pathlib
import subprocess
import venv

ENVIRONMENTS = pathlib.Path(__file__).parent / ".environments"
PACKAGES = {
    "pytorch": ["torch==2.13.0", "numpy"],
    "jax": ["jax[cpu]==0.10.*"],
}

if __name__ == "__main__":
    for name, packages in PACKAGES.items():
        venv.create(ENVIRONMENTS / name, with_pip=True)
        python = ENVIRONMENTS / name / "bin" / "python"
        subprocess.run([python, "-m", "pip", "install", *packages], check=True)

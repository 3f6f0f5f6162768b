"""Make all result files, from which the performance page is made.

    python docs/benchmarks/run_all.py             # all, some 30 minutes
    python docs/benchmarks/run_all.py peers tasks # some
    python docs/benchmarks/run_all.py --quick     # try it, in minutes; keeps no results
    python docs/benchmarks/run_all.py --folder avx2 peers peers_two_cores large
                     # keep them in results/avx2/, as those of another processor

Makes the environments first; after a change to the code skmlp is built again. The
machine should have nothing else to do. A step that finds something amiss
fails, and the others go on.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile
import time

from make_environments import make, python_of

HERE = pathlib.Path(__file__).parent
STEPS = {  # by the name of the results: the script, its arguments, those for a try
    "peers": ("peers --repetitions 3", "--repetitions 2 --cases digits-*"),
    "peers_two_cores": (
        "peers --cores 2 --repetitions 7",
        "--cores 2 --repetitions 2 --cases wide-*",
    ),
    "sklearn": ("sklearn --repetitions 3", "--repetitions 1 --cases digits-*"),
    "levels": ("levels", "--repetitions 1 --cases digits-*"),
    "solvers": ("solvers --repetitions 3", "--repetitions 2"),
    "scaling": ("scaling --repetitions 2", "--repetitions 1 --curves units"),
    "tasks": ("tasks --repetitions 11", "--repetitions 5 --no-search"),
    "large": ("large --repetitions 21", "--repetitions 1 --rows 100000"),
    "memory": ("memory", ""),
    "busy": ("busy --repetitions 15", "--repetitions 2"),
}


def run(name, quick, folder):
    """Run the script, and return whether it found nothing amiss."""
    script, *arguments = STEPS[name][0].split()
    if quick:
        arguments = STEPS[name][1].split()
    command = [python_of("skmlp"), HERE / f"bench_{script}.py", *arguments]
    begin = time.perf_counter()
    done = subprocess.run([*command, "--output", folder / f"{name}.md"])
    print(f"\n{name}: {time.perf_counter() - begin:.0f} s\n", flush=True)
    return done.returncode == 0


def main(arguments):
    """Run the steps and say which failed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("steps", nargs="*", help=f"of {', '.join(STEPS)}; default: all")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--folder", default=".", help="in results/, to keep them in")
    options = parser.parse_args(arguments)
    if unknown := set(options.steps) - set(STEPS):
        parser.error(f"there is no {', '.join(unknown)}")
    make()
    with tempfile.TemporaryDirectory() as trial:
        kept = HERE / "results" / options.folder
        kept.mkdir(exist_ok=True)
        folder = pathlib.Path(trial) if options.quick else kept
        steps = options.steps or STEPS
        failed = [name for name in steps if not run(name, options.quick, folder)]
    if not options.quick:
        subprocess.run([python_of("skmlp"), HERE / "targets.py", kept], check=True)
    print(f"Failed: {', '.join(failed)}" if failed else "No step failed.")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

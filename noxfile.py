"""What CI and contributors run, one command each: `nox -s NAME`; `nox -l` lists them.

Each session builds skmlp in an environment of its own. Arguments after `--` go to
pytest: `nox -s sanitized -- tests/test_solvers.py`.
"""

import subprocess

import nox

nox.options.sessions = ["tests", "oldest", "lint"]

PROJECT = nox.project.load_toml("pyproject.toml")
BUILD, RUN = PROJECT["build-system"]["requires"], PROJECT["project"]["dependencies"]
NEWEST = {"build": BUILD, "run": RUN}
OLDEST = {
    kind: [requirement.replace(">=", "==") for requirement in requirements]
    for kind, requirements in NEWEST.items()
}


def install(session, versions=NEWEST, *options, **keywords):
    """Build skmlp, with options of meson, and install it with what its tests need."""
    session.install("meson", "ninja", *versions["build"], *versions["run"])
    options = [f"-Csetup-args={option}" for option in options]
    packages = ".[test]", *versions["run"]
    session.install("--no-build-isolation", *options, *packages, **keywords)


def run_tests(session, *default, **keywords):
    """Run pytest; -P because the folder skmlp/ of the sources is not compiled."""
    arguments = session.posargs or default
    session.run("python", "-P", "-m", "pytest", *arguments, **keywords)


@nox.session(python=["3.11", "3.12", "3.13", "3.14"])
def tests(session):
    """All tests, with the newest versions of all dependencies."""
    install(session)
    run_tests(session)


@nox.session(python="3.11")
def oldest(session):
    """All tests, with the oldest supported versions of all dependencies."""
    install(session, OLDEST)
    run_tests(session)


@nox.session
def thorough(session):
    """The property tests, with many more examples than usual."""
    install(session)
    run_tests(session, "tests/test_properties.py", "--hypothesis-profile=thorough")


@nox.session
def bounds(session):
    """All tests, with every index into a memoryview checked."""
    install(session, NEWEST, "-Dbounds_checks=true")
    run_tests(session)


@nox.session
def sanitized(session):
    """All tests, with memory accesses and undefined behaviour checked (GCC)."""
    sanitizers = "-Db_sanitize=address,undefined"
    # -O1: at -O3 the compiler takes longer than the tests gain.
    install(session, NEWEST, sanitizers, "-Doptimization=1", "-Ddebug=true")
    # Else joblib asks pgrep for the children of a killed worker, and with a sanitizer's
    # library preloaded pgrep waits for ever.
    session.install("psutil")
    # The C++ library too: an exception of another package's would not find its handler.
    libraries = [
        subprocess.check_output(["gcc", f"-print-file-name={name}"], text=True).strip()
        for name in ("libasan.so", "libstdc++.so.6")
    ]
    environment = {
        "LD_PRELOAD": " ".join(libraries),
        "ASAN_OPTIONS": "detect_leaks=0",  # Python never frees some of its memory
        "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    }
    run_tests(session, env=environment)


@nox.session
def native(session):
    """All tests, tuned for this processor: where the bits are to be the same, too."""
    install(session, env={"CFLAGS": "-march=native"})
    run_tests(session)


@nox.session
def lint(session):
    """All linters, in the versions that pyproject.toml pins."""
    tools = PROJECT["project"]["optional-dependencies"]["dev"]
    session.install(*(tool for tool in tools if "==" in tool))
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("cython-lint", "skmlp")

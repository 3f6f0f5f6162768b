"""The page of promises names tests and scripts that are there, for each promise."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "reliability.md").read_text()
ROWS = re.findall(r"^\| (?!promise|---)(.*?) \| (.*?) \|", PAGE, re.MULTILINE)
TESTS = {
    name
    for file in (ROOT / "tests").glob("test_*.py")
    for name in re.findall(r"^(?:def )?((?:test_|Test)\w+)", file.read_text(), re.M)
}
SCRIPTS = {file.name for file in (ROOT / "docs" / "benchmarks").glob("bench_*.py")}


def test_there_are_promises():
    assert len(ROWS) > 50


@pytest.mark.parametrize(("promise", "tested_by"), ROWS)
def test_each_promise_has_tests_that_exist(promise, tested_by):
    names = re.findall("`(.*?)`", tested_by)
    assert names
    assert set(names) <= TESTS | SCRIPTS
    assert set(names) & TESTS

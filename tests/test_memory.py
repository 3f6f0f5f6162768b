"""Memory of fit and predict, by Linux's figures: the cases of `bench_memory.py`."""

import importlib.util
import os
import sys
from pathlib import Path

import pytest

pytest.importorskip("resource", reason="only Unix limits a process's memory")
FILE = Path(__file__).parents[1] / "docs" / "benchmarks" / "bench_memory.py"
sys.path.append(str(FILE.parent))  # for what the file imports
spec = importlib.util.spec_from_file_location("bench_memory", FILE)
bench_memory = importlib.util.module_from_spec(spec)
spec.loader.exec_module(bench_memory)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not Path("/proc/self/clear_refs").exists(), reason="the figures are Linux's"
    ),
    pytest.mark.skipif(
        "asan" in os.environ.get("LD_PRELOAD", ""),
        reason="AddressSanitizer holds back what is freed",
    ),
]
MIB = 16
FITS = [name for name in bench_memory.FITS if "classifier" in name or "float32" in name]


@pytest.mark.parametrize("name", FITS)
def test_fit_neither_copies_X_nor_grows_with_it(name):
    assert bench_memory.measure(name) < MIB


@pytest.mark.parametrize("name", bench_memory.PREDICTIONS)
def test_predict_needs_no_memory_beyond_its_output(name):
    assert bench_memory.measure(name) < MIB


def test_mapped_X_larger_than_the_memory_allowed_trains():
    assert bench_memory.measure(bench_memory.MAPPED) < MIB


def test_a_thousand_fits_leave_nothing_behind():
    assert bench_memory.measure(bench_memory.LEFT_BEHIND) < MIB / 4

"""Write which targets the results of peers and sparse data meet, and where not.

python docs/benchmarks/targets.py        # those in results/
python docs/benchmarks/targets.py avx2   # of another processor: in results/avx2/
"""

import pathlib
import sys

from report import MARK, read_tables, title_in

MADE = "Made by `python docs/benchmarks/targets.py` from the tables beside this one."
RESULTS = pathlib.Path(__file__).parent / "results"
SMALL = "digits", "20000x50", "5000x10,"
LARGE = "10000x784", "5000x200"
PEERS = "scikit-learn", "NumPy", "PyTorch", "JAX"
AT_LEAST, AT_MOST = "at least", "at most"

ONE, TWO, SPARSE = "peers.md", "peers_two_cores.md", "large.md"


def every(row):
    return True


def small(row):
    return row["case"].startswith(SMALL) and row["batch"] in ("1", "32")


def large(row):
    return int(row["batch"]) >= 128 and row["case"].startswith(LARGE)


def batch(size):
    return lambda row: row["batch"] == str(size)


def relative(peer):
    """A function that gives a peer's time relative to ours, in a row."""
    return lambda row: float(row[peer]) / float(row["skmlp"])


def fastest(row):
    return min(relative(peer)(row) for peer in PEERS)


def above_floor(row):
    return 1 / relative("floor")(row)


def wide(cores):
    return lambda row: (row.get("columns"), row.get("cores")) == ("50,000", str(cores))


def column(name):
    return lambda row: float(row[name])


TARGETS = [  # name, file, which rows count, figure, limit
    ("no peer is faster", ONE, every, fastest, AT_LEAST, 1),
    ("small, batch 1 and 32: JAX / skmlp", ONE, small, relative("JAX"), AT_LEAST, 1.5),
    ("the same: PyTorch / skmlp", ONE, small, relative("PyTorch"), AT_LEAST, 10),
    ("batch 1: skmlp / floor", ONE, batch(1), above_floor, AT_MOST, 2),
    ("batch 32: skmlp / floor", ONE, batch(32), above_floor, AT_MOST, 1.6),
    ("large, batch 128 or more: skmlp / floor", ONE, large, above_floor, AT_MOST, 1.25),
    ("two cores: no peer is faster", TWO, every, fastest, AT_LEAST, 1),
    ("two cores: gain over one", TWO, large, column("gain"), AT_LEAST, 1.6),
    ("sparse: scikit-learn / skmlp", SPARSE, wide(1), column("ratio"), AT_LEAST, 100),
    ("the same on two cores", SPARSE, wide(2), column("ratio"), AT_LEAST, 100),
    ("sparse: cost of 10 x columns", SPARSE, wide(1), column("cost"), AT_MOST, 1.3),
]


def label(row):
    """What a row is about, shortly."""
    words = row["case"].split(",")[:1] + [row["batch"]] if "case" in row else []
    return ", ".join([*words, row["dtype"]])


def lines(folder):
    """Return the lines of the table."""
    yield "| target | limit | met in | range | missed in: data, batch, dtype |"
    yield "| --- | --- | --- | --- | --- |"
    for name, file, counts, figure, kind, limit in TARGETS:
        path = folder / file
        rows = (
            [row for row in read_tables(path) if counts(row)] if path.exists() else []
        )
        if not rows:
            yield f"| {name} | {kind} {limit} | not measured | - | - |"
            continue
        figures = [round(figure(row), 2) for row in rows]
        missed = [
            f"{label(row)}: {value}"
            for row, value in zip(rows, figures, strict=True)
            if (value < limit if kind == AT_LEAST else value > limit)
        ]
        met = f"{len(rows) - len(missed)} of {len(rows)}"
        spread = f"{min(figures)} to {max(figures)}"
        where = "<br>".join(missed) or "-"
        yield f"| {name} | {kind} {limit} | {met} | {spread} | {where} |"


def main(arguments):
    """Write the table."""
    folder = RESULTS.joinpath(*arguments)
    file = folder / "targets.md"
    title = f"# {title_in(file, 'Targets')}"
    text = "\n".join([title, "", MADE, "", MARK, "", *lines(folder), ""])
    file.write_text(text)
    print(text)


if __name__ == "__main__":
    main(sys.argv[1:])

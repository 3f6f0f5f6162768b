"""The figures of the performance page, drawn from the tables in results/."""

import pathlib
import re

import matplotlib.pyplot as plt
from benchmarks.report import read_tables
from matplotlib.ticker import LogLocator

RESULTS = pathlib.Path("benchmarks/results")  # as Sphinx runs it, in docs/
DTYPES = "float64", "float32"
# Colours that colour-blind readers can tell apart, and markers that all can.
STYLES = {
    "scikit-learn": ("#E69F00", "s"),
    "PyTorch": ("#D55E00", "D"),
    "NumPy": ("#009E73", "^"),
    "JAX": ("#CC79A7", "o"),
    "skmlp": ("#0072B2", "v"),
}


def mark_cases(axes, rows):
    """Give each case of a table a line of its own; return their places."""
    places = {}
    for row in rows:
        places.setdefault((row["case"], row["batch"]), len(places))
    labels = []
    for case, batch in places:
        data, network = case.split(" rows: ")
        labels.append(f"{data} rows, batch {batch}\n{network}")
    axes.set_yticks(range(len(places)), labels, fontsize=9)
    axes.set_ylim(len(places) - 0.5, -0.5)
    axes.axvline(1, color=STYLES["skmlp"][0], linewidth=2)
    axes.grid(axis="x", alpha=0.4)
    axes.set_axisbelow(True)
    return places


def mark_ratios(axes):
    """A logarithmic axis with plain numbers, as many as there is space for."""
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    steps = (1, 2, 5) if high / low < 50 else (1,)
    axes.xaxis.set_major_locator(LogLocator(subs=steps))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter("")


def ratios(file, cores):
    """Time of each peer relative to skmlp's, for each case in both dtypes."""
    rows = read_tables(RESULTS / file)
    n_cases = len({(row["case"], row["batch"]) for row in rows})
    fig, panels = plt.subplots(
        1, 2, figsize=(8, 0.5 * n_cases + 1.5), sharey=True, layout="constrained"
    )
    for dtype, axes in zip(DTYPES, panels, strict=True):
        places = mark_cases(axes, rows)
        of_dtype = [row for row in rows if row["dtype"] == dtype]
        y = [places[row["case"], row["batch"]] for row in of_dtype]
        for peer, (colour, marker) in STYLES.items():
            if peer != "skmlp":
                x = [float(row[peer]) / float(row["skmlp"]) for row in of_dtype]
                axes.plot(x, y, marker, color=colour, label=peer, markeredgecolor="0.2")
        if "floor" in rows[0]:
            x = [float(row["floor"]) / float(row["skmlp"]) for row in of_dtype]
            axes.plot(x, y, "k|", markersize=12, markeredgewidth=2, label="floor")
        axes.set_title(dtype, fontsize=10)
        mark_ratios(axes)
    fig.supxlabel(
        f"time relative to that of skmlp (blue line), on {cores}", fontsize=10
    )
    handles, labels = panels[0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside upper center", ncols=5, frameon=False)


def peers():
    ratios("peers.md", "one core")


def two_cores():
    ratios("peers_two_cores.md", "two cores")


def sklearn():
    """How many times faster than scikit-learn, with quartiles."""
    rows = read_tables(RESULTS / "sklearn.md")
    n_cases = len({(row["case"], row["batch"]) for row in rows})
    _, axes = plt.subplots(figsize=(8, 0.5 * n_cases + 1), layout="constrained")
    places = mark_cases(axes, rows)
    for dtype, offset, colour in (
        ("float64", -0.15, "skmlp"),
        ("float32", 0.15, "PyTorch"),
    ):
        colour = STYLES[colour][0]
        for row in rows:
            if row["dtype"] == dtype:
                y = places[row["case"], row["batch"]] + offset
                cell = re.findall(r"[\d.]+(?:e[+-]\d+)?", row["ratio (quartiles)"])
                median, low, high = map(float, cell)
                axes.plot([low, high], [y, y], color=colour, linewidth=3)
                axes.plot(median, y, "o", color=colour)
        axes.plot([], [], "o-", color=colour, label=dtype)
    mark_ratios(axes)
    axes.set_xlabel("times faster than scikit-learn: median and quartiles")
    axes.legend(loc="lower right")


def scaling():
    """Time per epoch over each property that grows."""
    rows = read_tables(RESULTS / "scaling.md")
    curves = list(dict.fromkeys(row["what grows"] for row in rows))
    fig, panels = plt.subplots(2, 3, figsize=(8, 5.6), layout="constrained")
    *panels, last = panels.flat
    for curve, axes in zip(curves, panels, strict=True):
        points = [row for row in rows if row["what grows"] == curve]
        x = [float(row["to"]) for row in points]
        for peer in "scikit-learn", "JAX", "skmlp":
            colour, marker = STYLES[peer]
            y = [float(row[peer]) for row in points]
            axes.plot(x, y, marker + "-", color=colour, label=peer)
        name = "hidden layers" if curve == "layers" else curve
        axes.set(xlabel=name, yscale="log")
        if curve != "layers":  # which start at none
            axes.set_xscale("log")
        axes.grid(alpha=0.4)
    fig.supylabel("ms per epoch", fontsize=10)
    last.set_axis_off()
    last.legend(*panels[0].get_legend_handles_labels(), loc="center", frameon=False)

"""Draw results/sklearn.md: how many times faster an epoch is than scikit-learn's."""

import pathlib
import re

import matplotlib.pyplot as plt

RESULTS = pathlib.Path("benchmarks/results/sklearn.md")  # as Sphinx runs it, in docs/
COLOURS = {"float64": "#0072B2", "float32": "#D55E00"}  # safe for colour-blind readers


def read_table(path):
    """The rows of the first table of a Markdown file, each a dict by column."""
    lines = [line for line in path.read_text().splitlines() if line.startswith("|")]
    header, _, *rows = [[cell.strip() for cell in x.split("|")[1:-1]] for x in lines]
    return [dict(zip(header, row, strict=True)) for row in rows]


rows = read_table(RESULTS)
labels = list(dict.fromkeys((row["case"], int(row["batch"])) for row in rows))
fig, axes = plt.subplots(figsize=(8, 0.42 * len(labels) + 1), layout="constrained")
for dtype, offset in ("float64", -0.15), ("float32", 0.15):
    for row in rows:
        if row["dtype"] == dtype:
            place = labels.index((row["case"], int(row["batch"]))) + offset
            median, low, high = map(
                float, re.findall(r"[\d.]+", row["ratio (quartiles)"])
            )
            axes.plot([low, high], [place, place], color=COLOURS[dtype], linewidth=3)
            axes.plot(median, place, "o", color=COLOURS[dtype])
    axes.plot([], [], "o-", color=COLOURS[dtype], label=dtype)
axes.set(xscale="log", xlabel="times faster than scikit-learn: median and quartiles")
axes.set_yticks(range(len(labels)), [f"{case}, batch {b}" for case, b in labels])
axes.set_xticks([1, 2, 5, 10, 20, 50, 100, 200, 500])
axes.xaxis.set_major_formatter("{x:g}")
axes.xaxis.minorticks_off()
axes.invert_yaxis()
axes.axvline(1, color="k", linewidth=0.8)
axes.grid(axis="x", alpha=0.4)
axes.legend(loc="lower right")

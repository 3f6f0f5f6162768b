"""What the displays share: matplotlib itself, colours, legends, font sizes."""

import numpy as np

# Okabe and Ito's (2008) palette, which colour-blind readers can tell apart, without its
# yellow, which is too pale for a line, and its black.
PALETTE = [
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
]
POSITIVE, NEGATIVE = "#D55E00", "#0072B2"
# The same two ends for pictures: red is positive, blue negative, white zero.
DIVERGING = "RdBu_r"
SMALLEST_FONT = 4.0
SMALLER_FONTS = 8.0, 6.0, 4.5


def import_pyplot(display):
    """matplotlib.pyplot, or an ImportError that says what needs it."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            f"{display} needs matplotlib to draw: python -m pip install matplotlib"
        ) from error
    return plt


def literal(name):
    """A name as it is, without mathematics between dollar signs."""
    return str(name).replace("$", r"\$")


def colours(n, text):
    """A colour for each of n curves; more than these have come in an order.

    The last is that of texts, which can be seen on any ground.
    """
    palette = [*PALETTE, text]
    if n <= len(palette):
        return palette[:n]
    import matplotlib

    return list(matplotlib.colormaps["viridis"](np.linspace(0, 0.9, n)))


def tint(colour, share, ground):
    """The colour, mixed with a share of that of the ground."""
    from matplotlib.colors import to_rgb, to_rgba

    colour, (*ground, opacity) = np.array(to_rgb(colour)), to_rgba(ground)
    ground = np.array(ground) * opacity + 1 - opacity
    return tuple((1 - share) * colour + share * ground)


def legend_above(container, handles, width, height, **place):
    """A legend above a figure's or axes' curves, in as many columns as it has room for.

    Its rows are evenly filled. Its font shrinks where it is higher than a third of the
    height, in pixels as the width.
    """
    for font_size in (None, *SMALLER_FONTS):
        for n_rows in range(1, len(handles) + 1):
            legend = container.legend(
                handles=handles,
                ncols=-(-len(handles) // n_rows),
                frameon=False,
                fontsize=font_size,
                **place,
            )
            box = legend.get_window_extent()
            if box.width <= width or n_rows == len(handles):
                break
            legend.remove()
        if box.height <= height / 3 or font_size == SMALLER_FONTS[-1]:
            return legend
        legend.remove()


def fit_width(texts, points, smallest=SMALLEST_FONT):
    """Shrink texts to the same font size, so that none is wider than that."""
    widest = max(map(_width, texts))
    if widest > points:
        size = texts[0].get_fontsize() * points / widest
        for text in texts:
            text.set_fontsize(max(size, smallest))


def cut_to_width(texts, points):
    """Leave out the ends of texts that are wider than that."""
    for text in texts:
        whole = text.get_text()
        n = len(whole)
        while _width(text) > points and n > 1:
            n = min(n - 1, int(n * points / _width(text)))
            text.set_text(whole[:n].rstrip() + "…")


def _width(text):
    """In points."""
    return text.get_window_extent().width * 72 / text.get_figure().dpi


def laid_out_size(axes):
    """Width and height of the axes in points, once all in the figure has its place."""
    axes.figure.canvas.figure.draw_without_rendering()  # not of a subfigure alone
    box = axes.get_window_extent()
    return box.width * 72 / axes.figure.dpi, box.height * 72 / axes.figure.dpi

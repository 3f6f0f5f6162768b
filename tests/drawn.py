"""What the tests of the displays ask of the artists."""

# Of figures, in inches.
SIZES = [(4, 2.6), (8.4, 3.6), (14, 7)]


def texts(artists):
    return [artist.get_text() for artist in artists]


def legend_labels(display):
    return texts(display.legend_.get_texts())


def overlapping(artists):
    """Pairs of the artists whose boxes overlap on the page."""
    boxes = [artist.get_window_extent() for artist in artists]
    return [
        (artists[i], artists[j])
        for i in range(len(boxes))
        for j in range(i)
        if boxes[i].overlaps(boxes[j])
    ]

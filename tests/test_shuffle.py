"""The order of an epoch's rows."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.stats import chisquare

from skmlp._network import kernel


def order_of(n_rows, seed, epoch):
    order = np.empty(n_rows, dtype=np.intp)
    kernel.shuffle(np.arange(n_rows), seed, epoch, order)
    return order


@pytest.mark.parametrize("n_rows", [1, 2, 3, 1000])
def test_order_is_a_permutation(n_rows):
    assert_array_equal(np.sort(order_of(n_rows, 5, 7)), np.arange(n_rows))


def test_order_depends_on_seed_and_epoch_alone():
    assert_array_equal(order_of(100, 1, 2), order_of(100, 1, 2))
    orders = [order_of(100, seed, epoch) for seed in range(3) for epoch in range(3)]
    assert len({tuple(order) for order in orders}) == 9


@pytest.mark.parametrize("vary", ["seed", "epoch"])
def test_all_orders_are_equally_likely(vary):
    n_draws = 24_000
    counts = {}
    for k in range(n_draws):
        order = order_of(4, **{"seed": 3, "epoch": 3, vary: k})
        counts[tuple(order)] = counts.get(tuple(order), 0) + 1
    assert len(counts) == 24
    assert chisquare(list(counts.values())).pvalue > 1e-4


def test_all_rows_need_not_be_listed():
    order = np.empty(100, dtype=np.intp)
    kernel.shuffle(None, 5, 7, order)
    assert_array_equal(order, order_of(100, 5, 7))


def test_rows_of_a_subset_stay_in_it():
    rows = np.array([3, 5, 8, 13])
    order = np.empty(4, dtype=np.intp)
    kernel.shuffle(rows, 0, 0, order)
    assert sorted(order) == [3, 5, 8, 13]
    with pytest.raises(ValueError, match="same length"):
        kernel.shuffle(rows, 0, 0, np.empty(3, dtype=np.intp))

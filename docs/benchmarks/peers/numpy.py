"""A loop in NumPy that allocates nothing."""

import itertools

import numpy as np

VERSION = f"NumPy {np.__version__}"


class Updates:
    """All arrays and steps of an update with so many rows."""

    def __init__(self, problem, W, b, velocities, rows):
        self.problem, self.W, self.b, self.velocities = problem, W, b, velocities
        dtype = problem.X.dtype
        sizes = [len(w) for w in W] + [W[-1].shape[1]]
        self.h = [np.empty((rows, n), dtype) for n in sizes]
        self.deltas = [np.empty((rows, n), dtype) for n in sizes]
        self.slopes = [np.empty((rows, n), bool) for n in sizes]
        self.y = np.empty((rows, *problem.y.shape[1:]), problem.y.dtype)
        self.column = np.empty((rows, 1), dtype)
        self.rows = np.arange(rows)
        self.gradients = [
            (np.empty_like(w), np.empty_like(v)) for w, v in zip(W, b, strict=True)
        ]

    def forward(self, index):
        problem, h = self.problem, self.h
        np.take(problem.X, index, axis=0, out=h[0], mode="clip")
        np.take(problem.y, index, axis=0, out=self.y, mode="clip")
        for k, (W, b) in enumerate(zip(self.W, self.b, strict=True)):
            np.matmul(h[k], W, out=h[k + 1])
            h[k + 1] += b
            if k < len(self.W) - 1:
                if problem.activation == "relu":
                    np.maximum(h[k + 1], 0, out=h[k + 1])
                else:
                    np.tanh(h[k + 1], out=h[k + 1])

    def output_delta(self):
        """Gradient of the mean loss by the last net inputs, in place of h[-1]."""
        z, delta = self.h[-1], self.deltas[-1]
        if self.problem.loss == "softmax":
            np.max(z, axis=1, keepdims=True, out=self.column)
            np.subtract(z, self.column, out=delta)
            np.exp(delta, out=delta)
            np.sum(delta, axis=1, keepdims=True, out=self.column)
            delta /= self.column
            delta[self.rows, self.y] -= 1
        elif self.problem.loss == "binary":
            # The logistic function is (1 + tanh(z / 2)) / 2: it cannot overflow.
            np.multiply(z, 0.5, out=delta)
            np.tanh(delta, out=delta)
            delta += 1
            delta *= 0.5
            delta -= self.y
        else:
            np.subtract(z, self.y, out=delta)
        delta *= 1 / len(z)

    def backward(self):
        h, deltas = self.h, self.deltas
        self.output_delta()
        for k in reversed(range(len(self.W))):
            gradient_W, gradient_b = self.gradients[k]
            np.matmul(h[k].T, deltas[k + 1], out=gradient_W)
            np.sum(deltas[k + 1], axis=0, out=gradient_b)
            if k > 0:
                np.matmul(deltas[k + 1], self.W[k].T, out=deltas[k])
                if self.problem.activation == "relu":
                    np.greater(h[k], 0, out=self.slopes[k])
                    deltas[k] *= self.slopes[k]
                else:
                    h[k] *= h[k]
                    np.subtract(1, h[k], out=h[k])
                    deltas[k] *= h[k]

    def update(self):
        """v <- momentum v - rate gradient; parameter <- parameter + v."""
        problem = self.problem
        shrink = problem.learning_rate * problem.weight_decay
        for W, b, v, g in zip(
            self.W, self.b, self.velocities, self.gradients, strict=True
        ):
            for parameter, velocity, gradient in (W, v[0], g[0]), (b, v[1], g[1]):
                velocity *= problem.momentum
                gradient *= problem.learning_rate
                velocity -= gradient
                if parameter is W:
                    np.multiply(W, shrink, out=gradient)
                    velocity -= gradient
                parameter += velocity

    def __call__(self, index):
        self.forward(index)
        self.backward()
        self.update()


class Peer:
    def __init__(self, problem):
        self.problem = problem
        self.W = [W.copy() for W in problem.W]
        self.b = [b.copy() for b in problem.b]
        self.velocities = [
            (np.zeros_like(W), np.zeros_like(b))
            for W, b in zip(self.W, self.b, strict=True)
        ]
        sizes = {problem.batch_size, len(problem.X) % problem.batch_size} - {0}
        shared = problem, self.W, self.b, self.velocities
        self.updates = {rows: Updates(*shared, rows) for rows in sizes}

    def reset(self, seed):
        self.rng = np.random.default_rng(seed)
        pairs = zip(self.W + self.b, self.problem.W + self.problem.b, strict=True)
        for parameter, first in pairs:
            parameter[:] = first
        for velocity in itertools.chain.from_iterable(self.velocities):
            velocity[:] = 0

    def run(self, n_epochs):
        order, batch_size = np.arange(len(self.problem.X)), self.problem.batch_size
        for _ in range(n_epochs):
            self.rng.shuffle(order)
            for start in range(0, len(order), batch_size):
                index = order[start : start + batch_size]
                self.updates[len(index)](index)

    def weights(self):
        return self.W, self.b

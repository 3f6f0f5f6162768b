"""PyTorch as its users write it, with the fused optimiser."""

import os

import torch
from torch import nn

VERSION = f"PyTorch {torch.__version__}"
torch.set_num_threads(len(os.sched_getaffinity(0)))

LOSSES = {
    "softmax": nn.functional.cross_entropy,
    "binary": nn.functional.binary_cross_entropy_with_logits,
    "squared": lambda z, y: 0.5 * (z - y).square().sum(dim=1).mean(),
}
ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh}


class Peer:
    def __init__(self, problem):
        self.problem = problem
        self.X, self.y = torch.from_numpy(problem.X), torch.from_numpy(problem.y)
        layers = []
        for W in problem.W:
            layers += [nn.Linear(*W.shape, dtype=self.X.dtype)]
            layers += [ACTIVATIONS[problem.activation]()]
        self.model = nn.Sequential(*layers[:-1])
        self.layers = layers[::2]
        self.reset(0)
        self.step(self.X[: problem.batch_size], self.y[: problem.batch_size])

    def reset(self, seed):
        torch.manual_seed(seed)
        problem = self.problem
        with torch.no_grad():
            for layer, W, b in zip(self.layers, problem.W, problem.b, strict=True):
                layer.weight.copy_(torch.from_numpy(W.T))
                layer.bias.copy_(torch.from_numpy(b))
        groups = [
            {
                "params": [layer.weight for layer in self.layers],
                "weight_decay": problem.weight_decay,
            },
            {"params": [layer.bias for layer in self.layers]},
        ]
        self.optimizer = torch.optim.SGD(
            groups, lr=problem.learning_rate, momentum=problem.momentum, fused=True
        )

    def step(self, X, y):
        self.optimizer.zero_grad()
        LOSSES[self.problem.loss](self.model(X), y).backward()
        self.optimizer.step()

    def run(self, n_epochs):
        batch_size = self.problem.batch_size
        for _ in range(n_epochs):
            order = torch.randperm(len(self.X))
            # Views of a copy in the new order: faster than to gather each batch.
            X, y = self.X[order], self.y[order]
            for X_batch, y_batch in zip(
                X.split(batch_size), y.split(batch_size), strict=True
            ):
                self.step(X_batch, y_batch)

    def weights(self):
        return (
            [layer.weight.detach().numpy().T for layer in self.layers],
            [layer.bias.detach().numpy() for layer in self.layers],
        )

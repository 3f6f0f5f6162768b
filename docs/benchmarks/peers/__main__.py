"""Serve one peer to the runner, with a JSON object per line on both pipes."""

import importlib
import json
import os
import sys
import time


def answer(module, request, state):
    """Do what a request says and return the reply."""
    import numpy as np  # counts the cores: not before main has chosen them

    from . import Problem

    if "prepare" in request:
        state["peer"] = None  # its memory goes before the next one's comes
        state["peer"] = module.Peer(Problem.load(request["prepare"]))
        return {}
    peer = state["peer"]
    peer.reset(request["seed"])
    wall, cpu = time.perf_counter(), time.process_time()
    peer.run(request["epochs"])
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if request["weights"]:
        W, b = peer.weights()
        arrays = {f"W{k}": x for k, x in enumerate(W)}
        arrays |= {f"b{k}": x for k, x in enumerate(b)}
        np.savez(request["weights"], **arrays)
    return {"wall": wall, "cpu": cpu}


def main(name, n_cores):
    """Answer until the runner closes the pipe."""
    cores = sorted(os.sched_getaffinity(0))[-n_cores:]
    os.sched_setaffinity(0, cores)
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print must not reach the runner
    module, state = importlib.import_module(f"peers.{name}"), {}
    print(json.dumps(module.VERSION), file=replies, flush=True)
    for line in sys.stdin:
        reply = answer(module, json.loads(line), state)
        print(json.dumps(reply), file=replies, flush=True)


main(sys.argv[1], int(sys.argv[2]))

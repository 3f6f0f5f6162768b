"""The pages' snippets are doctests; the scripts beside them are none."""

from importlib.util import find_spec

collect_ignore_glob = ["*.py", "_build", "benchmarks", "auto_examples"]
# Callbacks came with scikit-learn 1.9.
collect_ignore = [] if find_spec("sklearn.callback") else ["guide/watching.md"]

"""The pages' snippets are doctests; the scripts beside them are none."""

collect_ignore_glob = ["*.py", "_build", "benchmarks", "gallery"]

"""A benchmark, from stored requests to something to read."""

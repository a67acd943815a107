"""`sprat bench`: speed under named conditions, from stored requests."""

"""How good answers from documents are, as something to read."""

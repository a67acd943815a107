"""Question sets, and the scorers that judge answers to them."""

"""Two engines as one: which of them answers, decided by rules and by a learned confidence."""

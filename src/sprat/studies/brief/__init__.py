"""One page for a decision: what the stored studies say together, and what to do about it."""

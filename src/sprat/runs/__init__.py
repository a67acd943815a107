"""What happened: the store, and the statistics over it."""

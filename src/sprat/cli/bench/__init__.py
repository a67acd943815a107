"""`sprat bench`: its options, what they mean, and where its results go."""

"""`sprat evaluate`: how good one model's answers are, and whether they got worse."""

"""What a judge's grades are worth, as something to read."""

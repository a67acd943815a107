"""What was recorded, read for a browser and for programs."""

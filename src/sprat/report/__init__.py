"""From stored runs to something to read."""

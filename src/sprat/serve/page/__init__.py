"""The page at `/`: its built files, and the weights that it computes with."""

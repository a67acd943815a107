"""From a model name to verified files that can be run."""

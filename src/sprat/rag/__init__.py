"""Answers from documents: read, cut into passages, kept, found, quoted, or honestly not there."""

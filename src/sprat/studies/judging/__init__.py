"""A model as a judge: its grades by a rubric, what they are worth, and which answer it prefers."""

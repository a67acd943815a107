"""Something that answers: one protocol, several ways. `open_engine` is the one door."""

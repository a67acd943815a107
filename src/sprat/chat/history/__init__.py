"""What was said in the chat, and what came of it: an SQLite file, and files beside it."""

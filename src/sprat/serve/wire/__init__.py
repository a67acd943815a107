"""OpenAI's words: bodies in, replies, streams and errors out."""

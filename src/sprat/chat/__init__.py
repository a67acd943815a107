"""The Chainlit app: a chat over documents."""

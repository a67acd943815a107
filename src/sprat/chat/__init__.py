"""The chat: a Chainlit app over a model, over two, or over documents."""

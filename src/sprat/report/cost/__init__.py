"""A forecast of costs → terminal, HTML, Markdown."""

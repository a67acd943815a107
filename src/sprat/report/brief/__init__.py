"""The brief, on a terminal, as Markdown, as a page and on paper."""

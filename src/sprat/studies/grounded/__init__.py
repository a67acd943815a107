"""How good answers from documents are: questions with gold passages, asked, measured, judged."""

"""Question sets, and the scorers that judge answers to them."""

from sprat.questions.collection import QuestionSet
from sprat.questions.loading import SETS, load, load_prompt
from sprat.questions.scorers import SCORERS, is_right, score

__all__ = ["SCORERS", "SETS", "QuestionSet", "is_right", "load", "load_prompt", "score"]

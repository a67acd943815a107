"""Ask, measure, score, record."""

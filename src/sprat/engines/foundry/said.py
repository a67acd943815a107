"""What the native runtime says, as a person wants to read it."""

from sprat.errors import first_line


def plain(error: BaseException) -> str:
    """What the native runtime says, without the C++ function that says it before."""
    text = first_line(error, 2000)
    head, _, rest = text.partition(" ")
    if ".cc:" not in head or "(" not in rest:
        return text[:300]
    depth = 0
    for at in range(rest.index("("), len(rest)):
        depth += (rest[at] == "(") - (rest[at] == ")")
        if depth == 0:
            return rest[at + 1 :].removeprefix(" const").strip()[:300] or text[:300]
    return text[:300]

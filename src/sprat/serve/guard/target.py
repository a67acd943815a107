"""The request target: a path of this server, and nothing else.

Names inside a path are decoded once and then only looked up (`Names.find`): they never become
paths of files, whatever they spell.
Source: RFC 9112, section 3.2
"""

import re

from sprat.serve.problem import BadRequest

MOST_BYTES = 8192
_ORIGIN_FORM = re.compile(rb"/(?!/)[!-\[\]-~]*").fullmatch  # visible ASCII without the backslash


def check_target(target: bytes) -> None:
    """Let only the origin form pass: `/path?query`.

    Raises:
        BadRequest: the target names another server (`http://…`, `host:port`, `//host`), is `*`,
            or has characters that a target cannot have (400).
    """
    if _ORIGIN_FORM(target) is None:
        line = f"The request target {target[:80].decode('ascii', 'backslashreplace')!r} is no path."
        fix = "Ask for a path of this server: GET /v1/models."
        raise BadRequest(line, code="invalid_target", fix=fix)

"""What a person needs to know when the gateway starts."""

import sys

from sprat.errors import first_few
from sprat.serve.gateway import Gateway
from sprat.serve.port import url_of

_SHOWN = 6


def greeting(gateway: Gateway, host: str, port: int) -> str:
    """Where it listens, what can be asked for, how to try it and how to stop it."""
    base = url_of(host, port)
    here = [model for model in gateway.names.listed() if gateway.offered.of(model).on_disk]
    first = next((model.name for model in here if not model.embeds), "smollm2-135m")
    lines = [
        f"Sprat serves at {base}/v1",
        f"  page             {base}/",
        f"  models on disk   {_listed([model.name for model in here])}",
        f"  reference        {base}/docs",
        "  stop             Ctrl-C",
        "Try it:",
        f"  {_curl(base, first, gateway.settings.locked)}",
    ]
    return "\n".join(lines)


def _listed(names: list[str]) -> str:
    if not names:
        return "none yet: the first request for one fetches it (or: sprat models pull NAME)"
    return first_few(names, _SHOWN)


def _curl(base: str, model: str, locked: bool) -> str:
    body = f'{{"model": "{model}", "messages": [{{"role": "user", "content": "Hello"}}]}}'
    quoted = '"' + body.replace('"', '\\"') + '"' if sys.platform == "win32" else f"'{body}'"
    sent = ' -H "Authorization: Bearer YOUR-KEY"' if locked else ""
    head = f'curl {base}/v1/chat/completions -H "Content-Type: application/json"'
    return f"{head}{sent} -d {quoted}"

"""Where packages, and with them the weights, come from: reachable, or not needed any more."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from sprat.cli.checks.finding import Check, fault, note, ok
from sprat.models.pip_config import PipConfig, read_pip_config
from sprat.settings import Settings

LOOK_S = 2.0
_NAME = "Package registry"


def check_network(settings: Settings) -> Iterable[Check]:
    """The registry answers; where it does not, that is a fault only while a default is missing."""
    config = msgspec.structs.replace(read_pip_config(), timeout_s=LOOK_S)
    reasons: list[str] = []
    for place in (*config.find_links, *config.indexes):
        why = _unreachable(place, config)
        if why is None:
            yield ok(_NAME, f"{_shown(place)} can be reached")
            return
        reasons.append(why)
    line = f"cannot be reached: {'; '.join(reasons) or 'pip is set to use no index'}"
    missing = _missing(settings)
    if not missing:
        yield note(
            _NAME, f"{line}. Not needed: both default models are on disk", fix="Nothing to do."
        )
    else:
        yield fault(
            _NAME,
            f"{line}; and {' and '.join(missing)} must still be fetched",
            fix="Connect, or set pip's index-url, or bring the file: "
            f"sprat models pull {missing[0]} --from FILE.gguf",
        )


def _unreachable(place: str, config: PipConfig) -> str | None:
    """Why a place cannot be asked; None when it can."""
    from sprat.errors import DownloadFailed
    from sprat.models.index import local_path
    from sprat.models.web import BeyondUs, NotThere, Web

    if local := local_path(place):
        return None if Path(local).exists() else f"{place} is not there"
    try:
        with Web(config).open(f"{place.rstrip('/')}/pip/"):
            return None
    except (NotThere, BeyondUs):
        return None  # somebody answers: what it has is found out by the pull
    except DownloadFailed as error:
        return error.message


def _shown(place: str) -> str:
    from sprat.models.web import shown

    return shown(place)


def _missing(settings: Settings) -> list[str]:
    """The default models that are to be fetched and are not on disk."""
    from sprat.models.ready import known

    absent = {model.name for model in known(settings) if not model.on_disk}
    return [n for n in dict.fromkeys((settings.small, settings.large)) if n in absent]

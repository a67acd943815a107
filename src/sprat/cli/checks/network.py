"""Where packages, and with them the weights, come from: reachable, or not needed any more."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from sprat.cli.checks.finding import Check, fault, note, ok
from sprat.models.pip_config import PipConfig, read_pip_config
from sprat.settings import Settings

ALL_S = 4.0
"""For all places together: they are asked one after the other, as pip does."""
_NAME = "Package registry"


def check_network(settings: Settings) -> Iterable[Check]:
    """The registry answers; where it does not, that is a fault only while a default is missing."""
    config = read_pip_config()
    places = (*config.find_links, *config.indexes)
    reasons: list[str] = []
    for place in places:
        why = _unreachable(place, config, ALL_S / len(places))
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


def _unreachable(place: str, config: PipConfig, within_s: float) -> str | None:
    """Why a place cannot be asked; None when it can."""
    from sprat.engines.patience import within
    from sprat.errors import DownloadFailed
    from sprat.models.index import local_path
    from sprat.models.web import BeyondUs, NotThere

    if local := local_path(place):
        return None if Path(local).exists() else f"{place} is not there"
    try:
        within(within_s, lambda: _open(place, config, within_s))
    except (NotThere, BeyondUs):
        return None  # somebody answers: what it has is found out by the pull
    except DownloadFailed as error:
        return error.message
    except TimeoutError as error:
        return f"{_shown(place)}: {error}"
    return None


def _open(place: str, config: PipConfig, within_s: float) -> None:
    from sprat.models.web import Web

    patient = msgspec.structs.replace(config, timeout_s=within_s)
    with Web(patient).open(f"{place.rstrip('/')}/pip/"):
        return


def _shown(place: str) -> str:
    from sprat.models.web import shown

    return shown(place)


def _missing(settings: Settings) -> list[str]:
    """The default models that are to be fetched and are not on disk."""
    from sprat.models.ready import known

    absent = {model.name for model in known(settings) if not model.on_disk}
    return [n for n in dict.fromkeys((settings.small, settings.large)) if n in absent]

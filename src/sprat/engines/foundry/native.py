"""`foundry-local-sdk`, which is imported here, once, and only in processes that exist for it.

What it would write and send is settled before it is loaded: docs/decisions/foundry.md.
"""

import os
from importlib import import_module
from pathlib import Path
from typing import Any

from sprat.engines.foundry.said import plain
from sprat.errors import BadWeights

Native = Any
"""An object of the SDK's."""

# With `disable_nonessential_telemetry` alone it still sends a "ProcessInfo" event (and waits a
# second for that at the end). Only where it takes itself to be in CI does it send nothing.
os.environ["CI"] = "true"
os.environ["ORT_TELEMETRY_DISABLED"] = "1"

sdk: Native = import_module("foundry_local_sdk")
FoundryError: type[Exception] = sdk.FoundryLocalException


def open_manager(home: Path) -> Native:
    """The SDK's manager, with everything that it keeps below `home`. One per process."""
    return sdk.FoundryLocalManager(
        sdk.Configuration(
            app_name="sprat",
            app_data_dir=str(home / "data"),
            model_cache_dir=str(home / "models"),
            logs_dir=str(home / "logs"),
            disable_nonessential_telemetry=True,
        )
    )


def register(manager: Native, model_id: str, folder: Path) -> Native:
    """The model of the local catalogue that is `folder`; put there unless it is there already.

    Raises:
        BadWeights: Foundry Local does not take the folder.
    """
    catalogue = manager.get_catalog(sdk.CatalogType.LOCAL)
    held = catalogue.get_model_variant(model_id)
    if held is not None and Path(held.get_path()) == folder:
        return held
    try:
        if held is not None:
            catalogue.unregister_model(model_id)
        with sdk.ModelInfoBuilder() as facts:
            facts.set_string_property("task", "chat-completion")
            return catalogue.register_model(folder, model_id, facts)
    except FoundryError as error:
        raise BadWeights(
            f"Foundry Local does not take {folder}: {plain(error)}",
            fix="Give a model of the catalogue, a GGUF file, or a folder with genai_config.json.",
        ) from error

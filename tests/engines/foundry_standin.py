"""The SDK's catalogue of public models, where there is no network: what `public` uses of it.

Run as a program it is the errand's process, with these objects in the place of the SDK's.
Source: foundry-local-sdk 2.2.1, `catalog.py` and `imodel.py`.
"""

import sys
from dataclasses import dataclass, field


@dataclass
class Info:
    license: str | None = "mit"
    file_size_mb: int | None = 3


@dataclass
class Model:
    """`IModel` of the SDK, as far as it is used."""

    id: str
    alias: str
    is_cached: bool = False
    info: Info = field(default_factory=Info)

    def get_path(self) -> str:
        return f"/models/{self.id}" if self.is_cached else ""

    def download(self, progress_callback) -> None:
        for percent in (0.0, 50.0, 100.0):
            progress_callback(percent)
        self.is_cached = True


class Catalogue:
    """`Catalog` of the SDK, as far as it is used: None for what it does not have."""

    def __init__(self, *models: Model) -> None:
        self._models = models

    def get_model(self, alias: str) -> Model | None:
        return next((one for one in self._models if one.alias == alias), None)

    def get_model_variant(self, model_id: str) -> Model | None:
        return next((one for one in self._models if one.id == model_id), None)

    def list_models(self) -> list[Model]:
        return list(self._models)


def phi() -> Model:
    return Model("phi-4-mini-instruct-generic-cpu:5", "phi-4-mini")


class Manager:
    """`FoundryLocalManager` of the SDK, as far as it is used."""

    def get_catalog(self) -> Catalogue:
        return Catalogue(phi())

    def close(self) -> None:
        print("a line that is no message")


if __name__ == "__main__":
    from sprat.engines.foundry import errand

    errand.open_manager = lambda home: Manager()
    sys.exit(errand.main())

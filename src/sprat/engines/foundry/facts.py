"""What a folder that Foundry Local runs says about itself."""

from pathlib import Path

import msgspec


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """A model's own words; None: not said."""

    folder: Path
    vocab: int | None
    """How many tokens it knows."""
    provider: str
    """What its configuration chooses to compute with; without a choice the processor."""


class _Session(msgspec.Struct, frozen=True):
    provider_options: list[dict[str, object]] = []


class _Decoder(msgspec.Struct, frozen=True):
    session_options: _Session = _Session()


class _Model(msgspec.Struct, frozen=True):
    vocab_size: int | None = None
    decoder: _Decoder = _Decoder()


class _Config(msgspec.Struct, frozen=True):
    model: _Model = _Model()


def read_facts(folder: Path) -> Facts:
    """Read `genai_config.json`; what it does not say is left open: the runtime has read it too."""
    try:
        config = msgspec.json.decode((folder / "genai_config.json").read_bytes(), type=_Config)
    except (OSError, msgspec.MsgspecError):
        config = _Config()
    chosen = [name for options in config.model.decoder.session_options.provider_options
              for name in options]  # fmt: skip
    return Facts(
        folder=folder,
        vocab=config.model.vocab_size,
        provider=chosen[0].lower() if chosen else "cpu",
    )

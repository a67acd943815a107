"""Settings: an option beats the environment, which beats `sprat.toml`."""

import os
import re
import tomllib
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit, urlunsplit

import msgspec

from sprat.errors import SettingsError

DEFAULT_SMALL = "smollm2-135m"
DEFAULT_LARGE = "qwen2.5-coder-0.5b"
FILE_NAME = "sprat.toml"
_TAIL = re.compile(r"/(v1|openai)(/.*)?$")

VariableName = Annotated[str, msgspec.Meta(min_length=1)]


class Endpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An OpenAI-compatible server."""

    url: str
    """The base address, up to and with `/v1`."""
    key: str | None = None
    key_env: VariableName | None = None
    """The name of the environment variable that holds the key."""
    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=86_400)] = 120.0

    @property
    def is_here(self) -> bool:
        """Whether it listens on this machine: what is sent there does not leave it."""
        return is_here(self.url)


class OnnxSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How local models are run."""

    provider: str = "cpu"
    """What computes them: a name of docs/providers.md, or `auto`."""
    threads: Annotated[int, msgspec.Meta(ge=1, le=1024)] | None = None
    """None: one per physical core. Tens of thousands would choke the whole machine."""


class ServeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The gateway. What each bound is for: docs/serve.md."""

    host: str = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65_535)] = 5273
    """0: any free one."""
    key: str | None = None
    key_env: VariableName | None = None
    """The name of the environment variable that holds the key."""
    hosts: tuple[str, ...] = ()
    """`Host` values answered beside the loopback's own, each as a browser sends it: `box:5273`."""
    origins: tuple[str, ...] = ()
    """Other origins whose pages may ask, each exactly: `http://localhost:3000`."""
    models: dict[str, str] = {}
    """Names for the API → any model name: `mine = "./weights.gguf"`."""
    load: tuple[str, ...] = ()
    """Models loaded at the start instead of on first use."""
    pull: bool = True
    """Whether the first use of a catalogue model may fetch its weights."""
    max_tokens: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 2048
    """Of an answer by a local model, where the request does not say."""
    places: Annotated[int, msgspec.Meta(ge=1, le=1024)] = 8
    """Answers at once by one local model."""
    remote_places: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 256
    """Answers at once by one endpoint's model."""
    queue: Annotated[int, msgspec.Meta(ge=0, le=100_000)] = 64
    """Requests that may wait for one model."""
    queue_s: Annotated[float, msgspec.Meta(gt=0, le=86_400)] = 120.0
    """The longest wait."""
    idle_s: Annotated[float, msgspec.Meta(ge=0, le=31_536_000)] = 900.0
    """A local model that nobody asked for so long is unloaded; 0: never."""
    keep_free_bytes: Annotated[int, msgspec.Meta(ge=0)] = 512 * 2**20
    """Memory of the machine that models must leave free: idle ones are unloaded for it."""
    drain_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 10.0
    """How long a stop waits for answers under way before it cancels them."""
    body_bytes: Annotated[int, msgspec.Meta(ge=1024, le=2**30)] = 8 * 2**20
    """The largest request."""
    connections: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 1024
    """Connections at once; more are answered 503."""
    log_format: Literal["text", "json"] = "text"
    log_prompts: bool = False
    """Whether the log holds prompts and answers too."""
    traces: bool = False
    """Whether spans are sent by OpenTelemetry; the environment can ask for it too."""
    waiting_s: Annotated[float, msgspec.Meta(gt=0, le=3600)] = 5.0
    """While a policy has not decided, its stream is kept awake so often."""

    @property
    def locked(self) -> bool:
        """Whether callers must send a key."""
        return bool(self.key or self.key_env)


Positive = Annotated[float, msgspec.Meta(gt=0)]
Dollars = Annotated[float, msgspec.Meta(ge=0)]


class TokenPrice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a million tokens of one model cost: it beats every other price of that model."""

    input_usd_per_mtok: Dollars
    output_usd_per_mtok: Dollars
    cached_input_usd_per_mtok: Dollars | None = None
    """Of input tokens that the server did not compute again; None: as the others."""


class CostSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What computing costs here. Nothing has a default: what nobody declared has no price."""

    machine_usd: Dollars | None = None
    """What this machine cost."""
    machine_years: Positive | None = None
    """Over how many years."""
    busy_share: Annotated[float, msgspec.Meta(gt=0, le=1)] | None = None
    """Of that time, how much of it the machine computes."""
    electricity_usd_per_kwh: Dollars | None = None
    watts: Positive | None = None
    """What the machine draws while it computes: used where no counter measures it."""
    models: dict[str, TokenPrice] = {}
    """By model name, `ENDPOINT/MODEL` say, or by endpoint."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that can be set."""

    small: str = DEFAULT_SMALL
    large: str = DEFAULT_LARGE
    prompt: str | None = None
    """`COMPARE_PROMPT`: compare on this one prompt."""
    endpoints: dict[str, Endpoint] = {}
    onnx: OnnxSettings = OnnxSettings()
    serve: ServeSettings = ServeSettings()
    cost: CostSettings = CostSettings()
    weights_from: str | None = None
    """`SPRAT_WEIGHTS_FROM`: a folder searched for weights before anything is downloaded."""
    home: str | None = None
    """`SPRAT_HOME`: keep everything below this folder."""

    @property
    def models_dir(self) -> Path:
        """Where weights are kept."""
        return self._cache_root / "models"

    @property
    def exports_dir(self) -> Path:
        """Where the ONNX folders made from GGUF files are kept."""
        return self._cache_root / "exports"

    @property
    def foundry_dir(self) -> Path:
        """Where Foundry Local keeps its catalogue, its models and its log."""
        return self._cache_root / "foundry"

    @property
    def trials_dir(self) -> Path:
        """Where it is remembered which execution provider computes which model rightly."""
        return self._cache_root / "providers"

    @property
    def policies_dir(self) -> Path:
        """Where `policy:NAME` is looked for, and where calibrated policies are kept."""
        return self.runs_file.parent / "policies"

    @property
    def gates_dir(self) -> Path:
        """Where `sprat calibrate --docs` keeps gates, and the answers they were learned from."""
        return self.runs_file.parent / "gates"

    @property
    def documents_dir(self) -> Path:
        """Where `sprat index` keeps what it read, unless `--store` says otherwise."""
        return self.runs_file.parent / "documents"

    @property
    def runs_file(self) -> Path:
        """The SQLite file of recorded runs."""
        if self.home:
            return Path(self.home) / "runs.db"
        from platformdirs import user_data_path

        return user_data_path("sprat", appauthor=False) / "runs.db"

    @property
    def _cache_root(self) -> Path:
        if self.home:
            return Path(self.home)
        from platformdirs import user_cache_path

        return user_cache_path("sprat", appauthor=False)


def load_settings(file: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read `sprat.toml` (in the working folder unless given) and lay the environment over it.

    Raises:
        SettingsError: the file is missing though named, is no TOML, or has an unknown key.
    """
    env = os.environ if environ is None else environ
    return _with_environment(_from_file(file), env)


def _from_file(file: Path | None) -> Settings:
    path = file or Path(FILE_NAME)
    if not path.is_file():
        if file is None:
            return Settings()
        raise SettingsError(f"There is no settings file {str(file)!r}.", fix="Check --config.")
    try:
        settings = msgspec.convert(tomllib.loads(path.read_text("utf-8")), Settings)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise SettingsError(f"{path} cannot be used: {error}.", fix=f"Correct {path}.") from error
    _check_machine(settings.cost, path)
    for name, endpoint in settings.endpoints.items():
        _checked_url(endpoint.url, f"[endpoints.{name}] url in {path}")
    if (foundry := settings.endpoints.get("foundry")) is None:
        return settings
    whole = msgspec.structs.replace(foundry, url=f"{root_of(foundry.url)}/v1")
    return msgspec.structs.replace(settings, endpoints={**settings.endpoints, "foundry": whole})


def _check_machine(cost: CostSettings, path: Path) -> None:
    """Three numbers make one price: with two of them it would be a guess."""
    three = ("machine_usd", "machine_years", "busy_share")
    missing = [name for name in three if getattr(cost, name) is None]
    if 0 < len(missing) < len(three):
        raise SettingsError(
            f"[cost] in {path} has no {' and no '.join(missing)}: what the machine costs per busy "
            "second cannot be told.",
            fix=f"Set {', '.join(three)}, or none of them.",
        )


def _with_environment(settings: Settings, env: Mapping[str, str]) -> Settings:
    changes: dict[str, object] = {}
    for field, variable in (
        ("small", "SLM_ALIAS"),
        ("large", "LLM_ALIAS"),
        ("prompt", "COMPARE_PROMPT"),
        ("weights_from", "SPRAT_WEIGHTS_FROM"),
        ("home", "SPRAT_HOME"),
    ):
        if value := env.get(variable, "").strip():
            changes[field] = value
    if url := env.get("FOUNDRY_LOCAL_ENDPOINT", "").strip():
        checked = _checked_url(url, "FOUNDRY_LOCAL_ENDPOINT")
        foundry = Endpoint(url=f"{root_of(checked)}/v1")
        changes["endpoints"] = {**settings.endpoints, "foundry": foundry}
    if key := env.get("SPRAT_KEY", "").strip():
        changes["serve"] = msgspec.structs.replace(settings.serve, key=key, key_env=None)
    return msgspec.structs.replace(settings, **changes)


def _checked_url(url: str, where: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise SettingsError(
            f"{where} is {url!r}, which is no http address.",
            fix="Set it to something like http://127.0.0.1:5273/v1",
        )
    return url.rstrip("/")


def is_here(url: str) -> bool:
    """Whether an address is this machine's: what is sent there leaves it by no proxy either.

    Names that mean the loopback everywhere (RFC 6761), and its addresses.
    """
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def root_of(url: str) -> str:
    """Foundry Local's address before `/v1`, from what people paste.

    With `/v1`, with `/openai/status`, as its command prints it, or bare.
    """
    parts = urlsplit(url)
    path = _TAIL.sub("", parts.path).rstrip("/")
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))

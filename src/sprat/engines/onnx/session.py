"""Opens a graph on an execution provider."""

from sprat.engines.onnx.folder import Folder
from sprat.engines.onnx.graph import edited
from sprat.engines.onnx.native import Native, ort
from sprat.errors import BadWeights, UnsupportedRequest, first_line


def open_session(folder: Folder, provider: str, threads: int) -> Native:
    """Load the graph and its weights.

    Raises:
        UnsupportedRequest: this build of ONNX Runtime does not have the provider.
        BadWeights: ONNX Runtime cannot load the files.
    """
    providers = _providers(provider)
    options: Native = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        graph, data = edited(folder)
        options.add_session_config_entry(
            "session.model_external_initializers_file_folder_path", str(data)
        )
        return ort.InferenceSession(graph, options, providers=providers)
    except Exception as error:  # the native library raises whatever it likes
        raise BadWeights(
            f"{folder.graph} cannot be loaded: {first_line(error)}",
            fix="Export it again: sprat models export FILE.gguf --out DIR",
        ) from error


def _providers(provider: str) -> list[str]:
    names: list[str] = [n for n in ort.get_available_providers() if n != "AzureExecutionProvider"]
    known = {_short(name): name for name in names}
    if _short(provider) not in known:
        raise UnsupportedRequest(
            f"There is no execution provider {provider!r} in this ONNX Runtime.",
            fix=f"Use one of: {', '.join(sorted(known))}.",
        )
    return list(dict.fromkeys([known[_short(provider)], "CPUExecutionProvider"]))


def _short(provider: str) -> str:
    return provider.lower().removesuffix("executionprovider")

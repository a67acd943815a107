"""What a study remembers of a model, so that only the same one goes on with it."""

from pathlib import Path

from sprat.door.identity import identity
from sprat.settings import Endpoint, Settings


def folder_with(path: Path, weights: bytes) -> str:
    path.mkdir(exist_ok=True)
    (path / "genai_config.json").write_text("{}", encoding="utf-8")
    (path / "model.onnx.data").write_bytes(weights)
    return str(path)


def test_a_folder_whose_weights_change_is_another_model(tmp_path: Path) -> None:
    settings = Settings(home=str(tmp_path))
    first = identity(folder_with(tmp_path / "mine", b"one"), settings)
    again = identity(folder_with(tmp_path / "mine", b"one"), settings)
    other = identity(folder_with(tmp_path / "mine", b"two"), settings)
    assert first == again != other


def test_the_password_of_an_endpoint_is_not_remembered() -> None:
    endpoint = Endpoint(url="https://me:secret@models.example/v1")
    known = identity("there/big", Settings(endpoints={"there": endpoint}))
    assert known == {"endpoint": "https://models.example/v1", "model": "big"}

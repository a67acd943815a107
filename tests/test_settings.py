"""`sprat.toml`: what cannot work is refused by name, before anything is asked of a model."""

import pytest

from sprat.errors import SettingsError
from sprat.settings import load_settings


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[onnx]\nthreads = 100000", "threads"),
        ("[onnx]\nthreads = -3", "threads"),
        ("[onnx]\nthread = 2", "thread"),
        ('[endpoints.x]\nurl = "http://a/v1"\ntimeout_s = -1', "timeout_s"),
        ('[endpoints.x]\nurl = "localhost:11434"', "[endpoints.x] url"),
        ('[endpoints.x]\nurl = ""', "[endpoints.x] url"),
        ('smal = "x"', "smal"),
    ],
)
def test_a_setting_that_cannot_work_is_refused_by_name(tmp_path, text, named):
    file = tmp_path / "sprat.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as refused:
        load_settings(file, {})
    assert named in str(refused.value)


def test_what_works_is_taken_as_it_stands(tmp_path):
    file = tmp_path / "sprat.toml"
    file.write_text(
        '[onnx]\nthreads = 3\n[endpoints.x]\nurl = "https://a/v1"\ntimeout_s = 2', encoding="utf-8"
    )
    settings = load_settings(file, {})
    assert settings.onnx.threads == 3
    assert settings.endpoints["x"].timeout_s == 2

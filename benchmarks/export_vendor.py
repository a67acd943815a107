"""The vendor's way from GGUF to ONNX Runtime GenAI; runs in the environment that export.py makes.

usage: export_vendor.py FILE.gguf OUT int4|int8
"""

import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path


def main(gguf: Path, out: Path, precision: str) -> None:
    """Dequantise with transformers, then requantise with onnxruntime_genai.models.builder."""
    torch, transformers = import_module("torch"), import_module("transformers")  # not ours
    with tempfile.TemporaryDirectory() as scratch:
        dense = Path(scratch) / "dense"
        place = {"pretrained_model_name_or_path": str(gguf.parent), "gguf_file": gguf.name}
        transformers.AutoTokenizer.from_pretrained(**place).save_pretrained(dense)
        model = transformers.AutoModelForCausalLM.from_pretrained(**place, dtype=torch.float32)
        model.hf_quantizer = None  # else it believes that it is still quantised, and will not save
        if hasattr(model.config, "quantization_config"):
            del model.config.quantization_config
        model.save_pretrained(dense)
        command = [sys.executable, "-m", "onnxruntime_genai.models.builder", "-i", str(dense)]
        command += ["-o", str(out), "-p", precision, "-e", "cpu", "-c", scratch]
        command += ["--extra_options", "int4_accuracy_level=4", "hf_token=false"]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])

"""The native packages, which ship no types: imported here, once, and only inside the worker."""

from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

Native = Any
"""An object that a native package made."""

Floats = npt.NDArray[np.floating[Any]]
Ints = npt.NDArray[np.integer[Any]]

og: Native = import_module("onnxruntime_genai")
ort: Native = import_module("onnxruntime")

"""Writes golden.safetensors beside this file with the format's own library (PyPI safetensors 0.8.0, numpy 2.4.6).

Run once by hand; SafetensorsTest holds the numbers again, written out.
"""

from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

save_file(
    {
        "0_W": np.array([[1.5, -2.25, 3e-8], [0.1, 65504.0, -0.0]], dtype=np.float32),
        "0_b": np.array([[0.1, -1e300]], dtype=np.float64),
        "scalar": np.array(7.5, dtype=np.float64),
        "support.y": np.array([4, 0, 2, 1, 3], dtype=np.int64),
        "small": np.array([200, 1], dtype=np.uint8),
    },
    Path(__file__).with_name("golden.safetensors"),
    metadata={"made by": "golden.py"},
)

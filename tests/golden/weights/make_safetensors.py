"""Every dtype that we read, written by the reference library.

    python tests/golden/weights/make_safetensors.py

Writes dtypes.safetensors (metadata: the versions) and dtypes.json (the values as numbers).
"""

import json
import pathlib

import safetensors
import safetensors.torch
import torch

HERE = pathlib.Path(__file__).parent
DTYPES = ["float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool"]


def main():
    values = [0, 1, 2.5, -3, 100, -7]
    tensors = {}
    for name in DTYPES:
        row = [abs(v) for v in values] if name == "uint8" else values
        tensors[name] = torch.tensor(row).to(getattr(torch, name)).reshape(2, 3)
    tensors["scalar"] = torch.tensor(4.25)
    tensors["empty"] = torch.zeros(0, 3)
    versions = {"torch": torch.__version__, "safetensors": safetensors.__version__, "script": "make_safetensors.py"}
    safetensors.torch.save_file(tensors, HERE / "dtypes.safetensors", metadata=versions)
    numbers = {name: {"shape": list(tensor.shape), "values": tensor.double().flatten().tolist()} for name, tensor in tensors.items()}
    (HERE / "dtypes.json").write_text(json.dumps({"versions": versions, "tensors": numbers}, indent=1) + "\n")


if __name__ == "__main__":
    main()

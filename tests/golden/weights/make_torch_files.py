"""Files of torch.save: every dtype, views of one storage, plain values, and objects that must never be made.

    python tests/golden/weights/make_torch_files.py

Writes torch/: values.pt (zip archive), values_protocol_5.pt (a newer pickle protocol), values_old.pt (the format before zip archives) with the
same content, values.json (that content as numbers), command.pt (would run a shell command if it were unpickled).
"""

import argparse
import collections
import enum
import json
import os
import pathlib

import torch

OUT = pathlib.Path(__file__).parent / "torch"
DTYPES = ["float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool"]


class Colour(enum.Enum):
    red = 1


class Command:
    def __reduce__(self):
        return os.system, ("touch midillama_ran_a_command",)


def tensors():
    values = [0, 1, 2.5, -3, 100, -7]
    result = {}
    for name in DTYPES:
        row = [abs(v) for v in values] if name == "uint8" else values
        result[name] = torch.tensor(row).to(getattr(torch, name)).reshape(2, 3)
    whole = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4)
    result |= {"whole": whole, "transposed": whole.transpose(0, 2), "slice": whole[1, :, 1:3], "scalar": whole[1, 2, 3], "empty": torch.zeros(0, 3),
               "parameter": torch.nn.Parameter(torch.tensor([1.0, -2.0]))}
    return result


def content():
    state = collections.OrderedDict(tensors())
    state._metadata = {"": {"version": 1}}
    shared = ["a", 1]
    return {"tensors": state, "text": "Grüße", "large": 2 ** 40, "negative": -129, "huge": 2 ** 70, "real": 0.1, "yes": True, "nothing": None,
            "list": [1, [2, [3]]], "tuple": (1, 2, 3, 4), "shared": [shared, shared], "namespace": argparse.Namespace(width=8), "colour": Colour.red,
            "long_text": "x" * 300}


def main():
    OUT.mkdir(exist_ok=True)
    torch.save(content(), OUT / "values.pt")
    torch.save(content() | {"bytes": b"\x00\xff", "set": {1, 2}}, OUT / "values_protocol_5.pt", pickle_protocol=5)
    torch.save(content(), OUT / "values_old.pt", _use_new_zipfile_serialization=False)
    torch.save({"model": {"weight": torch.ones(2)}, "args": Command()}, OUT / "command.pt")
    numbers = {name: {"shape": list(tensor.shape), "dtype": str(tensor.dtype).removeprefix("torch."), "values": tensor.detach().double().flatten().tolist()}
               for name, tensor in tensors().items()}
    versions = {"torch": torch.__version__, "script": "make_torch_files.py"}
    (OUT / "values.json").write_text(json.dumps({"versions": versions, "tensors": numbers}, indent=1) + "\n")


if __name__ == "__main__":
    main()

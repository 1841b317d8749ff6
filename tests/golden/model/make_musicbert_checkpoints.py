"""The weights of musicbert/ as others publish them: fairseq's checkpoints, and those of the Hugging Face port musicbert_hf.

    python tests/golden/model/make_musicbert_checkpoints.py          (after make_musicbert.py)

Writes musicbert_checkpoints/:
    fairseq.pt         zip archive; argparse.Namespace, a dataclass, an enum and an omegaconf-like node beside the weights; pre-training head
    fairseq_half.pt    the format before zip archives; fp16 weights; the number of heads in `cfg` only
    port/              model.safetensors and config.json with the port's names
    versions.json

The port's layers are transformers' BertLayer: the script loads the weights under its names and insists on the same hidden states.
"""

import argparse
import dataclasses
import enum
import json
import pathlib
import sys
import types

import safetensors.torch
import torch
import transformers
from transformers.models.bert.modeling_bert import BertEncoder

HERE = pathlib.Path(__file__).parent
OUT = HERE / "musicbert_checkpoints"
CONFIG = json.loads((HERE / "musicbert" / "config.json").read_text())
LAYER_NAMES = {"self_attn.q_proj": "attention.self.query", "self_attn.k_proj": "attention.self.key", "self_attn.v_proj": "attention.self.value",
               "self_attn.out_proj": "attention.output.dense", "self_attn_layer_norm": "attention.output.LayerNorm", "fc1": "intermediate.dense",
               "fc2": "output.dense", "final_layer_norm": "output.LayerNorm"}
EMBEDDING_NAMES = {"embed_tokens": "word_embeddings", "embed_positions": "position_embeddings", "emb_layer_norm": "LayerNorm",
                   "downsampling.0": "downsampling.0", "upsampling.0": "upsampling.0"}


class DDPBackend(enum.Enum):
    no_c10d = "no_c10d"


@dataclasses.dataclass
class CommonConfig:
    fp16: bool = True
    backend: DDPBackend = DDPBackend.no_c10d


def omegaconf_node(value):
    """An object of the class that omegaconf keeps a number in, without omegaconf: only its name and its attributes reach the file."""
    if "omegaconf.nodes" not in sys.modules:
        package, module = types.ModuleType("omegaconf"), types.ModuleType("omegaconf.nodes")
        package.nodes, module.AnyNode = module, type("AnyNode", (), {"__module__": "omegaconf.nodes"})
        sys.modules |= {"omegaconf": package, "omegaconf.nodes": module}
    node = sys.modules["omegaconf.nodes"].AnyNode()
    node.__dict__.update(_metadata=None, _parent=None, _val=value)
    return node


def fairseq_state(weights, head):
    state = {f"encoder.sentence_encoder.{name}": tensor for name, tensor in weights.items()}
    state |= {f"encoder.lm_head.{name}": tensor for name, tensor in head.items()}
    state["encoder.lm_head.weight"] = weights["embed_tokens.weight"]
    # As a training process leaves them: a view of a larger storage, and a transposed one.
    name = "encoder.sentence_encoder.layers.0.fc1.weight"
    state[name] = torch.cat([torch.zeros(3, state[name].shape[1]), state[name]])[3:]
    name = "encoder.sentence_encoder.layers.1.fc2.weight"
    state[name] = state[name].t().contiguous().t()
    return state


def port_state(weights):
    state = {}
    for name, tensor in weights.items():
        stem, kind = name.rsplit(".", 1)
        if stem.startswith("layers."):
            _, number, rest = stem.split(".", 2)
            state[f"bert.encoder.layer.{number}.{LAYER_NAMES[rest]}.{kind}"] = tensor
        else:
            state[f"bert.embeddings.{EMBEDDING_NAMES[stem]}.{kind}"] = tensor
    state["bert.embeddings.token_type_embeddings.weight"] = torch.randn(2, CONFIG["hidden_size"])
    state["cls.predictions.bias"] = torch.zeros(CONFIG["vocab_size"])
    return state


def check_port_names(state):
    """transformers' own encoder, under the port's names, computes the hidden states of musicbert/expected.safetensors."""
    config = transformers.BertConfig(hidden_size=CONFIG["hidden_size"], num_hidden_layers=CONFIG["num_hidden_layers"],
                                     num_attention_heads=CONFIG["num_attention_heads"], intermediate_size=CONFIG["intermediate_size"],
                                     layer_norm_eps=CONFIG["layer_norm_eps"], attn_implementation="eager")
    encoder = BertEncoder(config).eval()
    encoder.load_state_dict({name.removeprefix("bert.encoder."): tensor for name, tensor in state.items() if name.startswith("bert.encoder.")})
    expected = safetensors.torch.load_file(HERE / "musicbert" / "expected.safetensors")
    ids = expected["ids"][1:2]  # the longest row: no padding
    part = lambda name: state[f"bert.embeddings.{name}"]
    x = torch.nn.functional.embedding(ids, part("word_embeddings.weight")).flatten(2) @ part("downsampling.0.weight").T
    x = x + part("downsampling.0.bias") + part("position_embeddings.weight")[2:2 + ids.shape[1]]
    x = torch.nn.functional.layer_norm(x, x.shape[-1:], part("LayerNorm.weight"), part("LayerNorm.bias"), 1e-5)
    with torch.no_grad():
        hidden = encoder(x).last_hidden_state
    torch.testing.assert_close(hidden, expected["hidden_states"][1:2], atol=1e-5, rtol=1e-5)


def main():
    torch.manual_seed(5)
    weights = safetensors.torch.load_file(HERE / "musicbert" / "model.safetensors")
    head = safetensors.torch.load_file(HERE / "musicbert" / "head.safetensors")
    OUT.mkdir(exist_ok=True)
    args = argparse.Namespace(arch="musicbert_tiny", encoder_attention_heads=CONFIG["num_attention_heads"], lr=[5e-4], tokens_per_sample=16)
    cfg = {"common": CommonConfig(), "model": omegaconf_node({"encoder_attention_heads": omegaconf_node(CONFIG["num_attention_heads"])})}
    state = fairseq_state(weights, head)
    torch.save({"args": args, "cfg": {"common": CommonConfig()}, "model": state, "optimizer_history": [{"num_updates": 125000}],
                "extra_state": {"best": 1.5, "meters": {1, 2}}, "last_optimizer_state": None}, OUT / "fairseq.pt")
    half = {name: tensor.half() for name, tensor in fairseq_state(weights, head).items()}
    torch.save({"args": None, "cfg": cfg, "model": half}, OUT / "fairseq_half.pt", _use_new_zipfile_serialization=False)

    port = port_state(weights)
    check_port_names(port)
    (OUT / "port").mkdir(exist_ok=True)
    safetensors.torch.save_file(port, OUT / "port" / "model.safetensors")
    config = {"model_type": "bert", "num_attention_heads": CONFIG["num_attention_heads"], "fairseq_position_embeddings": True}
    (OUT / "port" / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    versions = {"torch": torch.__version__, "transformers": transformers.__version__, "script": "make_musicbert_checkpoints.py"}
    (OUT / "versions.json").write_text(json.dumps(versions, indent=1) + "\n")


if __name__ == "__main__":
    main()

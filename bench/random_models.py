"""Models of random weights and datasets of one length, written with Python's standard library alone."""

import array
import json
import random
import shutil
import struct

MUSICBERT = dict(model_type="musicbert", vocab_size=1237, hidden_size=128, num_hidden_layers=1, num_attention_heads=2, intermediate_size=256,
                 max_position_embeddings=1004, layer_norm_eps=1e-5)
NOISE = 1 << 16  # numbers that are drawn; larger tensors repeat them


def llama_tensors(c):
    h, f, v = c["hidden_size"], c["intermediate_size"], c["vocab_size"]
    kv = h // c["num_attention_heads"] * c["num_key_value_heads"]
    yield "model.embed_tokens.weight", (v, h)
    for i in range(c["num_hidden_layers"]):
        p = f"model.layers.{i}."
        for name, shape in dict(q_proj=(h, h), k_proj=(kv, h), v_proj=(kv, h), o_proj=(h, h)).items():
            yield f"{p}self_attn.{name}.weight", shape
        for name, shape in dict(gate_proj=(f, h), up_proj=(f, h), down_proj=(h, f)).items():
            yield f"{p}mlp.{name}.weight", shape
        yield p + "input_layernorm.weight", (h,)
        yield p + "post_attention_layernorm.weight", (h,)
    yield "model.norm.weight", (h,)
    yield "lm_head.weight", (v, h)


def musicbert_tensors(c):
    d, f = c["hidden_size"], c["intermediate_size"]
    yield "embed_tokens.weight", (c["vocab_size"], d)
    yield "embed_positions.weight", (c["max_position_embeddings"], d)
    linears = [("downsampling.0", 8 * d, d), ("upsampling.0", d, 8 * d)]
    norms = ["emb_layer_norm"]
    for i in range(c["num_hidden_layers"]):
        p = f"layers.{i}."
        linears += [(f"{p}self_attn.{name}_proj", d, d) for name in ("q", "k", "v", "out")]
        linears += [(p + "fc1", d, f), (p + "fc2", f, d)]
        norms += [p + "self_attn_layer_norm", p + "final_layer_norm"]
    for name, inputs, outputs in linears:
        yield name + ".weight", (outputs, inputs)
        yield name + ".bias", (outputs,)
    for name in norms:
        yield name + ".weight", (d,)
        yield name + ".bias", (d,)


def bytes_of(values, dtype):
    """Little-endian float32, or bfloat16: its upper halves."""
    wide = array.array("f", values).tobytes()
    return wide if dtype == "F32" else b"".join(wide[i + 2 : i + 4] for i in range(0, len(wide), 4))


def write_model(folder, config, tensors, dtype="F32"):
    """config.json and model.safetensors of N(0, 0.02²), norms one, biases zero."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config))
    noise = bytes_of([random.gauss(0, 0.02) for _ in range(NOISE)], dtype)
    width = len(noise) // NOISE
    header, offset = {}, 0
    for name, shape in tensors:
        size = width * shape[0] * (shape[1] if len(shape) > 1 else 1)
        header[name] = dict(dtype=dtype, shape=shape, data_offsets=[offset, offset + size])
        offset += size
    text = json.dumps(header).encode()
    with open(folder / "model.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name, tensor in header.items():
            block = noise if len(tensor["shape"]) > 1 else bytes_of([1.0 if name.endswith("weight") else 0.0] * NOISE, dtype)
            begin, end = tensor["data_offsets"]
            for written in range(0, end - begin, len(block)):
                file.write(block[: end - begin - written])


def write_dataset(folder, clip, examples, answer_sentences):
    (folder / "clips").mkdir(parents=True)
    shutil.copy(clip, folder / "clips" / "a.mid")
    with open(folder / "train.jsonl", "w") as file:
        for i in range(examples):
            row = dict(id=f"q{i}", piece="a", clip="clips/a.mid", start=0, end=20, task="qa", tag="key",
                       question="Which key is it in? " * 400, answer="It is in G major. " * answer_sentences)
            file.write(json.dumps(row) + "\n")

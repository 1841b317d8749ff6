"""Writes small random Llama checkpoints with transformers, and what transformers computes with them.

    python tests/golden/model/make_llama.py

One folder a checkpoint: config.json, the weights, expected.safetensors with `input_ids` [batch, seq] and `logits` [batch, seq, vocab] (float32).
"""

import json
import pathlib
import shutil

import safetensors.torch
import torch
import transformers

HERE = pathlib.Path(__file__).parent
LLAMA3 = {"rope_type": "llama3", "rope_theta": 500.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 16}
COMMON = dict(vocab_size=48, hidden_size=16, intermediate_size=24, num_hidden_layers=2, max_position_embeddings=64, initializer_range=0.3)
CASES = {
    "llama_gqa": (dict(num_attention_heads=4, num_key_value_heads=2, rms_norm_eps=1e-5, tie_word_embeddings=False), torch.float32, None),
    "llama_tied": (dict(num_attention_heads=2, num_key_value_heads=1, head_dim=12, tie_word_embeddings=True,
                        eos_token_id=[2, 5], rope_parameters=LLAMA3), torch.float32, None),
    "llama_bfloat16": (dict(num_attention_heads=4, num_key_value_heads=4, tie_word_embeddings=False), torch.bfloat16, "4KB"),
}


def make(name, settings, dtype, shard_size):
    torch.manual_seed(len(name))
    model = transformers.LlamaForCausalLM(transformers.LlamaConfig(**COMMON, **settings)).eval()
    for key, parameter in model.named_parameters():
        if "norm" in key:
            parameter.data.uniform_(0.5, 1.5)
    model = model.to(dtype)
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder, **({"max_shard_size": shard_size} if shard_size else {}))
    model = transformers.LlamaForCausalLM.from_pretrained(folder).eval()  # .to(bfloat16) has rounded the rotary frequencies, loading does not
    input_ids = torch.randint(0, COMMON["vocab_size"], (2, 24))
    with torch.no_grad():
        logits = model(input_ids=input_ids).logits.float()
    safetensors.torch.save_file({"input_ids": input_ids, "logits": logits.contiguous()}, folder / "expected.safetensors")


if __name__ == "__main__":
    for case, arguments in CASES.items():
        make(case, *arguments)
    versions = {"torch": torch.__version__, "transformers": transformers.__version__, "script": "make_llama.py"}
    (HERE / "llama_versions.json").write_text(json.dumps(versions) + "\n")

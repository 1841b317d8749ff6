"""Attention pooling from torch.nn.MultiheadAttention: learned queries, each clip on its own.

    python tests/golden/model/make_attention_projector.py

Writes attention_projector.safetensors: the projector's parameters, clips of 5, 1 and 9 notes, the musical tokens of each, and the gradients
of the tokens' weighted sum (weights: 1, 2, 3 ... over the entries, divided by 100). The metadata name the version.
"""

import pathlib

import safetensors.torch
import torch

HERE = pathlib.Path(__file__).parent
MUSIC, HIDDEN, HEADS, QUERIES = 130, 7, 2, 3
INNER = 64 * HEADS


def main():
    torch.manual_seed(11)
    attention = torch.nn.MultiheadAttention(INNER, HEADS, kdim=MUSIC, vdim=MUSIC, batch_first=True)
    out = torch.nn.Linear(INNER, HIDDEN)
    queries = torch.randn(QUERIES, INNER, requires_grad=True)
    with torch.no_grad():
        attention.q_proj_weight.copy_(torch.eye(INNER))
        attention.out_proj.weight.copy_(torch.eye(INNER))
        attention.in_proj_bias.normal_()[:INNER] = 0
    clips = [torch.randn(notes, MUSIC) for notes in (5, 1, 9)]
    tokens = [out(attention(queries[None], clip[None], clip[None], need_weights=False)[0][0]) for clip in clips]
    joined = torch.cat(tokens)
    (joined * torch.arange(1, joined.numel() + 1).view_as(joined) / 100).sum().backward()

    parameters = {"queries": queries,
                  "key_value.weight": torch.cat([attention.k_proj_weight, attention.v_proj_weight]),
                  "key_value.bias": attention.in_proj_bias[INNER:],
                  "out.weight": out.weight, "out.bias": out.bias}
    gradients = {"queries": queries.grad,
                 "key_value.weight": torch.cat([attention.k_proj_weight.grad, attention.v_proj_weight.grad]),
                 "key_value.bias": attention.in_proj_bias.grad[INNER:],
                 "out.weight": out.weight.grad, "out.bias": out.bias.grad}
    tensors = {f"parameter.{name}": tensor.detach().contiguous() for name, tensor in parameters.items()}
    tensors |= {f"gradient.{name}": tensor.contiguous() for name, tensor in gradients.items()}
    tensors |= {f"clip.{i}": clip for i, clip in enumerate(clips)}
    tensors |= {"tokens": joined.detach()}
    metadata = {"torch": torch.__version__, "script": "make_attention_projector.py"}
    safetensors.torch.save_file(tensors, HERE / "attention_projector.safetensors", metadata)


if __name__ == "__main__":
    main()

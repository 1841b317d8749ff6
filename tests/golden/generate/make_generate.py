"""Writes a tiny random Llama as transformers saves it (tiny_llama/) and generate.json: greedy tokens of prompts with and without musical tokens.

Each prompt is decoded alone, and all are decoded in one left-padded batch; the script insists that both agree and that no step is a near tie, so
that the tokens are a property of the weights and not of the rounding.
"""

import importlib.metadata
import itertools
import json
import pathlib

import torch
import transformers

HERE = pathlib.Path(__file__).parent
NEW_TOKENS = 64
MUSIC_SIZE = 6
SMALLEST_GAP = 2e-3  # between the two likeliest logits


def make_model(seed):
    torch.manual_seed(seed)
    config = transformers.LlamaConfig(
        vocab_size=61, hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        max_position_embeddings=128, rope_theta=10000.0, rms_norm_eps=1e-5, initializer_range=0.6, tie_word_embeddings=False, bos_token_id=1,
        eos_token_id=2, dtype="float32")
    return transformers.LlamaForCausalLM(config).eval()


def make_prompts(generator):
    """(ids, music position, clip embedding or None): lengths and places differ, two prompts have equally many tokens."""
    shapes = [(5, 1, 1), (12, 1, 1), (1, 1, 2), (30, 7, 1), (9, 0, None), (12, 12, 3), (5, 0, 1)]
    prompts = []
    for length, position, music_tokens in shapes:
        ids = torch.randint(3, 61, (length,), generator=generator).tolist()
        music = None if music_tokens is None else torch.randn(music_tokens, MUSIC_SIZE, generator=generator)
        prompts.append((ids, position, music))
    return prompts


def splice(model, weight, bias, ids, position, music):
    text = model.get_input_embeddings()(torch.tensor(ids))
    if music is None:
        return text
    return torch.cat([text[:position], music @ weight.T + bias, text[position:]])


def smallest_gap(model, embeddings, tokens):
    continued = torch.cat([embeddings, model.get_input_embeddings()(torch.tensor(tokens))])
    logits = model(inputs_embeds=continued[None]).logits[0, len(embeddings) - 1 : -1]
    best = logits.topk(2).values
    return (best[:, 0] - best[:, 1]).min()


def generate(model, rows):
    """Greedy tokens of left-padded rows of embeddings, without a stop token."""
    longest = max(len(row) for row in rows)
    padded = torch.stack([torch.cat([torch.zeros(longest - len(row), row.shape[1]), row]) for row in rows])
    mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in rows])
    return model.generate(inputs_embeds=padded, attention_mask=mask, do_sample=False, max_new_tokens=NEW_TOKENS, min_new_tokens=NEW_TOKENS,
                          eos_token_id=None, pad_token_id=0).tolist()


def attempt(seed):
    """Model, projector, prompts and tokens of a seed, or nothing where a step is a near tie."""
    model = make_model(seed)
    generator = torch.Generator().manual_seed(seed)
    weight = torch.randn(24, MUSIC_SIZE, generator=generator) * 0.4
    bias = torch.randn(24, generator=generator) * 0.1
    prompts = make_prompts(generator)
    rows = [splice(model, weight, bias, *prompt) for prompt in prompts]
    single = [generate(model, [row])[0] for row in rows]
    if min(smallest_gap(model, row, tokens) for row, tokens in zip(rows, single)) < SMALLEST_GAP:
        return None
    assert generate(model, rows) == single
    return model, weight, bias, prompts, single


@torch.no_grad()
def main():
    model, weight, bias, prompts, single = next(found for found in map(attempt, itertools.count(1)) if found)
    model.save_pretrained(HERE / "tiny_llama")
    cases = [{"input_ids": ids, "music_position": position, "music": None if music is None else music.tolist(), "tokens": tokens}
             for (ids, position, music), tokens in zip(prompts, single)]
    golden = {
        "made_by": "make_generate.py",
        "versions": {name: importlib.metadata.version(name) for name in ("torch", "transformers")},
        "projector": {"weight": weight.tolist(), "bias": bias.tolist()},
        "cases": cases,
    }
    (HERE / "generate.json").write_text(json.dumps(golden) + "\n")


main()

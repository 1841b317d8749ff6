"""Speed of the music encoder beside transformers' RobertaModel with MusicBERT-base's shape: the same weights and clips, in turns on this machine.

    bench/with_peers bench/compare_encoder.py [--clips 48] [--rounds 3]

Random weights of MusicBERT-base (hidden 768, 12 layers, 12 heads, feed-forward 3072) in float32 and clips of unequal length, random octuples. The peer takes
the clips in file order in batches of eight, padded and masked, as a user of transformers would; both sides pool the mean over the notes, which
must be the same. Printed: median clips a second and the ratio (median, least and greatest of the paired rounds).
"""

import argparse
import json
import pathlib
import random
import tempfile
import time

import supplies
from rounds import Speed, cells, paired

HIDDEN, LAYERS, HEADS, FEED_FORWARD, VOCABULARY, FIELDS = 768, 12, 12, 3072, 1237, 8
FIELD_SIZES = (256, 128, 129, 256, 128, 32, 254, 49)
FIRST_ID = 4  # after the special symbols; the fields follow each other in this order
BATCH = 8


def write_encoder(folder):
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(1)
    linears = {"downsampling.0": (HIDDEN, FIELDS * HIDDEN), "upsampling.0": (FIELDS * HIDDEN, HIDDEN)}
    norms = ["emb_layer_norm"]
    for layer in range(LAYERS):
        for name in ("q", "k", "v", "out"):
            linears[f"layers.{layer}.self_attn.{name}_proj"] = (HIDDEN, HIDDEN)
        linears[f"layers.{layer}.fc1"], linears[f"layers.{layer}.fc2"] = (FEED_FORWARD, HIDDEN), (HIDDEN, FEED_FORWARD)
        norms += [f"layers.{layer}.self_attn_layer_norm", f"layers.{layer}.final_layer_norm"]
    tensors = {"embed_tokens.weight": torch.randn(VOCABULARY, HIDDEN) * 0.5, "embed_positions.weight": torch.randn(8194, HIDDEN) * 0.1}
    for name, (outputs, inputs) in linears.items():
        tensors |= {f"{name}.weight": torch.randn(outputs, inputs) / inputs**0.5, f"{name}.bias": torch.randn(outputs) * 0.1}
    for name in norms:
        tensors |= {f"{name}.weight": torch.ones(HIDDEN), f"{name}.bias": torch.zeros(HIDDEN)}
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(dict(
        model_type="musicbert", vocab_size=VOCABULARY, hidden_size=HIDDEN, num_hidden_layers=LAYERS, num_attention_heads=HEADS,
        intermediate_size=FEED_FORWARD, max_position_embeddings=8194, layer_norm_eps=1e-5)))
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    return tensors


def clips_of(count):
    generator = random.Random(5)
    clips = []
    for _ in range(count):
        notes = generator.randint(40, 254)
        clips.append(sorted([bar * 40 // notes, generator.randrange(128), 0, generator.randrange(128), generator.randrange(128),
                             generator.randrange(32), 0, generator.randrange(49)] for bar in range(notes)))
    return clips


class Peer:
    def __init__(self, tensors, clips, threads):
        import torch
        import transformers

        torch.set_num_threads(threads)
        self.torch, self.clips = torch, clips
        config = transformers.RobertaConfig(vocab_size=VOCABULARY, hidden_size=HIDDEN, num_hidden_layers=LAYERS, num_attention_heads=HEADS,
                                            intermediate_size=FEED_FORWARD, max_position_embeddings=8194, type_vocab_size=1, layer_norm_eps=1e-5,
                                            pad_token_id=1, hidden_act="gelu")
        self.model = transformers.RobertaModel(config, add_pooling_layer=False).eval()
        names = {"q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value", "out": "attention.output.dense"}
        state = {"embeddings.word_embeddings.weight": tensors["embed_tokens.weight"],
                 "embeddings.position_embeddings.weight": tensors["embed_positions.weight"],
                 "embeddings.token_type_embeddings.weight": torch.zeros(1, HIDDEN)}
        for kind in ("weight", "bias"):
            state[f"embeddings.LayerNorm.{kind}"] = tensors[f"emb_layer_norm.{kind}"]
            for layer in range(LAYERS):
                ours, theirs = f"layers.{layer}", f"encoder.layer.{layer}"
                for name, other in names.items():
                    state[f"{theirs}.{other}.{kind}"] = tensors[f"{ours}.self_attn.{name}_proj.{kind}"]
                state[f"{theirs}.attention.output.LayerNorm.{kind}"] = tensors[f"{ours}.self_attn_layer_norm.{kind}"]
                state[f"{theirs}.intermediate.dense.{kind}"] = tensors[f"{ours}.fc1.{kind}"]
                state[f"{theirs}.output.dense.{kind}"] = tensors[f"{ours}.fc2.{kind}"]
                state[f"{theirs}.output.LayerNorm.{kind}"] = tensors[f"{ours}.final_layer_norm.{kind}"]
        self.model.load_state_dict(state, strict=False)
        self.words, self.join = tensors["embed_tokens.weight"], (tensors["downsampling.0.weight"], tensors["downsampling.0.bias"])

    def encode(self):
        torch = self.torch
        starts = [FIRST_ID + sum(FIELD_SIZES[:i]) for i in range(FIELDS)]
        embeddings = []
        started = time.perf_counter()
        with torch.no_grad():
            for begin in range(0, len(self.clips), BATCH):
                batch = self.clips[begin : begin + BATCH]
                longest = max(map(len, batch)) + 2
                ids = torch.ones(len(batch), longest, FIELDS, dtype=torch.long)
                mask = torch.zeros(len(batch), longest, dtype=torch.long)
                for i, clip in enumerate(batch):
                    rows = [[0] * FIELDS] + [[start + code for start, code in zip(starts, note)] for note in clip] + [[2] * FIELDS]
                    ids[i, : len(rows)] = torch.tensor(rows)
                    mask[i, : len(rows)] = 1
                joined = torch.nn.functional.linear(self.words[ids].flatten(2), *self.join)
                hidden = self.model(inputs_embeds=joined, attention_mask=mask,
                                    position_ids=(torch.cumsum(mask, 1) * mask + 1)).last_hidden_state
                embeddings += [hidden[i, 1 : len(clip) + 1].mean(0) for i, clip in enumerate(batch)]
        return time.perf_counter() - started, torch.stack(embeddings)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--clips", type=int, default=48)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--threads", type=int, default=2)
    options = arguments.parse_args()
    from safetensors.torch import load_file

    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        tensors = write_encoder(folder / "encoder")
        clips = clips_of(options.clips)
        (folder / "clips.json").write_text(json.dumps(clips))
        peer = Peer(tensors, clips, options.threads)
        request = f"encode {folder / 'out.safetensors'}"
        with Speed(supplies.program("model_speed"), "encode", folder / "encoder", folder / "clips.json", options.threads) as ours:
            ours.ask(request)
            difference = (load_file(folder / "out.safetensors")["embeddings"].flatten(0, 1) - peer.encode()[1]).abs().max().item()
            if difference > 1e-4:
                raise SystemExit(f"the clip embeddings differ by {difference}")
            pairs = paired(options.rounds, lambda: ours.ask(request)["seconds"], lambda: peer.encode()[0])
    print("| encoder | clips, notes | midillama, clips/s | RobertaModel, clips/s | ratio |\n|---|---|---|---|---|")
    print(f"| MusicBERT-base | {options.clips}, {sum(map(len, clips)):,} | {cells(pairs, options.clips, '{:.1f}')} |")


if __name__ == "__main__":
    main()

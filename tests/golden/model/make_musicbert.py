"""A small random MusicBERT and what an independent PyTorch model of it computes.

    python tests/golden/model/make_musicbert.py

fairseq no longer installs, so the model is written here from its description: RoBERTa's post-LN encoder over compound tokens. Its layers are
checked against transformers' RobertaLayer. Writes musicbert/: config.json, model.safetensors, head.safetensors, expected.safetensors,
clips.json (notes, and the clip embeddings for several settings).
"""

import json
import pathlib

import safetensors.torch
import torch
import transformers
from torch import nn
from transformers.models.roberta.modeling_roberta import RobertaLayer

HERE = pathlib.Path(__file__).parent / "musicbert"
CONFIG = {"model_type": "musicbert", "vocab_size": 1237, "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2,
          "intermediate_size": 12, "max_position_embeddings": 16, "layer_norm_eps": 1e-5}
D = CONFIG["hidden_size"]
PAD = 1
FIRST_IDS = [4, 260, 388, 517, 773, 901, 933, 1187]
COUNTS = [256, 128, 129, 256, 128, 32, 254, 49]


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.q_proj, self.k_proj, self.v_proj, self.out_proj = (nn.Linear(D, D) for _ in range(4))

    def forward(self, x, padding):
        heads = CONFIG["num_attention_heads"]
        split = lambda y: y.view(*y.shape[:2], heads, -1).transpose(1, 2)
        scores = split(self.q_proj(x)) @ split(self.k_proj(x)).transpose(2, 3) / (D // heads) ** 0.5
        scores = scores.masked_fill(padding[:, None, None, :], float("-inf"))
        return self.out_proj((scores.softmax(-1) @ split(self.v_proj(x))).transpose(1, 2).flatten(2))


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.self_attn = Attention()
        self.self_attn_layer_norm, self.final_layer_norm = nn.LayerNorm(D), nn.LayerNorm(D)
        self.fc1, self.fc2 = nn.Linear(D, CONFIG["intermediate_size"]), nn.Linear(CONFIG["intermediate_size"], D)

    def forward(self, x, padding):
        x = self.self_attn_layer_norm(x + self.self_attn(x, padding))
        return self.final_layer_norm(x + self.fc2(nn.functional.gelu(self.fc1(x))))


class MusicBert(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed_tokens = nn.Embedding(CONFIG["vocab_size"], D)
        self.embed_positions = nn.Embedding(CONFIG["max_position_embeddings"], D)
        self.emb_layer_norm = nn.LayerNorm(D)
        self.downsampling = nn.Sequential(nn.Linear(8 * D, D))
        self.upsampling = nn.Sequential(nn.Linear(D, 8 * D))
        self.layers = nn.ModuleList(Layer() for _ in range(CONFIG["num_hidden_layers"]))

    def forward(self, ids):
        padding = ids[:, :, 0] == PAD
        kept = (~padding).long()
        positions = kept.cumsum(1) * kept + PAD
        x = self.downsampling(self.embed_tokens(ids).flatten(2)) + self.embed_positions(positions)
        x = self.emb_layer_norm(x) * kept.unsqueeze(-1)
        for layer in self.layers:
            x = layer(x, padding)
        return x


class Head(nn.Module):
    def __init__(self):
        super().__init__()
        self.dense, self.layer_norm, self.bias = nn.Linear(D, D), nn.LayerNorm(D), nn.Parameter(torch.zeros(CONFIG["vocab_size"]))

    def forward(self, features, embedding):
        return self.layer_norm(nn.functional.gelu(self.dense(features))) @ embedding.T + self.bias


def check_against_roberta(layer):
    config = transformers.RobertaConfig(hidden_size=D, num_attention_heads=CONFIG["num_attention_heads"], layer_norm_eps=1e-5,
                                        intermediate_size=CONFIG["intermediate_size"], attn_implementation="eager")
    other = RobertaLayer(config).eval()
    pairs = {"attention.self.query": layer.self_attn.q_proj, "attention.self.key": layer.self_attn.k_proj,
             "attention.self.value": layer.self_attn.v_proj, "attention.output.dense": layer.self_attn.out_proj,
             "attention.output.LayerNorm": layer.self_attn_layer_norm, "intermediate.dense": layer.fc1, "output.dense": layer.fc2,
             "output.LayerNorm": layer.final_layer_norm}
    for name, module in pairs.items():
        other.get_submodule(name).load_state_dict(module.state_dict())
    x = torch.randn(2, 5, D)
    result = other(x)
    result = result[0] if isinstance(result, tuple) else result
    torch.testing.assert_close(layer(x, torch.zeros(2, 5, dtype=torch.bool)), result, atol=1e-6, rtol=1e-5)


def random_notes(count, bars):
    notes = [[torch.randint(0, limit, ()).item() for limit in COUNTS] for _ in range(count)]
    for note in notes:
        note[0] = torch.randint(0, bars, ()).item()
    return sorted(notes)


def to_ids(notes):
    rows = [[0] * 8] + [[first + code for first, code in zip(FIRST_IDS, note)] for note in notes] + [[2] * 8]
    return torch.tensor(rows)


def windows(notes, most):
    """At most 256 bars, then at most `most` notes a window; bars from 0."""
    parts = []
    for note in notes:
        if not parts or note[0] - parts[-1][0][0] >= 256:
            parts.append([])
        parts[-1].append(note)
    for part in parts:
        for begin in range(0, len(part), most):
            window = part[begin:begin + most]
            yield [[note[0] - window[0][0]] + note[1:] for note in window]


def clip_embedding(model, notes, spans, upsampled):
    vectors = []
    for window in windows(notes, CONFIG["max_position_embeddings"] - 4):
        hidden = model(to_ids(window).unsqueeze(0))[0]
        if upsampled:
            hidden = model.upsampling(hidden).view(len(hidden), 8, D).mean(1)
        vectors.append(hidden[1:-1])
    vectors = torch.cat(vectors)
    return torch.stack([part.mean(0) for part in torch.tensor_split(vectors, spans)])


def main():
    torch.manual_seed(11)
    model, head = MusicBert().eval(), Head().eval()
    for parameter in [*model.parameters(), *head.parameters()]:
        nn.init.normal_(parameter, std=0.5)
    for layer in model.layers:
        check_against_roberta(layer)
    HERE.mkdir(exist_ok=True)
    (HERE / "config.json").write_text(json.dumps(CONFIG, indent=1) + "\n")
    safetensors.torch.save_file(model.state_dict(), HERE / "model.safetensors")
    safetensors.torch.save_file(head.state_dict(), HERE / "head.safetensors")

    rows = [to_ids(random_notes(count, 20)) for count in (5, 11, 1)]
    ids = nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=PAD)
    with torch.no_grad():
        hidden = model(ids)
        features = hidden[0, 1:4].clone()
        expected = {"ids": ids, "hidden_states": hidden, "upsampled": model.upsampling(hidden[0]).view(-1, 8, D), "features": features,
                    "logits": head(features, model.embed_tokens.weight)}
        clips = [random_notes(9, 10), random_notes(40, 700), random_notes(12, 3)]
        embeddings = {f"{spans},{name}": [clip_embedding(model, clip, spans, name == "after_upsampling").tolist() for clip in clips]
                      for spans in (1, 4) for name in ("before_upsampling", "after_upsampling")}
    safetensors.torch.save_file(expected, HERE / "expected.safetensors")
    versions = {"torch": torch.__version__, "transformers": transformers.__version__, "script": "make_musicbert.py"}
    (HERE / "clips.json").write_text(json.dumps({"versions": versions, "clips": clips, "embeddings": embeddings}) + "\n")


if __name__ == "__main__":
    main()

"""Symmetric InfoNCE as in CLIP (Radford et al. 2021, figure 3) from torch.nn.functional.cross_entropy.

    python tests/golden/train/make_contrast.py

Writes contrast.json: musical tokens and texts of a batch (texts 1 and 4 are the same, and are not told apart), the loss, its gradient with
respect to the music, and how many clips have their own text for the nearest.
"""

import json
import pathlib

import torch

HERE = pathlib.Path(__file__).parent
TEMPERATURE = 0.07


def main():
    torch.manual_seed(12)
    texts = torch.randn(6, 5)
    texts[4] = texts[1]
    music = (texts + 1.5 * torch.randn(6, 5)).requires_grad_()
    normalize = torch.nn.functional.normalize
    logits = normalize(music) @ normalize(texts).T / TEMPERATURE
    same = torch.zeros(6, 6, dtype=torch.bool)
    same[1, 4] = same[4, 1] = True
    logits = logits.masked_fill(same, -torch.inf)
    own = torch.arange(6)
    cross_entropy = torch.nn.functional.cross_entropy
    loss = (cross_entropy(logits, own) + cross_entropy(logits.T, own)) / 2
    loss.backward()
    result = {"versions": {"torch": torch.__version__, "script": "make_contrast.py"}, "temperature": TEMPERATURE,
              "music": music.tolist(), "texts": texts.tolist(), "groups": [0, 1, 2, 3, 1, 4], "loss": loss.item(),
              "gradient": music.grad.tolist(), "accuracy": (logits.argmax(1) == own).double().mean().item()}
    (HERE / "contrast.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()

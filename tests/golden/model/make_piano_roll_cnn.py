"""Writes piano_roll_cnn.json: logits, losses and a gradient of the network over piano rolls, from PyTorch's own layers."""

import json
import pathlib

import torch
from torch import nn
from torch.nn import functional

HERE = pathlib.Path(__file__).parent
CHANNELS, STEPS, PITCHES, WIDTHS, CLASSES = 2, 40, 6, (3, 4), 3  # a quarter of the steps: fewer than LAGS
LAGS, SMALLEST_ENERGY = 16, 1e-2


class Standardised(nn.Module):
    def __init__(self, size, places):
        super().__init__()
        self.mean = torch.rand(size)
        self.scale = torch.rand(size) + 0.5
        self.places = places

    def forward(self, x):
        shape = (-1,) + (1,) * self.places
        return (x - self.mean.view(shape)) * self.scale.view(shape)


def repetition(x):
    """Autocorrelation by Wiener and Khinchin's theorem: [batch, channels, steps, pitches] to [batch, LAGS x channels]"""
    series = x.amax(3)
    steps = series.shape[2]
    deviations = series - series.mean(2, keepdim=True)
    sums = torch.fft.irfft(torch.fft.rfft(deviations, n=2 * steps).abs() ** 2, n=2 * steps)[..., : min(steps, LAGS + 1)]
    means = functional.pad(sums, (0, LAGS + 1 - sums.shape[2]))[..., 1:] / (steps - torch.arange(1, LAGS + 1)).clamp(min=1)
    return (means / (sums[..., :1] / steps + SMALLEST_ENERGY)).transpose(1, 2).flatten(1)


class PianoRollCnn(nn.Module):
    def __init__(self):
        super().__init__()
        sizes = zip((CHANNELS, *WIDTHS), WIDTHS)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Conv2d(a, b, (9, 3), padding="same"), Standardised(b, 2), nn.ReLU(), nn.MaxPool2d((2, 4), ceil_mode=True)) for a, b in sizes
        )
        features = LAGS * sum(WIDTHS) + 2 * WIDTHS[-1]
        self.head = nn.Sequential(Standardised(features, 0), nn.Linear(features, CLASSES))

    def forward(self, x):
        features = []
        for block in self.blocks:
            x = block(x)
            features.append(repetition(x))
        return self.head(torch.cat([*features, x.mean((2, 3)), x.amax((2, 3))], 1))

    def layers(self):
        """By the names of include/midillama/model/piano_roll_cnn.h: what is linear, and what standardises."""
        for i, block in enumerate(self.blocks):
            yield f"blocks.{i}", block[0], block[1]
        yield "head", self.head[1], self.head[0]

    def named(self):
        return [(f"{name}.{part}", getattr(layer, part)) for name, layer, _ in self.layers() for part in ("weight", "bias")]

    def standardising(self):
        return [(f"{name}.{part}", getattr(layer, part)) for name, _, layer in self.layers() for part in ("mean", "scale")]


def main():
    torch.manual_seed(5)
    model = PianoRollCnn()
    for _, parameter in model.named():
        nn.init.normal_(parameter, std=0.5)
    rolls = (torch.rand(4, CHANNELS, STEPS, PITCHES) > 0.7) * torch.rand(4, CHANNELS, STEPS, PITCHES)
    labels = torch.tensor([0, 2, 1, 2])
    several = torch.tensor([[1, 0, 1], [0, 0, 0], [1, 1, 1], [0, 1, 0]], dtype=torch.float32)
    logits = model(rolls)
    loss = functional.cross_entropy(logits, labels, reduction="sum")
    loss.backward()
    golden = {
        "versions": {"torch": torch.__version__},
        "shape": list(rolls.shape),
        "widths": WIDTHS,
        "classes": CLASSES,
        "weights": {name: parameter.flatten().tolist() for name, parameter in model.named()},
        "buffers": {name: buffer.tolist() for name, buffer in model.standardising()},
        "rolls": rolls.flatten().tolist(),
        "logits": logits.flatten().tolist(),
        "labels": labels.tolist(),
        "loss": loss.item(),
        "several": several.tolist(),
        "loss_of_several": functional.binary_cross_entropy_with_logits(logits, several, reduction="sum").item(),
        "gradient": model.blocks[0][0].weight.grad.flatten().tolist(),
    }
    (HERE / "piano_roll_cnn.json").write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()

"""Learning rates of transformers, and updates of torch.optim.AdamW after torch's gradient clipping.

    python tests/golden/train/make_optimizer.py > tests/golden/train/optimizer.json
"""
import json
import math

import torch
import transformers


def schedule(steps, warmup_ratio):
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=5e-4)
    scheduler = transformers.get_cosine_schedule_with_warmup(optimizer, math.ceil(warmup_ratio * steps), steps)
    rates = []
    for _ in range(steps):
        rates.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    return {"steps": steps, "warmup_ratio": warmup_ratio, "learning_rate": 5e-4, "rates": rates}


def adamw(max_norm, **options):
    """Two parameters whose gradients are given; the rate changes from step to step."""
    torch.manual_seed(7)
    parameters = {"a.weight": torch.nn.Parameter(torch.randn(3, 2)), "b": torch.nn.Parameter(torch.randn(4))}
    start = {name: p.detach().flatten().tolist() for name, p in parameters.items()}
    optimizer = torch.optim.AdamW(parameters.values(), lr=1.0, foreach=False, **options)
    steps = []
    for i in range(6):
        gradients = {name: torch.randn_like(p) * 3.0 ** (i - 3) for name, p in parameters.items()}
        for name, p in parameters.items():
            p.grad = gradients[name].clone()
        norm = torch.nn.utils.clip_grad_norm_(parameters.values(), max_norm) if max_norm else None
        rate = 1e-2 / (i + 1)
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
        steps.append({"gradients": {name: g.flatten().tolist() for name, g in gradients.items()}, "learning_rate": rate,
                      "norm": None if norm is None else norm.item(),
                      "after": {name: p.detach().flatten().tolist() for name, p in parameters.items()}})
    return {"max_norm": max_norm, "options": options, "start": start, "steps": steps}


print(json.dumps({
    "made_by": "tests/golden/train/make_optimizer.py",
    "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
    "schedules": [schedule(1, 0.03), schedule(10, 0.0), schedule(10, 0.25), schedule(7, 1.0), schedule(40, 0.03), schedule(101, 0.1)],
    "adamw": [adamw(0, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0), adamw(1.0, betas=(0.9, 0.98), eps=1e-6, weight_decay=0.1)],
}))

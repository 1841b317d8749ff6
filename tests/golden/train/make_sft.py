"""The losses of ten steps of sft in transformers and peft: a tiny Llama, a projector, adapters on all seven linears.

    python tests/golden/train/make_sft.py > tests/golden/train/sft.json

Weights and examples are not stored: both sides compute them from their names by the formulas below.
"""
import json
import math

import numpy
import peft
import torch
import transformers

MUSIC_SIZE, MUSIC_TOKENS, VOCABULARY = 12, 2, 50
BATCH, STEPS = 4, 10


def wave(name, count, scale, offset=0.0):
    phase = sum((i + 1) * ord(c) for i, c in enumerate(name)) % 1009
    index = numpy.arange(count, dtype=numpy.float64)
    return torch.from_numpy(offset + scale * numpy.sin(phase + 1.7 * index + 0.01 * index * index)).float()


def fill(name, parameter):
    norm = "norm" in name
    with torch.no_grad():
        parameter.copy_(wave(name, parameter.numel(), 0.1 if norm else 0.2, 1.0 if norm else 0.0).view_as(parameter))


def example(number):
    """Ids without the music, the number of ids before the answer, the musical vectors."""
    length = 5 + number * 5 % 8
    ids = [(7 * number + 3 * i * i + i) % VOCABULARY for i in range(length)]
    answer = 2 + number % 3
    return ids, length - answer, wave(f"music {number}", MUSIC_TOKENS * MUSIC_SIZE, 1.0).view(MUSIC_TOKENS, MUSIC_SIZE)


config = transformers.LlamaConfig(vocab_size=VOCABULARY, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
                                  num_key_value_heads=2, max_position_embeddings=64, rope_theta=10000.0, rms_norm_eps=1e-5,
                                  tie_word_embeddings=False, attn_implementation="eager")
llama = transformers.LlamaForCausalLM(config)
for name, parameter in llama.named_parameters():
    fill(name, parameter)
lora = peft.LoraConfig(r=4, lora_alpha=8, lora_dropout=0.0, task_type="CAUSAL_LM",
                       target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"])
model = peft.get_peft_model(llama, lora)
for name, parameter in model.named_parameters():
    if "lora_" in name:
        fill(name.removeprefix("base_model.model.").replace(".default", ""), parameter)
projector = torch.nn.Linear(MUSIC_SIZE, config.hidden_size)
fill("projector.weight", projector.weight)
fill("projector.bias", projector.bias)
model.train()

settings = {"learning_rate": 2e-2, "warmup_ratio": 0.25, "weight_decay": 0.1, "max_grad_norm": 0.5, "beta1": 0.9, "beta2": 0.95, "epsilon": 1e-8}
trained = list(projector.parameters()) + [p for p in model.parameters() if p.requires_grad]
optimizer = torch.optim.AdamW(trained, lr=settings["learning_rate"], betas=(settings["beta1"], settings["beta2"]), eps=settings["epsilon"],
                              weight_decay=settings["weight_decay"])
scheduler = transformers.get_cosine_schedule_with_warmup(optimizer, math.ceil(settings["warmup_ratio"] * STEPS), STEPS)

losses, norms, target_tokens = [], [], []
for step in range(STEPS):
    rows = [example((step * BATCH + i) % 12) for i in range(BATCH)]
    count = sum(len(ids) - before for ids, before, _ in rows)
    optimizer.zero_grad()
    total = 0.0
    for ids, before, music in rows:  # one row at a time: no padding to get wrong
        words = model.get_input_embeddings()(torch.tensor([ids]))
        embeddings = torch.cat([words[:, :1], projector(music)[None], words[:, 1:]], dim=1)
        labels = torch.tensor([[-100] * (before + MUSIC_TOKENS) + ids[before:]])
        logits = model(inputs_embeds=embeddings).logits
        loss = torch.nn.functional.cross_entropy(logits[0, :-1], labels[0, 1:], ignore_index=-100, reduction="sum")
        (loss / count).backward()
        total += loss.item()
    norms.append(torch.nn.utils.clip_grad_norm_(trained, settings["max_grad_norm"]).item())
    optimizer.step()
    scheduler.step()
    losses.append(total / count)
    target_tokens.append(count)

print(json.dumps({
    "made_by": "tests/golden/train/make_sft.py",
    "versions": {"torch": torch.__version__, "transformers": transformers.__version__, "peft": peft.__version__},
    "music_size": MUSIC_SIZE, "music_tokens": MUSIC_TOKENS, "batch_size": BATCH, "steps": STEPS, "examples": 12, "settings": settings,
    "llama": {"vocab_size": VOCABULARY, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
              "num_key_value_heads": 2},
    "lora": {"rank": 4, "alpha": 8},
    "losses": losses, "grad_norms": norms, "target_tokens": target_tokens,
    "projector_bias": projector.bias.tolist(),
}))

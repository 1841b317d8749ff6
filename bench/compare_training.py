"""Training speed beside transformers + peft: the same weights, the same batches of real questions, in turns on this machine.

    bench/with_peers bench/compare_training.py [--sizes tiny,mid] [--stages align,sft] [--lengths real,equal] [--batch 8] [--rounds 3]

The program, the folk dataset and its tokenizer are made where they are missing (supplies.py). For each size a Llama of random weights, a projector and a LoRA adapter of rank 8 on all seven linears are written once; both sides start from them, take the same examples in
file order and the same learning rates. `real`: questions as they are, of unequal length, padded for the peer, with a loss on the answer. `equal`:
four rows of 128 (tiny) or 256 (mid) tokens with a loss on all of them after the music, where there is no work to leave out. First the losses of
every step are compared (a relative difference of 1e-3 at most), then the tokens a second of the steps after the warm-up, padding not counted.
Printed for each: median tokens/s of both sides, their ratio (median, least and greatest of the paired rounds), peak resident memory and the ratio
of both, and the share of the machine's matrix-product rate, measured in the same round, that the useful floating-point operations reach.
"""

import argparse
import contextlib
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import supplies
from rounds import spread

WARM_UP_STEPS = 3
MUSIC_SIZE = 128
EQUAL_LENGTH = dict(tiny=128, mid=256)
EQUAL_BATCH = 4
SIZES = {
    "tiny": dict(hidden_size=256, num_hidden_layers=4, num_attention_heads=8, num_key_value_heads=4, intermediate_size=688, vocab_size=4096),
    "mid": dict(hidden_size=1024, num_hidden_layers=8, num_attention_heads=16, num_key_value_heads=4, intermediate_size=2816, vocab_size=32000),
}
LORA = dict(rank=8, alpha=16, target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"])


def build_llm(folder, shape, options):
    """llm/ below `folder`: the directory that the options name, or random weights of the shape."""
    import torch
    import transformers

    if options.llm:
        (folder / "llm").symlink_to(options.llm.resolve())
        return transformers.LlamaForCausalLM.from_pretrained(folder / "llm", dtype=torch.float32)
    config = transformers.LlamaConfig(**shape, max_position_embeddings=2048, bos_token_id=1, eos_token_id=2, tie_word_embeddings=False)
    llama = transformers.LlamaForCausalLM(config)
    llama.save_pretrained(folder / "llm")
    shutil.copy(options.tokenizer, folder / "llm" / "tokenizer.model")
    return llama


def build_world(folder, shape, options):
    """Writes llm/, encoder/ and start/ (projector and adapter) below `folder`."""
    import peft
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(1)
    llama = build_llm(folder, shape, options)

    encoder = dict(model_type="musicbert", vocab_size=1237, hidden_size=MUSIC_SIZE, num_hidden_layers=1, num_attention_heads=2,
                   intermediate_size=256, max_position_embeddings=1004, layer_norm_eps=1e-5)
    d, f = MUSIC_SIZE, 256
    tensors = {"embed_tokens.weight": torch.randn(1237, d), "embed_positions.weight": torch.randn(1004, d),
               "downsampling.0.weight": torch.randn(d, 8 * d) / 32, "upsampling.0.weight": torch.randn(8 * d, d) / 32}
    linears = {"downsampling.0": d, "upsampling.0": 8 * d}
    for name in ("q", "k", "v", "out"):
        tensors[f"layers.0.self_attn.{name}_proj.weight"] = torch.randn(d, d) / 16
        linears[f"layers.0.self_attn.{name}_proj"] = d
    tensors |= {"layers.0.fc1.weight": torch.randn(f, d) / 16, "layers.0.fc2.weight": torch.randn(d, f) / 16}
    linears |= {"layers.0.fc1": f, "layers.0.fc2": d}
    tensors |= {f"{name}.bias": torch.zeros(size) for name, size in linears.items()}
    for norm in ("emb_layer_norm", "layers.0.self_attn_layer_norm", "layers.0.final_layer_norm"):
        tensors |= {f"{norm}.weight": torch.ones(d), f"{norm}.bias": torch.zeros(d)}
    (folder / "encoder").mkdir()
    (folder / "encoder" / "config.json").write_text(json.dumps(encoder))
    save_file(tensors, folder / "encoder" / "model.safetensors", metadata={"format": "pt"})

    (folder / "start").mkdir()
    hidden = shape["hidden_size"]
    save_file({"weight": torch.randn(hidden, d) * 0.01, "bias": torch.zeros(hidden)}, folder / "start" / "projector.safetensors")
    adapted = peft.get_peft_model(llama, peft.LoraConfig(r=LORA["rank"], lora_alpha=LORA["alpha"], lora_dropout=0.0,
                                                         target_modules=LORA["target_modules"], task_type="CAUSAL_LM"))
    adapted.save_pretrained(folder / "start" / "adapter")
    (folder / "align-start").mkdir()
    shutil.copy(folder / "start" / "projector.safetensors", folder / "align-start")


def settings(folder, stage, shape, options):
    values = {
        "run.threads": options.threads, "run.device": "cpu", "data.dir": folder / "data", "music_encoder.path": folder / "encoder",
        "llm.path": folder / "llm", "llm.dtype": "float32", "projector.initialization": "linear", "prompt.max_length": options.max_length,
        "prompt.template": json.dumps(options.template),
        "lora.dropout": 0, "lora.rank": LORA["rank"], "lora.alpha": LORA["alpha"], "lora.target_modules": json.dumps(LORA["target_modules"]),
        "train.batch_size": options.batch, "train.micro_batch_size": options.batch, "train.shuffle": "false", "train.weight_decay": 0,
        "train.learning_rate": 1e-4, "train.checkpoint_every": 100000, "train.max_steps": options.steps, "train.validate_examples": 0,
    }
    return [word for key, value in values.items() for word in ("--set", f"{key}={value}")]


def timed(command, **options):
    """Runs a command; its standard output and peak resident memory in MiB."""
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, stderr=errors, text=True, **options)
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        if status != 0:
            errors.seek(0)
            raise SystemExit(f"{errors.read()}{command[0]}: exit status {os.waitstatus_to_exitcode(status)}")
    return output, usage.ru_maxrss / 1024


def ours(folder, stage, shape, options):
    run = folder / f"run-{stage}"
    shutil.rmtree(run / stage, ignore_errors=True)
    init = folder / "start" if stage == "sft" else folder / "align-start"
    start = ["--init", init]
    _, memory = timed([options.midillama, "train", "--stage", stage, *start, *settings(folder, stage, shape, options), "--set",
                       f"run.dir={run}"])
    rows = [json.loads(line) for line in (run / stage / "metrics.jsonl").read_text().splitlines()]
    rows = [row for row in rows if "split" not in row]
    return dict(losses=[row["loss"] for row in rows], seconds=[row["seconds"] for row in rows], tokens=[row["tokens"] for row in rows],
                rates=[row["learning_rate"] for row in rows], memory=memory)


def peer(folder, stage, rates, options):
    command = [sys.executable, __file__, "--worker", folder, "--stage", stage, "--steps", options.steps, "--batch", options.batch,
               "--threads", options.threads]
    output, memory = timed(command, env=os.environ | {"RATES": json.dumps(rates)})
    return json.loads(output.splitlines()[-1]) | dict(memory=memory)


def measured_steps(text):
    """The number of a command line: steps before and after the warm-up."""
    steps = int(text)
    if steps <= WARM_UP_STEPS:
        raise argparse.ArgumentTypeError(f"the first {WARM_UP_STEPS} steps are not measured: at least {WARM_UP_STEPS + 1} are needed")
    return steps


def worker(folder, stage, steps, batch, threads):
    """The loop that a user of transformers + peft writes."""
    import peft
    import torch
    import transformers
    from safetensors.torch import load_file

    torch.set_num_threads(threads)
    llama = transformers.LlamaForCausalLM.from_pretrained(folder / "llm", dtype=torch.float32)
    embeddings = llama.get_input_embeddings()
    if stage == "sft":
        model = peft.PeftModel.from_pretrained(llama, folder / "start" / "adapter", is_trainable=True)
    else:
        model = llama.requires_grad_(False)
    projector = torch.nn.Linear(MUSIC_SIZE, llama.config.hidden_size)
    projector.load_state_dict(load_file(folder / "start" / "projector.safetensors"))
    trained = [parameter for module in (model, projector) for parameter in module.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, weight_decay=0.0)
    examples = [json.loads(line) for line in (folder / "examples.jsonl").read_text().splitlines()]
    music = load_file(folder / "music.safetensors")["embeddings"]
    model.train()
    rates, losses, seconds = json.loads(os.environ["RATES"]), [], []
    for step in range(steps):
        started = time.perf_counter()
        rows = examples[step * batch : (step + 1) * batch]
        length = max(len(row["input_ids"]) for row in rows) + 1
        ids = torch.zeros(batch, length, dtype=torch.long)
        labels = torch.full((batch, length), -100)
        mask = torch.zeros(batch, length, dtype=torch.long)
        for i, row in enumerate(rows):
            at, count = row["music_position"], len(row["input_ids"])
            ids[i, : count + 1] = torch.tensor(row["input_ids"][:at] + [0] + row["input_ids"][at:])
            labels[i, : count + 1] = torch.tensor(row["labels"][:at] + [-100] + row["labels"][at:])
            mask[i, : count + 1] = 1
        tokens = projector(music[[row["music"] for row in rows]])
        places = torch.zeros(batch, length, dtype=torch.bool)
        places[range(batch), [row["music_position"] for row in rows]] = True
        inputs = embeddings(ids).detach().masked_scatter(places.unsqueeze(-1), tokens)
        loss = model(inputs_embeds=inputs, attention_mask=mask, labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        for group in optimizer.param_groups:
            group["lr"] = rates[step]
        optimizer.step()
        losses.append(loss.item())
        seconds.append(time.perf_counter() - started)
    print(json.dumps(dict(losses=losses, seconds=seconds)))


def examples_for_peer(folder, shape, options):
    """The examples in file order with the ids, labels and clip embeddings that midillama trains on."""
    import torch
    from safetensors import safe_open
    from safetensors.torch import save_file

    count = options.steps * options.batch
    inspect, _ = timed([options.midillama, "inspect", "--split", "train", "--examples", count, *settings(folder, "sft", shape, options), "--set",
                        f"run.dir={folder / 'inspect'}"])
    examples = [json.loads(line) for line in inspect.splitlines()]
    questions = [json.loads(line) for line in (folder / "data" / "train.jsonl").read_text().splitlines()]
    clips = sorted({question["clip"] for question in questions})
    timed([options.midillama, "embed", *[folder / "data" / clip for clip in clips], "--out", folder / "clips.safetensors", "--set",
           f"music_encoder.path={folder / 'encoder'}"])
    with safe_open(folder / "clips.safetensors", "pt") as file:
        save_file({"embeddings": file.get_tensor("embeddings").reshape(len(clips), MUSIC_SIZE).to(torch.float32)}, folder / "music.safetensors")
    with open(folder / "examples.jsonl", "w") as file:
        for example, question in zip(examples, questions, strict=True):
            assert example["id"] == question["id"] and example["music_tokens"] == 1
            print(json.dumps(example | dict(music=clips.index(question["clip"]))), file=file)


def matrix_rate(threads):
    """GFLOP/s of a float32 matrix product that stays in the machine's caches."""
    import torch

    torch.set_num_threads(threads)
    a, b = torch.randn(512, 1024), torch.randn(1024, 1024)
    best = 0.0
    for _ in range(5):
        started = time.perf_counter()
        for _ in range(20):
            a @ b
        best = max(best, 20 * 2 * 512 * 1024 * 1024 / (time.perf_counter() - started) / 1e9)
    return best


def text_of(tokenizer, length, words):
    """Some of the words, in order, that are `length` tokens together."""
    chosen = []
    for word in words:
        count = len(tokenizer.encode(word))
        if count <= length:
            chosen.append(word)
            length -= count
    assert length == 0
    return " ".join(chosen)


def write_data(folder, lengths, options):
    """The first questions of the dataset, or one long answer for each of their clips."""
    import sentencepiece

    source = options.data
    (folder / "data").mkdir()
    (folder / "data" / "clips").symlink_to((source / "clips").resolve())
    rows = [json.loads(line) for line in (source / "train.jsonl").read_text().splitlines()[: options.steps * options.batch]]
    if lengths == "equal":
        tokenizer = sentencepiece.SentencePieceProcessor(model_file=options.tokenizer)
        words = " ".join(row["answer"] for row in rows).split()
        for i, row in enumerate(rows):
            row |= dict(question="?", answer=text_of(tokenizer, options.max_length - 1 - len(tokenizer.encode("?")), words[i:] + words))
    (folder / "data" / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


@contextlib.contextmanager
def built_world(options, size, lengths="real"):
    """A folder with models, data and the examples as both sides train on them, and the options with what the lengths ask for."""
    world = argparse.Namespace(**vars(options))
    world.max_length, world.template = 512, options.template or "plain"
    if lengths == "equal":
        world.batch, world.max_length, world.template = EQUAL_BATCH, EQUAL_LENGTH[size], "{music}{question}{answer}"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        build_world(folder, SIZES[size], world)
        write_data(folder, lengths, world)
        examples_for_peer(folder, SIZES[size], world)
        yield folder, world


def add_world_arguments(arguments):
    arguments.add_argument("--sizes", default="tiny,mid")
    arguments.add_argument("--data", type=pathlib.Path, help="default: the folk dataset")
    arguments.add_argument("--tokenizer", type=pathlib.Path, help="default: the folk dataset's")
    arguments.add_argument("--threads", type=int, default=2)
    arguments.set_defaults(llm=None, template=None)


def supply(options):
    """Fills in what the command line left open."""
    options.midillama = supplies.program("midillama")
    options.data = options.data or supplies.folk_data()
    options.tokenizer = str(options.tokenizer or supplies.folk_tokenizer())


def frozen_weights(shape):
    """Of the layers' matrices, and of the output matrix."""
    h, f, layers = shape["hidden_size"], shape["intermediate_size"], shape["num_hidden_layers"]
    kv = h // shape["num_attention_heads"] * shape["num_key_value_heads"]
    return layers * (2 * h * h + 2 * h * kv + 3 * h * f), h * shape["vocab_size"]


def flops_per_token(shape, stage, lengths):
    """Forward and backward through the frozen matrices (4 a weight; the output matrix where every token has a loss), and where adapters train 6
    for each of their weights."""
    h, f, layers = shape["hidden_size"], shape["intermediate_size"], shape["num_hidden_layers"]
    kv = h // shape["num_attention_heads"] * shape["num_key_value_heads"]
    weights, head = frozen_weights(shape)
    adapters = layers * LORA["rank"] * (2 * (h + h) + 2 * (h + kv) + 3 * (h + f)) if stage == "sft" else 0
    return 4 * (weights + (head if lengths == "equal" else 0)) + 6 * adapters


def compare(size, stage, lengths, folder, options):
    shape = SIZES[size]
    ratios, our_rates, peer_rates, shares = [], [], [], []
    for _ in range(options.rounds):
        our = ours(folder, stage, shape, options)
        other = peer(folder, stage, our["rates"], options)
        for step, (a, b) in enumerate(zip(our["losses"], other["losses"], strict=True)):
            if abs(a - b) > 1e-3 * abs(b):
                raise SystemExit(f"{size} {stage}: step {step + 1} has loss {a} here and {b} with transformers + peft")
        tokens = sum(our["tokens"][WARM_UP_STEPS:])
        our_rates.append(tokens / sum(our["seconds"][WARM_UP_STEPS:]))
        peer_rates.append(tokens / sum(other["seconds"][WARM_UP_STEPS:]))
        ratios.append(our_rates[-1] / peer_rates[-1])
        shares.append(our_rates[-1] * flops_per_token(shape, stage, lengths) / 1e9 / matrix_rate(options.threads))
    print(f"| {size} | {lengths} | {stage} | {statistics.median(our_rates):,.0f} | {statistics.median(peer_rates):,.0f} | "
          f"{spread(ratios)} | {our['memory']:,.0f} | {other['memory']:,.0f} | "
          f"{our['memory'] / other['memory']:.2f} | {statistics.median(shares):.0%} |", flush=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_world_arguments(arguments)
    arguments.add_argument("--stages", default="align,sft")
    arguments.add_argument("--lengths", default="real,equal")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--steps", type=measured_steps, default=15)
    arguments.add_argument("--batch", type=int, default=8, help="questions a step (real)")
    arguments.add_argument("--worker", type=pathlib.Path, help=argparse.SUPPRESS)
    arguments.add_argument("--stage", help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.worker:
        return worker(options.worker, options.stage, options.steps, options.batch, options.threads)
    supply(options)

    print("| size | lengths | stage | midillama, tokens/s | transformers + peft, tokens/s | ratio (median, range) | peak, MiB | peer's peak, MiB | "
          "ratio | of the matrix-product rate |\n|---|---|---|---|---|---|---|---|---|---|", flush=True)
    for size in options.sizes.split(","):
        for lengths in options.lengths.split(","):
            with built_world(options, size, lengths) as (folder, world):
                for stage in options.stages.split(","):
                    compare(size, stage, lengths, folder, world)


if __name__ == "__main__":
    main()

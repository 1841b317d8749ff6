"""Training and decoding steps of a random-weight decoder on one GPU: tokens a second, model FLOP utilisation, peak memory beside `midillama plan`'s figure.

    bench/device_step.py [--shape llama3-8b] [--steps 10] [--peak-tflops 989] [--device cuda] [--keep FOLDER]

Python's standard library is enough. Writes a decoder of the shape in bfloat16 (llama3-8b: 16 GB, in --keep, or in a temporary folder that goes away), a small encoder
and questions of one length, then runs align and sft with 8 examples of 256 tokens, and sft with as many as make 4,096 tokens in one pass, and answers
questions at batch 1 and 16. The figures of training are medians over the steps after the third, of the run's own metrics.jsonl. Peak memory is what the driver
reports while the run lives, so it holds the CUDA context. FLOPs of a token: 4 for each frozen weight that it meets (forward, and the gradient of the
input), 6 for each of an adapter's, and attention's; --peak-tflops is the card's dense bfloat16 rate (H100 SXM 989, A6000 155), which is what utilisation is a share of.
--device cpu with --shape small tries the script where there is no GPU.
"""

import argparse
import contextlib
import json
import pathlib
import random
import shutil
import statistics
import subprocess
import tempfile
import threading
import time

import random_models
import supplies
from rounds import Speed

SHAPES = {  # of Llama-3-8B, whose vocabulary is 128,256: with that size its tokenizer would be asked for
    "llama3-8b": dict(vocab_size=128000, hidden_size=4096, intermediate_size=14336, num_hidden_layers=32, num_attention_heads=32, num_key_value_heads=8,
                      max_position_embeddings=8192, rope_theta=500000.0),
    "small": dict(vocab_size=4096, hidden_size=256, intermediate_size=688, num_hidden_layers=4, num_attention_heads=8, num_key_value_heads=4,
                  max_position_embeddings=8192, rope_theta=10000.0),
}
EXAMPLE_TOKENS = 256
NEW_TOKENS = 128
WARM_UP_STEPS = 3
RANK = 8
TRAINING = [("align", 8), ("sft", 8), ("sft", 4096 // EXAMPLE_TOKENS)]  # stage, examples of a pass


class PeakMemory:
    """The most GPU memory in use, in MiB, sampled ten times a second."""

    def __enter__(self):
        self.most, self.running = 0, True
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.running = False
        self.thread.join()

    def watch(self):
        command = ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits"]
        while self.running:
            with contextlib.suppress(OSError, ValueError, IndexError):
                self.most = max(self.most, int(subprocess.run(command, capture_output=True, text=True).stdout.split()[0]))
            time.sleep(0.1)


def flops_per_token(shape, stage, tokens, answer):
    h, f, layers = shape["hidden_size"], shape["intermediate_size"], shape["num_hidden_layers"]
    kv = h // shape["num_attention_heads"] * shape["num_key_value_heads"]
    weights = layers * (2 * h * h + 2 * h * kv + 3 * h * f)
    head = h * shape["vocab_size"] * answer / tokens  # only where a loss is taken
    adapters = layers * RANK * (2 * (h + h) + 2 * (h + kv) + 3 * (h + f)) if stage == "sft" else 0
    attention = layers * 2 * h * tokens / 2  # two products, half of them hidden by causality: weights' worth of work
    return 4 * (weights + head) + 6 * (adapters + attention)


def build_world(folder, options):
    """llm/, encoder/ and data/, where they are not there from a run before."""
    if (folder / "complete").exists():
        return
    random.seed(1)
    llama = dict(model_type="llama", rms_norm_eps=1e-5, tie_word_embeddings=False, bos_token_id=1, eos_token_id=2, **SHAPES[options.shape])
    random_models.write_model(folder / "llm", llama, random_models.llama_tensors(llama), "BF16")
    shutil.copy(supplies.ROOT / "tests/golden/text/sentencepiece.model", folder / "llm" / "tokenizer.model")
    random_models.write_model(folder / "encoder", random_models.MUSICBERT, random_models.musicbert_tensors(random_models.MUSICBERT))
    clip = options.clip or min((supplies.folk_data() / "clips").glob("*.mid"))
    random_models.write_dataset(folder / "data", clip, examples=4096 // EXAMPLE_TOKENS * options.steps, answer_sentences=EXAMPLE_TOKENS // 32)
    (folder / "complete").touch()


def arguments_of(folder, options, values):
    common = {"run.device": options.device, "llm.path": folder / "llm", "llm.dtype": "bfloat16", "music_encoder.path": folder / "encoder",
              "data.dir": folder / "data", "run.dir": folder / "run", "prompt.max_length": EXAMPLE_TOKENS, "lora.rank": RANK, "lora.dropout": 0}
    words = ["--config", supplies.ROOT / "configs/llama3-8b/default.yaml", "--log-level", "warning"]
    return words + [word for key, value in (common | values).items() for word in ("--set", f"{key}={value}")]


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, cwd=supplies.ROOT)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.stderr}")
    return done.stdout


def train(stage, examples, folder, options):
    values = {"train.batch_size": examples, "train.micro_batch_size": examples, "train.max_steps": options.steps, "train.validate_examples": 0,
              "train.checkpoint_every": 1000000}
    settings = arguments_of(folder, options, values)
    example = json.loads(run(options.midillama, "inspect", "--examples", 1, *settings))
    tokens, answer = len(example["input_ids"]) + example["music_tokens"], example["target_tokens"]
    plan = json.loads(run(options.midillama, "plan", "--stage", stage, "--json", "--tokens", tokens, "--answer-tokens", answer, *settings))[0]
    with PeakMemory() as memory:
        run(options.midillama, "train", "--stage", stage, "--overwrite", *settings)
    rows = [json.loads(line) for line in (folder / "run" / stage / "metrics.jsonl").read_text().splitlines()]
    rate = statistics.median(row["tokens_per_second"] for row in rows[WARM_UP_STEPS:] if "split" not in row)
    used = rate * flops_per_token(SHAPES[options.shape], stage, tokens, answer) / 1e12 / options.peak_tflops
    print(f"| {stage} | {examples} x {tokens} | {rate:,.0f} | {used:.1%} | {memory.most:,} | {plan['bytes']['total'] / 2**20:,.0f} |", flush=True)


def decode(batch, folder, options):
    """Greedy, with the adapter of the sft run."""
    examples = folder / "examples.jsonl"
    rows = run(options.midillama, "inspect", "--examples", batch, *arguments_of(folder, options, {})).splitlines()
    examples.write_text("".join(json.dumps(json.loads(row) | dict(music=0)) + "\n" for row in rows))
    run(options.midillama, "embed", folder / "data" / "clips" / "a.mid", "--out", folder / "music.safetensors", *arguments_of(folder, options, {}))
    with PeakMemory() as memory, Speed(options.model_speed, "generate", folder / "llm", folder / "run" / "sft" / "last", examples, folder / "music.safetensors", 2,
                                       options.device, "bfloat16") as speed:
        speed.ask(f"greedy {batch} {NEW_TOKENS}")  # captures the step
        seconds = speed.ask(f"greedy {batch} {NEW_TOKENS}")["seconds"]
    print(f"| greedy decoding | {batch} | {batch * NEW_TOKENS / seconds:,.0f} | | {memory.most:,} | |", flush=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--shape", choices=SHAPES, default="llama3-8b")
    arguments.add_argument("--device", default="cuda")
    arguments.add_argument("--steps", type=int, default=10)
    arguments.add_argument("--peak-tflops", type=float, default=989)
    arguments.add_argument("--keep", type=pathlib.Path, help="a folder for the models, reused by the next run")
    arguments.add_argument("--clip", type=pathlib.Path, help="a MIDI file with notes (default: the first of the folk dataset)")
    options = arguments.parse_args()
    options.midillama = supplies.program("midillama")
    options.model_speed = supplies.program("model_speed")
    with contextlib.ExitStack() as stack:
        folder = options.keep or pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        build_world(folder, options)
        print("| work | examples x tokens | tokens/s | model FLOP utilisation | peak, MiB | planned, MiB |\n|---|---|---|---|---|---|", flush=True)
        for stage, examples in TRAINING:
            train(stage, examples, folder, options)
        for batch in (1, 16):
            decode(batch, folder, options)


if __name__ == "__main__":
    main()

"""SmolLM2-135M-Instruct here, in transformers + peft and in llama.cpp: the same weights, in turns on this machine.

    bench/compare_smollm2 [--parts tokens,decode,prefill,train] [--rounds 5]

It needs the model (scripts/setup --smollm2) and says so where it is missing; llama.cpp is compared with where llama-cpp-python is installed
(bench/requirements-llama-cpp.txt). Everything else is made: the model's directory in float32, GGUF files of the same numbers, the folk dataset.

tokens    64 greedy tokens after each of 20 prompts, some of them in the chat template, beside transformers in float32: how many are the same, and
          where one differs how far apart the two likeliest logits are there. The same with our weights in 8 bits.
decode    tokens a second at batch 1 after a prompt of 32, and the share of the read bandwidth, measured in the same round, at which the weights pass
          by. Ratios are ours over the peer's of the same round.
prefill   a prompt's tokens a second until its first new token.
train     align and sft steps on the first questions of the folk dataset, as compare_training.py measures them.
"""

import argparse
import importlib.util
import json
import statistics
import time

import compare_training
import smollm2_files
import supplies
from compare_generation import read_bandwidth
from rounds import Speed, spread

NEW_TOKENS = 64
PROMPT_TOKENS = 32
WEIGHTS = 134_515_008 - 61 * 576  # of the matrices, the tied head once
BYTES = {"F32": 4, "F16": 2, "Q8_0": 34 / 32, "int8": 34 / 32}
# Ours, what is beside it, and the types of the weights that pass by.
PAIRS = [
    ("own", "transformers", ("F32", "F32")),
    ("own", "llama.cpp F32", ("F32", "F32")),
    ("own", "llama.cpp F16", ("F32", "F16")),
    ("int8", "llama.cpp Q8_0", ("int8", "Q8_0")),
    ("int8", "own", ("int8", "F32")),
]
TEXTS = [
    "The",
    "A jig is a dance in",
    "The most common key of Irish fiddle tunes is",
    "Once upon a time, in a village by the sea, there lived a piper who",
    "def fibonacci(n):",
    "1, 1, 2, 3, 5, 8, 13,",
    "Die Musik des achtzehnten Jahrhunderts",
    "In 1784, Wolfgang Amadeus Mozart wrote six piano concertos. The first of them",
    "Q: What is the relative minor of G major?\nA:",
    "X:1\nT:The Kesh\nM:6/8\nL:1/8\nK:G\n|:G2G GAB|A2A ABd|",
    "A fugue begins with a subject, stated alone by one voice. A second voice then enters with the answer, the same melody a fifth higher, while the "
    "first goes on with a countersubject. When all the voices have entered, the exposition is over, and episodes follow, in which the composer",
    "Tempo markings tell how fast a piece is played. Largo is very slow, adagio slow, andante at a walking pace, moderato moderate, allegro fast, "
    "vivace lively, and presto very fast. A metronome mark gives the beats a minute. Dances have tempos of their own: a minuet is stately, a gavotte "
    "moderate, a gigue quick; a reel has about 112 half notes a minute when danced to, a hornpipe is slower and dotted, and a slow air follows the "
    "words of its song. A player who meets a tune without any mark looks at its meter, its note values and its title, and",
]
QUESTIONS = [
    "Hi!",
    "What is a hornpipe?",
    "Could one dance a jig to a tune in 4/4, and why?",
    "Name three composers of the Baroque era and one work of each.",
    "Write a haiku about rain.",
    "Explain to a child what a musical key is.",
    "List the notes of the D major scale.",
    "A tune has a meter of 6/8, is in E minor and moves at 120 dotted quarter notes a minute. Its melody rises to the octave in the second part, and each "
    "part has eight bars that are repeated. Which dance is it likely to be, which instruments would you give it to, and how would you end it?",
]


class Transformers:
    def __init__(self, folder, threads):
        import torch
        import transformers

        torch.set_num_threads(threads)
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        self.model = transformers.LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()

    def prompts(self):
        chats = [[dict(role="user", content=question)] for question in QUESTIONS]
        chats[-2] = [dict(role="system", content="You are a music teacher. Answer briefly."), *chats[-2]]
        written = [self.tokenizer.apply_chat_template(chat, add_generation_prompt=True, tokenize=False) for chat in chats]
        return [self.tokenizer(text, add_special_tokens=False)["input_ids"] for text in TEXTS + written]

    def greedy(self, ids, new_tokens):
        """Seconds until the first new token and of all others, and the tokens."""
        import torch

        class Clock:
            def __init__(self):
                self.times = []

            def put(self, _):
                self.times.append(time.perf_counter())

            def end(self):
                pass

        clock, started = Clock(), time.perf_counter()
        with torch.no_grad():
            tokens = self.model.generate(torch.tensor([ids]), attention_mask=torch.ones(1, len(ids), dtype=torch.long), max_new_tokens=new_tokens,
                                         min_new_tokens=new_tokens, do_sample=False, eos_token_id=None, pad_token_id=0, streamer=clock)
        first, last = clock.times[1], clock.times[-1]  # the prompt itself comes first
        return first - started, last - first, tokens[0, len(ids) :].tolist()

    def margins(self, ids, tokens):
        """How far the likeliest logit is above the next one, at each of the tokens."""
        import torch

        with torch.no_grad():
            logits = self.model(torch.tensor([ids + tokens])).logits[0, len(ids) - 1 : -1]
        best = logits.topk(2).values
        return (best[:, 0] - best[:, 1]).tolist()


class LlamaCpp:
    def __init__(self, path, threads):
        import llama_cpp

        self.model = llama_cpp.Llama(str(path), n_ctx=1024, n_batch=1024, n_ubatch=512, n_threads=threads, n_threads_batch=threads, verbose=False)

    def greedy(self, ids, new_tokens):
        self.model.reset()
        tokens, started, first = [], time.perf_counter(), None
        self.model.eval(ids)
        while len(tokens) < new_tokens:
            tokens.append(self.model.sample(temp=0))
            first = first or time.perf_counter()
            if len(tokens) < new_tokens:
                self.model.eval(tokens[-1:])
        return first - started, time.perf_counter() - first, tokens


class Ours:
    def __init__(self, folder, weights, options):
        self.speed = Speed(options.model_speed, "complete", folder, options.threads, weights)

    def greedy(self, ids, new_tokens):
        answer = self.speed.ask(" ".join(map(str, ["greedy", new_tokens, *ids])))
        return answer["prompt_seconds"], answer["seconds"] - answer["prompt_seconds"], answer["tokens"]


def first_difference(a, b):
    return next((i for i, pair in enumerate(zip(a, b, strict=True)) if pair[0] != pair[1]), None)


def compare_tokens(sides, peer):
    print("| our weights | prompts with the tokens of transformers | |\n|---|---|---|", flush=True)
    prompts = peer.prompts()
    expected = [peer.greedy(ids, NEW_TOKENS)[2] for ids in prompts]
    for weights in ("own", "int8"):
        differing = []
        for number, (ids, tokens) in enumerate(zip(prompts, expected, strict=True)):
            at = first_difference(sides[weights].greedy(ids, NEW_TOKENS)[2], tokens)
            if at is not None:
                differing.append(f"prompt {number + 1} at token {at + 1} (the two likeliest logits are {peer.margins(ids, tokens)[at]:.4f} apart)")
        print(f"| {weights} | {len(prompts) - len(differing)} of {len(prompts)} | {', '.join(differing)} |", flush=True)


def measure(sides, prompt, new_tokens, rounds, threads):
    """{side: [(prompt seconds, other seconds) of each round]}, in turns, after a round that does not count; and bytes a second read in each."""
    seconds, bandwidths = {name: [] for name in sides}, []
    for number in range(rounds + 1):
        results = {name: side.greedy(prompt, new_tokens)[:2] for name, side in sides.items()}
        if number == 0:
            continue
        bandwidths.append(read_bandwidth(threads))
        for name, result in results.items():
            seconds[name].append(result)
    return seconds, bandwidths


def rows_of(seconds, part, amount, pairs):
    """(ours, the peer, types of the weights, rates of both a round) where the peer is there."""
    for ours, peer, kinds in pairs:
        if peer in seconds:
            yield ours, peer, kinds, *([amount / result[part] for result in seconds[name]] for name in (ours, peer))


def ratio(our_rates, peer_rates):
    return spread([a / b for a, b in zip(our_rates, peer_rates, strict=True)])


def share(kind, rates, bandwidths):
    """Of the read bandwidth."""
    return f"{statistics.median(BYTES[kind] * WEIGHTS * rate / bandwidth for rate, bandwidth in zip(rates, bandwidths, strict=True)):.0%}"


def compare_decoding(sides, prompt, options):
    print("\n| our weights | beside | midillama, tokens/s | beside, tokens/s | ratio | of the read bandwidth | beside |\n"
          "|---|---|---|---|---|---|---|", flush=True)
    seconds, bandwidths = measure(sides, prompt[:PROMPT_TOKENS], options.new_tokens, options.rounds, options.threads)
    for ours, peer, kinds, our_rates, rates in rows_of(seconds, 1, options.new_tokens - 1, PAIRS):
        print(f"| {ours} | {peer} | {statistics.median(our_rates):,.1f} | {statistics.median(rates):,.1f} | {ratio(our_rates, rates)} | "
              f"{share(kinds[0], our_rates, bandwidths)} | {share(kinds[1], rates, bandwidths)} |", flush=True)
    print(f"\nRead bandwidth: {statistics.median(bandwidths) / 1e9:.1f} GB/s", flush=True)


def compare_prefill(sides, prompt, options):
    print("\n| our weights | beside | midillama, tokens/s | beside, tokens/s | ratio |\n|---|---|---|---|---|", flush=True)
    seconds, _ = measure(sides, prompt, 2, options.rounds, options.threads)
    for ours, peer, _, our_rates, rates in rows_of(seconds, 0, len(prompt), PAIRS):
        print(f"| {ours} | {peer} | {statistics.median(our_rates):,.0f} | {statistics.median(rates):,.0f} | {ratio(our_rates, rates)} |", flush=True)


def compare_steps(folder, options):
    print("\n| size | lengths | stage | midillama, tokens/s | transformers + peft, tokens/s | ratio (median, range) | peak, MiB | peer's peak, MiB | "
          "ratio | of the matrix-product rate |\n|---|---|---|---|---|---|---|---|---|---|", flush=True)
    shape = json.loads((folder / "config.json").read_text())
    compare_training.SIZES["smollm2"] = shape
    options.llm, options.template = folder, "chat"
    options.midillama, options.data = supplies.program("midillama"), supplies.folk_data()
    with compare_training.built_world(options, "smollm2") as (world_folder, world):
        for stage in options.stages.split(","):
            compare_training.compare("smollm2", stage, "real", world_folder, world)


def sides_of(folder, options):
    sides = {weights: Ours(folder, weights, options) for weights in ("own", "int8")}
    sides["transformers"] = Transformers(folder, options.threads)
    if importlib.util.find_spec("llama_cpp"):
        sides |= {f"llama.cpp {kind}": LlamaCpp(smollm2_files.gguf_file(kind), options.threads) for kind in ("F32", "F16", "Q8_0")}
    else:
        print("llama.cpp is left out: bench/with_peers -m pip install -r bench/requirements-llama-cpp.txt builds it\n", flush=True)
    return sides


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    compare_training.add_world_arguments(arguments)
    arguments.add_argument("--parts", default="tokens,decode,prefill,train")
    arguments.add_argument("--stages", default="align,sft")
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--new-tokens", type=int, default=96)
    arguments.add_argument("--prefill-tokens", type=int, default=512)
    arguments.add_argument("--steps", type=compare_training.measured_steps, default=12)
    arguments.add_argument("--batch", type=int, default=8, help="questions a step")
    options = arguments.parse_args()
    parts = options.parts.split(",")
    folder = smollm2_files.directory()
    options.model_speed = supplies.program("model_speed")
    if parts != ["train"]:
        sides = sides_of(folder, options)
        peer = sides["transformers"]
        prompt = peer.tokenizer(TEXTS[-1] + TEXTS[-2])["input_ids"] * 8
    if "tokens" in parts:
        compare_tokens(sides, peer)
    if "decode" in parts:
        compare_decoding(sides, prompt, options)
    if "prefill" in parts:
        compare_prefill(sides, prompt[: options.prefill_tokens], options)
    if "train" in parts:
        compare_steps(folder, options)


if __name__ == "__main__":
    main()

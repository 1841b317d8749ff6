"""Byte-level BPE on one thread, beside Hugging Face tokenizers and tiktoken.

    bench/with_peers bench/compare_tokenizers.py [--rounds 5]

Two vocabularies: Llama-3's own (the rank file that the package llama_models carries; tokenizers gets what transformers converts it to), and one of 4,096
that tokenizers trains here with Llama-3's pipeline. Two texts of 4 MB: Python's library sources, and questions and answers of the folk dataset, as one string and line by line. First the ids are compared. Then rounds in turns, in warm processes, loading not timed;
"its first round" is the first of ours in its process. tokenizers encodes without offsets and without parallelism.
"""

import argparse
import base64
import json
import os
import pathlib
import random
import sysconfig
import tempfile

import supplies
from rounds import Speed, cells, cpu_seconds, paired

LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
TEXT_BYTES = 4_000_000


def cut(parts):
    """TEXT_BYTES of the parts in a random order."""
    random.Random(3).shuffle(parts)
    taken, size = [], 0
    for part in parts:
        if size >= TEXT_BYTES:
            break
        taken.append(part)
        size += len(part.encode())
    return "".join(taken)


def code():
    files = sorted(pathlib.Path(sysconfig.get_path("stdlib")).glob("*.py"))
    return cut([file.read_text("utf-8", "ignore") for file in files])


def questions(folder):
    rows = [json.loads(line) for line in (folder / "train.jsonl").read_text().splitlines()]
    return cut([f"{row['question']} {row['answer']}\n" for row in rows])


def llama3(folder):
    """Our file, tokenizers' and tiktoken's objects."""
    import llama_models
    import tiktoken
    from transformers.convert_slow_tokenizer import TikTokenConverter

    path = pathlib.Path(llama_models.__file__).parent / "llama3" / "tokenizer.model"
    converted = TikTokenConverter(vocab_file=str(path), pattern=LLAMA3).converted()
    converted.save(str(folder / "tokenizer.json"))
    ranks = {base64.b64decode(token): int(rank) for token, rank in (line.split() for line in path.read_bytes().splitlines())}
    return path, converted, tiktoken.Encoding("llama3", pat_str=LLAMA3, mergeable_ranks=ranks, special_tokens={})


def small(folder, texts):
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE(ignore_merges=True))
    steps = [pre_tokenizers.Split(Regex(LLAMA3), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(steps)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=4096, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator([line for text in texts for line in text.splitlines()], trainer)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder / "tokenizer.json", tokenizer, None


def compare(vocabulary, model, tokenizers, tiktoken, name, text, folder, options):
    path = folder / "text"
    path.write_text(text, newline="")
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    size = len(text.encode()) / 1e6
    inputs = {"whole": [text], "lines": lines}
    peers = {"tokenizers": lambda texts: [encoding.ids for encoding in tokenizers.encode_batch_fast(texts, add_special_tokens=False)]}
    if tiktoken:
        peers["tiktoken"] = lambda texts: [tiktoken.encode_ordinary(text) for text in texts]
    for shape, texts in inputs.items():
        with Speed(options.speed, "text", model, path) as ours:
            first = size / ours.cpu_seconds(shape)
            ids = ours.ask("ids")
            for peer, encode in peers.items():
                if encode(texts) != ids:
                    raise SystemExit(f"{vocabulary}, {name}: the ids are not those of {peer}")
                pairs = paired(options.rounds, lambda: ours.cpu_seconds(shape), lambda: cpu_seconds(encode, texts))
                our, theirs, ratio = cells(pairs, size, "{:.1f}").split(" | ")
                label = {"whole": "one string", "lines": "by line"}[shape]
                print(f"| {vocabulary} | {name}, {label} | {our} | {first:.1f} | {peer} | {theirs} | {ratio} |", flush=True)


def main():
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", type=pathlib.Path, help="default: the folk dataset")
    arguments.add_argument("--rounds", type=int, default=5)
    options = arguments.parse_args()
    options.speed = supplies.program("speed", "bench")
    texts = {"code": code(), "questions": questions(options.data or supplies.folk_data())}
    print("| vocabulary | text | midillama, MB/s | its first round | peer | its MB/s | ratio (median, range) |\n|---|---|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for vocabulary, models in (("Llama-3, 128,000", llama3(folder)), ("4,096", small(folder, texts.values()))):
            for text in texts:
                compare(vocabulary, *models, text, texts[text], folder, options)


if __name__ == "__main__":
    main()

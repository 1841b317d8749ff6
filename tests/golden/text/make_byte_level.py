"""Writes byte_level.json, with ids and decoded text of odd texts, and the models for it: tokenizers trained here by Hugging Face tokenizers
(the pipelines of GPT-2 and Llama-3) and a rank file trained by tiktoken."""

import base64
import json
import pathlib
import random

import tiktoken
import tokenizers
from tiktoken._educational import bpe_train
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

HERE = pathlib.Path(__file__).parent
LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"

LINES = [
    "Question: Which dance is this tune? Answer: It is a reel in G major with a lively tempo.",
    "This slow air is in D dorian, and its meter is 3/4. The melody rises stepwise, then falls by a sixth in bars 12 to 16.",
    "What is the key of this piece? The key is E minor. It's the composer's best-known hornpipe; they don't play it often.",
    "Die Musik klingt fr\u00f6hlich; la m\u00e9lodie est simple. \u97f3\u697d\u306f\u7f8e\u3057\u3044\u3002 \u041c\u0443\u0437\u044b\u043a\u0430 \u0431\u044b\u0441\u0442\u0440\u0430\u044f.",
    "1234 bars, 96 beats per minute,    and  much   white space\n\n\tat the end   \n",
]

TEXTS = [
    "", " ", "   ", "\n", " \n\n  x", "a", " a", "a ", "A reel.\nIn G major.\n", "it's IT'S it\u017f they'LL we've", "0123456789 12 3456", "<s>", "</s><|eot_id|>",
    "the music <music> plays", "<music><music>", "x<wide>  y", "\u00e9 e\u0301 \u0301", "\U0001f3b5\U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea",
    "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627", "\u97f3\u697d\u306f\u7f8e\u3057\u3044", "\u00a0\u3000\u180e\u200b\ufeff\u2028\u0085x", "\x00\x01\x1c\x1f\x7f",
    "\u00bd\u00b2\u0663\u2167", "\U00031350\U0001e4f0\U000105c0 \U0001e4f1", "aaaaaaa" * 30, " " * 120, "reel" * 60, "...!!!???\n\n,,", "\ufffd",
]


def random_texts(count, seed):
    generator = random.Random(seed)
    words = " ".join(LINES).split()
    for _ in range(count):
        parts = []
        for _ in range(generator.randint(1, 8)):
            code = generator.choice([10, 32, 32, 39, generator.randint(33, 0x2FF), generator.randint(0x300, 0xD7FF), generator.randint(0x1F300, 0x323FF)])
            parts.append(generator.choice(words) if generator.random() < 0.6 else chr(code))
            parts.append(generator.choice(["", " ", " "]))
        yield "".join(parts)


def train(pre_tokenizer, special, **options):
    tokenizer = Tokenizer(models.BPE(**options))
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=420, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(LINES, trainer)
    return tokenizer


def gpt2():
    """GPT-2's regular expression with a space in front, RoBERTa's special tokens, and tokens added for the task; merges as strings."""
    mask = AddedToken("<mask>", lstrip=True, special=True)
    tokenizer = train(pre_tokenizers.ByteLevel(add_prefix_space=True), ["<s>", "</s>", mask])
    tokenizer.add_tokens([AddedToken("<music>"), AddedToken("<wide>", lstrip=True, rstrip=True, normalized=False), AddedToken("way", single_word=True)])
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 1), ("<s>", 0))
    return tokenizer


def llama3():
    steps = [pre_tokenizers.Split(Regex(LLAMA3), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    tokenizer = train(pre_tokenizers.Sequence(steps), [], ignore_merges=True)
    names = ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
    tokenizer.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in names])
    return tokenizer


def save(tokenizer, name, merges_as_strings=False):
    description = json.loads(tokenizer.to_str())
    if merges_as_strings:
        description["model"]["merges"] = [" ".join(pair) for pair in description["model"]["merges"]]
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    (folder / "tokenizer.json").write_text(json.dumps(description, separators=(",", ":"), ensure_ascii=False) + "\n")


def rank_file():
    ranks = bpe_train("\n".join(LINES), 400, LLAMA3, visualise=None)
    folder = HERE / "tiktoken"
    folder.mkdir(exist_ok=True)
    lines = [f"{base64.b64encode(token).decode()} {rank}\n" for token, rank in sorted(ranks.items(), key=lambda item: item[1])]
    (folder / "tokenizer.model").write_text("".join(lines))
    return tiktoken.Encoding("tiny", pat_str=LLAMA3, mergeable_ranks=ranks, special_tokens={})


def main():
    texts = [*TEXTS, *random_texts(80, 5)]
    generator = random.Random(6)
    golden = {"made_by": "make_byte_level.py", "versions": {"tokenizers": tokenizers.__version__, "tiktoken": tiktoken.__version__}, "texts": texts, "models": {}}
    for name, tokenizer, strings in (("gpt2", gpt2(), True), ("llama3", llama3(), False)):
        save(tokenizer, name, strings)
        tokenizer.encode_special_tokens = True
        size = tokenizer.get_vocab_size()
        ids = [[generator.randrange(size) for _ in range(generator.randint(0, 12))] for _ in range(40)]
        golden["models"][name] = {"vocab_size": size, "encoded": [tokenizer.encode(text, add_special_tokens=False).ids for text in texts],
                                  "ids": ids, "decoded": [tokenizer.decode(row) for row in ids]}
    encoding = rank_file()
    ids = [[generator.randrange(encoding.n_vocab) for _ in range(generator.randint(0, 12))] for _ in range(40)]
    golden["models"]["tiktoken"] = {"vocab_size": encoding.n_vocab + 256, "encoded": [encoding.encode_ordinary(text) for text in texts],
                                    "ids": ids, "decoded": [encoding.decode(row) for row in ids]}
    (HERE / "byte_level.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()

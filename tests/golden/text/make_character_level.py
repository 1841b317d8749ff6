"""Writes character_level.json and the directories character_level/*: what Hugging Face's tokenizers and transformers make of sentencepiece's
BPE models.

  metaspace   a tokenizer.json alone, as transformers 5 saves it (Metaspace, no normalizer), with added tokens
  prepend     the same with a normalizer of Prepend and Replace, as transformers 4 saved it
  chatml      sentencepiece.model as tokenizer.model, with ChatML's tokens in added_tokens.json and tokenizer_config.json

and of "prepend" with a tokenizer_config.json that names Llama's own class, which transformers 5 makes the spaces of anew.

Run make_sentencepiece.py first: the vocabulary is its model's.
"""

import json
import pathlib
import random
import shutil

import tokenizers
import transformers
from tokenizers import AddedToken, Tokenizer, decoders, normalizers

from make_sentencepiece import TEXTS, random_texts

HERE = pathlib.Path(__file__).parent
ROOT = HERE / "character_level"
CHATML = {"<|im_end|>": 420, "<|im_start|>": 421}
ODD = ["<note> and<note>", " <note>", "a<note> b<bar>c", "<bar>", "x<|im_end|>y", "<0x41>\u2581", "\u2581", "\u2581\u2581a", "a<0x0A>b"]


def clean(directory):
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    return directory


def write(path, value):
    path.write_text(json.dumps(value, separators=(",", ":"), ensure_ascii=False) + "\n")


def save_metaspace(base):
    directory = clean(ROOT / "metaspace")
    base.add_tokens([AddedToken("<note>", normalized=False), AddedToken("<bar>", lstrip=True, rstrip=True)])
    base.add_special_tokens({"eos_token": AddedToken("<|im_end|>", special=True)})
    base.save_pretrained(directory)
    for name in directory.iterdir():
        if name.name not in ("tokenizer.json", "tokenizer_config.json"):
            name.unlink()
    write(directory / "tokenizer.json", json.loads((directory / "tokenizer.json").read_text()))
    return directory


def save_prepend(metaspace):
    directory = clean(ROOT / "prepend")
    tokenizer = Tokenizer.from_file(str(metaspace / "tokenizer.json"))
    tokenizer.pre_tokenizer = None
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    tokenizer.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    write(directory / "tokenizer.json", json.loads(tokenizer.to_str()))
    return directory


def save_chatml():
    directory = clean(ROOT / "chatml")
    shutil.copy(HERE / "sentencepiece.model", directory / "tokenizer.model")
    write(directory / "added_tokens.json", CHATML)
    write(directory / "tokenizer_config.json",
          {"tokenizer_class": "LlamaTokenizer", "bos_token": "<s>", "eos_token": "<|im_end|>", "unk_token": "<unk>", "legacy": True,
           "additional_special_tokens": ["<|im_start|>"]})
    return directory


def classes(prepend, texts):
    directory = clean(ROOT / "class")
    shutil.copy(prepend / "tokenizer.json", directory)
    cases_of_classes = []
    for config in ({"tokenizer_class": "LlamaTokenizer"}, {"tokenizer_class": "LlamaTokenizerFast", "add_prefix_space": None},
                   {"tokenizer_class": "LlamaTokenizer", "legacy": True}, {"tokenizer_class": "LlamaTokenizer", "add_prefix_space": False},
                   {"tokenizer_class": "LlamaTokenizer", "add_prefix_space": False, "legacy": True},
                   {"tokenizer_class": "PreTrainedTokenizerFast", "add_prefix_space": False}):
        write(directory / "tokenizer_config.json", config)
        tokenizer = transformers.AutoTokenizer.from_pretrained(directory).backend_tokenizer
        cases_of_classes.append({"config": config, **cases(tokenizer, texts, 6)})
    shutil.rmtree(directory)
    return cases_of_classes


def cases(tokenizer, texts, seed):
    generator = random.Random(seed)
    size = tokenizer.get_vocab_size()
    id_lists = [[generator.randrange(size) for _ in range(generator.randint(0, 10))] for _ in range(80)]
    tokenizer.encode_special_tokens = True  # what looks like a special token in a text is text
    return {
        "vocab_size": size,
        "encode": [{"text": text, "ids": tokenizer.encode(text, add_special_tokens=False).ids} for text in texts],
        "decode": [{"ids": ids, "text": tokenizer.decode(ids, skip_special_tokens=True)} for ids in id_lists],
    }


def main():
    # tokenizer.json's tokens end where the model's do; the generator's own vocabulary must be the one that ids above count from.
    base = transformers.AutoTokenizer.from_pretrained(save_chatml())
    plain = clean(ROOT / "plain")
    shutil.copy(HERE / "sentencepiece.model", plain / "tokenizer.model")
    write(plain / "tokenizer_config.json", {"tokenizer_class": "LlamaTokenizer"})
    metaspace = save_metaspace(transformers.AutoTokenizer.from_pretrained(plain))
    shutil.rmtree(plain)
    prepend = save_prepend(metaspace)
    texts = [text for text in [*TEXTS, *ODD, *random_texts(80, 3)] if "\ufffd" not in text]
    golden = {
        "made_by": "make_character_level.py",
        "versions": {"transformers": transformers.__version__, "tokenizers": tokenizers.__version__},
        "metaspace": cases(Tokenizer.from_file(str(metaspace / "tokenizer.json")), texts, 4),
        "prepend": cases(Tokenizer.from_file(str(prepend / "tokenizer.json")), texts, 5),
        "classes": classes(prepend, texts[::2]),
        "eos": transformers.AutoTokenizer.from_pretrained(metaspace).eos_token_id,
        "chatml": {
            "eos": base.eos_token_id,
            "bos": base.bos_token_id,
            "vocab_size": len(base),
            "tokens": {name: base.convert_tokens_to_ids(name) for name in [*CHATML, "<s>", "</s>", "reel"]},
            "decode": [{"ids": ids, "text": base.decode(ids, skip_special_tokens=True)}
                       for ids in [base.encode("It is a reel.", add_special_tokens=False) + [420],
                                   [421, *base.encode("a jig", add_special_tokens=False), 420, 421]]],
        },
    }
    write(HERE / "character_level.json", golden)


if __name__ == "__main__":
    main()

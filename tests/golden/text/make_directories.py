"""Writes directories.json: what transformers makes of the tokenizer.json of gpt2/ with other files beside it, or with other tokens added in it.
Ids are those of the backend that AutoTokenizer chooses, special tokens in a text being text."""

import copy
import json
import pathlib
import tempfile

import tokenizers
import transformers
from transformers import AutoTokenizer

HERE = pathlib.Path(__file__).parent
BASE = json.loads((HERE / "gpt2/tokenizer.json").read_text())
NEXT = max(token["id"] for token in BASE["added_tokens"]) + 1
TEXTS = ["the music plays the way", "the <music> plays <s> a reel", " reel reels", "reel", "a <bos> of  <music>  </s>way", ""]


def token(content, **properties):
    return {"content": content, "lstrip": False, "rstrip": False, "normalized": False, "single_word": False, "special": False, **properties}


def config(**values):
    return {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "eos_token": "</s>", **values}


def decoder(tokens, **values):
    return {"tokenizer_config.json": config(added_tokens_decoder={str(id): entry for id, entry in tokens.items()}, **values)}


def class_config(name, **values):
    return {"tokenizer_config.json": config(tokenizer_class=name, unk_token="<s>", pad_token="<s>", **values)}


# name: files beside it, and tokens that tokenizer.json has beyond those of gpt2/
DIRECTORIES = {
    "a token of the configuration": (decoder({NEXT: token("reel")}), []),
    "a special token of the configuration": (decoder({NEXT: token("reel", special=True)}), []),
    "other properties": (decoder({NEXT - 1: token("way"), NEXT - 3: token("<music>", lstrip=True, rstrip=True)}), []),
    "a token of the vocabulary": (decoder({NEXT: token("the")}), []),
    "another's id": (decoder({5: token("reel"), NEXT - 2: token("a")}), []),
    "an end that is text": (decoder({NEXT: token("reel")}, eos_token="reel"), []),
    "a list": ({"tokenizer_config.json": config(), "added_tokens.json": {"reel": NEXT}}, []),
    "a list whose token is named": ({"tokenizer_config.json": config(eos_token="reel"), "added_tokens.json": {"reel": NEXT}}, []),
    "a list beside the configuration's": (decoder({NEXT: token("plays")}) | {"added_tokens.json": {"reel": NEXT + 1}}, []),
    "one id for two": ({"tokenizer_config.json": config()}, [{"id": NEXT - 1, **token("reel")}]),
    "one id for two, one in the vocabulary": ({"tokenizer_config.json": config()}, [{"id": 0, **token("reel")}, {"id": 1, **token("a")}]),
    **{
        f"{name}, add_prefix_space {value}": (class_config(name, **({} if value is None else {"add_prefix_space": value})), [])
        for name in ("PreTrainedTokenizerFast", "GPT2Tokenizer", "GPT2TokenizerFast", "RobertaTokenizer", "RobertaTokenizerFast")
        for value in (None, False, True)
    },
}


def read(files, added):
    description = copy.deepcopy(BASE)
    description["added_tokens"] += added
    with tempfile.TemporaryDirectory() as folder:
        for name, content in (files | {"tokenizer.json": description}).items():
            (pathlib.Path(folder) / name).write_text(json.dumps(content))
        tokenizer = AutoTokenizer.from_pretrained(folder)
    backend = tokenizer.backend_tokenizer
    backend.encode_special_tokens = True
    encoded = [backend.encode(text, add_special_tokens=False).ids for text in TEXTS]
    return {"files": files, "added": added, "vocab_size": len(tokenizer), "bos": tokenizer.bos_token_id, "eos": tokenizer.eos_token_id,
            "encoded": encoded, "decoded": [backend.decode(ids) for ids in encoded]}


def main():
    golden = {"made_by": "make_directories.py", "versions": {"transformers": transformers.__version__, "tokenizers": tokenizers.__version__},
              "texts": TEXTS, "directories": {name: read(*directory) for name, directory in DIRECTORIES.items()}}
    (HERE / "directories.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()

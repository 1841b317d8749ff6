"""Writes word_piece_classes.json: the ids of texts by transformers' AutoTokenizer for directories whose tokenizer.json, tokenizer_config.json and config.json
say different things about case, accents and ideographs. The tokenizer is word_piece/lower, whose vocabulary has some of all of them.
"""

import importlib.metadata
import json
import pathlib
import tempfile

from transformers import AutoTokenizer

HERE = pathlib.Path(__file__).parent
TEXTS = ["A Reel in G", "a reel in g", "Na\u00efve l\u00e4ndler \u00c5ngstr\u00f6m", "\u97f3\u697d\u306f\u4e16\u754cabc", "a\x01b"]
BERT = {"model_type": "bert"}

# tokenizer_config.json, config.json, changes of the file's normalizer; None: there is no such file.
CASES = [
    ({"tokenizer_class": "BertTokenizer"}, BERT, {}),
    ({"tokenizer_class": "BertTokenizer", "do_lower_case": False}, BERT, {}),
    ({"tokenizer_class": "BertTokenizerFast", "do_lower_case": True, "strip_accents": False}, BERT, {"lowercase": False}),
    ({"tokenizer_class": "BertTokenizer", "do_lower_case": False, "strip_accents": True}, BERT, {}),
    ({"tokenizer_class": "BertTokenizer", "tokenize_chinese_chars": False}, BERT, {}),
    ({"tokenizer_class": "BertTokenizer", "strip_accents": None}, BERT, {"strip_accents": False, "handle_chinese_chars": False, "clean_text": False}),
    ({"do_lower_case": False}, BERT, {}),
    ({}, BERT, {"lowercase": False}),
    (None, BERT, {"lowercase": False}),
    ({"tokenizer_class": "PreTrainedTokenizerFast", "do_lower_case": False}, BERT, {}),
    ({"tokenizer_class": "PreTrainedTokenizerFast", "do_lower_case": True}, BERT, {"lowercase": False}),
]


def main():
    tokenizer = json.loads((HERE / "word_piece/lower/tokenizer.json").read_text())
    versions = {name: importlib.metadata.version(name) for name in ("transformers", "tokenizers")}
    golden = {"made_by": "make_wordpiece_classes.py", "versions": versions, "texts": TEXTS, "cases": []}
    for tokenizer_config, config, normalizer in CASES:
        files = {"tokenizer_config.json": tokenizer_config, "config.json": config}
        with tempfile.TemporaryDirectory() as folder:
            changed = {**tokenizer, "normalizer": {**tokenizer["normalizer"], **normalizer}}
            for name, content in {**files, "tokenizer.json": changed}.items():
                if content is not None:
                    (pathlib.Path(folder) / name).write_text(json.dumps(content))
            reference = AutoTokenizer.from_pretrained(folder)
            ids = [reference.encode(text, add_special_tokens=False) for text in TEXTS]
        golden["cases"].append({"files": files, "normalizer": normalizer, "ids": ids})
    (HERE / "word_piece_classes.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")


main()

"""Writes a tiny random RoBERTa with its tokenizer (tiny_roberta/) and bert_score.json: precision, recall and F1 of bert_score on pairs of texts.

bert_score asks its tokenizer for a space before each text and for the ids of an empty text. The tokenizers of transformers 4 understood both, those of
transformers 5 neither: the script gives both back to them.
"""

import importlib.metadata
import json
import pathlib
import random
import shutil
import tempfile

import bert_score
import tokenizers
import torch
import transformers

HERE = pathlib.Path(__file__).parent
FOLDER = HERE / "tiny_roberta"
LAYER = 2
POSITIONS = 42  # 40 tokens, <s> and </s> included

TEXTS = [
    "The piece is in D minor, with a slow tempo of 60.5 bpm.", "This piece is written in D minor with a slow tempo (60.5 bpm).",
    "A lively waltz.", "A lively and charming waltz in 3/4.", "It is a reel in G major.", "This tune is a jig.", "reel", "G major",
    "  white space around it \n", "The meter is 6/8, as in a jig, and the notes are dense; it comes from Ireland.", "", "   ",
    "Na\u00efve l\u00e4ndler \u266f \u97f3\u697d", "It's the dancers' tune, isn't it?",
    "A tune that goes on and on, in D major and then in G major and then in A minor, and then once more in D major, from the first bar to the last one.",
]


def make_tokenizer():
    bpe = tokenizers.ByteLevelBPETokenizer(add_prefix_space=False)
    bpe.train_from_iterator([" " + text for text in TEXTS], vocab_size=330, min_frequency=1,
                            special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"], show_progress=False)
    FOLDER.mkdir(exist_ok=True)
    bpe.save_model(str(FOLDER))
    tokenizer = transformers.RobertaTokenizer.from_pretrained(FOLDER, model_max_length=POSITIONS - 2)
    tokenizer.save_pretrained(FOLDER)
    for name in ("vocab.json", "merges.txt"):
        (FOLDER / name).unlink()
    return tokenizer


def make_model(vocab_size):
    torch.manual_seed(5)
    config = transformers.RobertaConfig(
        vocab_size=vocab_size, hidden_size=24, num_hidden_layers=3, num_attention_heads=4, intermediate_size=40, max_position_embeddings=POSITIONS,
        type_vocab_size=1, initializer_range=0.15, pad_token_id=1, bos_token_id=0, eos_token_id=2)
    transformers.RobertaForMaskedLM(config).save_pretrained(FOLDER)


def reference_scores(predictions, references):
    """The numbers of bert_score: three lists."""
    transformers.RobertaTokenizer.build_inputs_with_special_tokens = lambda self, ids: [self.cls_token_id, *ids, self.sep_token_id]
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(FOLDER, folder, dirs_exist_ok=True)
        tokenizer = pathlib.Path(folder, "tokenizer_config.json")
        tokenizer.write_text(json.dumps(json.loads(tokenizer.read_text()) | {"add_prefix_space": True}))
        numbers = bert_score.score(predictions, references, model_type=folder, num_layers=LAYER, idf=False, rescale_with_baseline=False, device="cpu")
    return [number.tolist() for number in numbers]


def main():
    make_model(len(make_tokenizer()))
    choose = random.Random(3)
    predictions = TEXTS + [choose.choice(TEXTS) for _ in range(65)]  # more pairs than the reference pads together
    references = [[choose.choice(TEXTS) for _ in range(choose.choice((1, 1, 2, 3)))] for _ in predictions]
    numbers = reference_scores(predictions, references)
    golden = {
        "made_by": "make_bert_score.py",
        "versions": {name: importlib.metadata.version(name) for name in ("bert_score", "transformers", "tokenizers", "torch")},
        "layer": LAYER,
        "examples": [{"prediction": prediction, "references": group, "precision": p, "recall": r, "f1": f}
                     for prediction, group, p, r, f in zip(predictions, references, *numbers)],
    }
    (HERE / "bert_score.json").write_text(json.dumps(golden, indent=0) + "\n")
    (FOLDER / "model.safetensors").chmod(0o644)


main()

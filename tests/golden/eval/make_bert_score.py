"""Writes a tiny random RoBERTa and a tiny random BERT with their tokenizers (tiny_roberta/, tiny_bert/) and precision, recall and F1 of bert_score on
pairs of texts, at one layer (bert_score.json) and at every one (bert_score_bert.json).

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
LAYER = 2
POSITIONS = 42  # 40 tokens, <s> and </s> included

TEXTS = [
    "The piece is in D minor, with a slow tempo of 60.5 bpm.", "This piece is written in D minor with a slow tempo (60.5 bpm).",
    "A lively waltz.", "A lively and charming waltz in 3/4.", "It is a reel in G major.", "This tune is a jig.", "reel", "G major",
    "  white space around it \n", "The meter is 6/8, as in a jig, and the notes are dense; it comes from Ireland.", "", "   ",
    "Na\u00efve l\u00e4ndler \u266f \u97f3\u697d", "It's the dancers' tune, isn't it?",
    "A tune that goes on and on, in D major and then in G major and then in A minor, and then once more in D major, from the first bar to the last one.",
]

# The tokens that frame a text within it: wherever they stand, they do not count.
FRAMES = ["[SEP]", "[CLS] hi", "It is a jig. [SEP]", "</s>", "<s> A lively waltz.</s>", "It is </s> a reel [SEP] in G major."]


def make_roberta_tokenizer(folder):
    bpe = tokenizers.ByteLevelBPETokenizer(add_prefix_space=False)
    bpe.train_from_iterator([" " + text for text in TEXTS], vocab_size=330, min_frequency=1,
                            special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"], show_progress=False)
    folder.mkdir(exist_ok=True)
    bpe.save_model(str(folder))
    tokenizer = transformers.RobertaTokenizer.from_pretrained(folder, model_max_length=POSITIONS - 2)
    tokenizer.save_pretrained(folder)
    for name in ("vocab.json", "merges.txt"):
        (folder / name).unlink()
    return tokenizer


def make_roberta(folder):
    vocab_size = len(make_roberta_tokenizer(folder))
    torch.manual_seed(5)
    config = transformers.RobertaConfig(
        vocab_size=vocab_size, hidden_size=24, num_hidden_layers=3, num_attention_heads=4, intermediate_size=40, max_position_embeddings=POSITIONS,
        type_vocab_size=1, initializer_range=0.15, pad_token_id=1, bos_token_id=0, eos_token_id=2)
    transformers.RobertaForMaskedLM(config).save_pretrained(folder)


def make_bert(folder):
    """Of a form that RoBERTa does not have: two token types, no offset of positions, GELU by tanh."""
    pieces = tokenizers.BertWordPieceTokenizer(lowercase=True)
    pieces.train_from_iterator(TEXTS, vocab_size=150, min_frequency=1, show_progress=False)
    folder.mkdir(exist_ok=True)
    pieces.save_model(str(folder))
    tokenizer = transformers.BertTokenizer.from_pretrained(folder, model_max_length=POSITIONS - 2)
    tokenizer.save_pretrained(folder)
    (folder / "vocab.txt").unlink(missing_ok=True)
    torch.manual_seed(6)
    config = transformers.BertConfig(
        vocab_size=len(tokenizer), hidden_size=24, num_hidden_layers=3, num_attention_heads=4, intermediate_size=40,
        max_position_embeddings=POSITIONS - 2, type_vocab_size=2, initializer_range=0.15, hidden_act="gelu_new")
    transformers.BertForMaskedLM(config).save_pretrained(folder)


def reference_scores(predictions, references, model, layer):
    """The numbers of bert_score: three lists."""
    for kind in (transformers.RobertaTokenizer, transformers.BertTokenizer):
        kind.build_inputs_with_special_tokens = lambda self, ids: [self.cls_token_id, *ids, self.sep_token_id]
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(model, folder, dirs_exist_ok=True)
        tokenizer = pathlib.Path(folder, "tokenizer_config.json")
        tokenizer.write_text(json.dumps(json.loads(tokenizer.read_text()) | {"add_prefix_space": True}))
        numbers = bert_score.score(predictions, references, model_type=folder, num_layers=layer, idf=False, rescale_with_baseline=False, device="cpu")
    return [number.nan_to_num(0).tolist() for number in numbers]  # of texts of which no token counts


def examples():
    choose = random.Random(3)
    predictions = TEXTS + [choose.choice(TEXTS) for _ in range(65)]  # more pairs than the reference pads together
    references = [[choose.choice(TEXTS) for _ in range(choose.choice((1, 1, 2, 3)))] for _ in predictions]
    return predictions + FRAMES, references + [[TEXTS[4], FRAMES[2]]] * len(FRAMES)


def scored(folder, layer):
    predictions, references = examples()
    return [{"prediction": prediction, "references": group, "precision": p, "recall": r, "f1": f}
            for prediction, group, p, r, f in zip(predictions, references, *reference_scores(predictions, references, folder, layer), strict=True)]


def write(name, folder, content):
    head = {"made_by": "make_bert_score.py", "versions": {name: importlib.metadata.version(name) for name in ("bert_score", "transformers", "tokenizers", "torch")}}
    (HERE / name).write_text(json.dumps(head | content, indent=0) + "\n")
    (folder / "model.safetensors").chmod(0o644)


def main():
    roberta, bert = HERE / "tiny_roberta", HERE / "tiny_bert"
    make_roberta(roberta)
    write("bert_score.json", roberta, {"layer": LAYER, "examples": scored(roberta, LAYER)})
    make_bert(bert)
    layers = {layer: [[round(row[number], 8) for number in ("precision", "recall", "f1")] for row in scored(bert, layer)] for layer in (1, 2, 3)}
    predictions, references = examples()
    write("bert_score_bert.json", bert, {"predictions": predictions, "references": references, "layers": layers})


main()

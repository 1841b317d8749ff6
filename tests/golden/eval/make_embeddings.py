"""Writes embeddings of texts by the tiny BERT of make_bert_score.py (embeddings.json), as sentence-transformers makes them of all-MiniLM-L6-v2:
the mean over the tokens, of length 1."""

import importlib.metadata
import json
import pathlib

from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Normalize, Pooling, Transformer

HERE = pathlib.Path(__file__).parent
TEXTS = [
    "A lively waltz.", "It is a reel in G major.", "reel", "  white space around it \n", "Naïve ländler ♯ 音楽", "It's the dancers' tune, isn't it?",
    "A tune that goes on and on, in D major and then in G major and then in A minor, and then once more in D major, from the first bar to the last one.",
]


def embeddings(folder):
    encoder = Transformer(str(folder), max_seq_length=40)
    model = SentenceTransformer(modules=[encoder, Pooling(encoder.get_embedding_dimension(), pooling_mode="mean"), Normalize()], device="cpu")
    return [[round(float(value), 7) for value in row] for row in model.encode(TEXTS)]


def main():
    content = {
        "made_by": "make_embeddings.py",
        "versions": {name: importlib.metadata.version(name) for name in ("sentence-transformers", "transformers", "tokenizers", "torch")},
        "texts": TEXTS,
        "tiny_bert": embeddings(HERE / "tiny_bert"),
    }
    (HERE / "embeddings.json").write_text(json.dumps(content, ensure_ascii=False, indent=0) + "\n")


main()

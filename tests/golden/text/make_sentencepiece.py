"""Writes sentencepiece.model and sentencepiece.json: ids and decoded text of odd texts, by Google's sentencepiece.

The model is trained here, on the text below, with the options that the program trains with.
"""

import json
import pathlib
import random

import sentencepiece
from sentencepiece import sentencepiece_model_pb2

HERE = pathlib.Path(__file__).parent

LINES = [
    "Question: Which dance is this tune?",
    "Answer: It is a reel in G major with a lively tempo.",
    "This slow air is in D dorian, and its meter is 3/4.",
    "The melody rises stepwise, then falls by a sixth in bars 12 to 16.",
    "What is the key of this piece? The key is E minor.",
    "A hornpipe in 4/4, tempo 96 beats per minute, 350 notes.",
    "Die Musik klingt fr\u00f6hlich; la m\u00e9lodie est simple.",
]

TEXTS = [
    "", " ", "  ", "\n", "a", " a", "a ", "A reel.\nIn G major.\n", "tab\tand\r\nbreak", "0123456789", "3/4 6/8 12/8",
    "<s>", "</s> <unk> <0x0A>", "\u2581reel", "a\u2581 b", "fr\u00f6hlich m\u00e9lodie", "e\u0301", "Tempo \u2669 = 120", "\U0001f3b5\U0001f3b6",
    "\u05e9\u05dc\u05d5\u05dd", "\u97f3\u697d", "\u200b\ufeff\u00a0\u3000", "\ufffd", "A" * 200, " " * 50, "reel" * 40, "\x00\x01\x7f",
]


def random_texts(count, seed):
    generator = random.Random(seed)
    words = " ".join(LINES).split()
    for _ in range(count):
        parts = []
        for _ in range(generator.randint(1, 8)):
            parts.append(generator.choice(words) if generator.random() < 0.6 else chr(generator.choice([10, 32, 32, 0x2581, generator.randint(33, 0xD7FF)])))
            parts.append(generator.choice(["", " ", " "]))
        yield "".join(parts)


def without_prefix(model):
    proto = sentencepiece_model_pb2.ModelProto()
    proto.ParseFromString(model.read_bytes())
    proto.normalizer_spec.add_dummy_prefix = False
    return sentencepiece.SentencePieceProcessor(model_proto=proto.SerializeToString())


def main():
    options = dict(model_type="bpe", vocab_size=420, hard_vocab_limit=False, byte_fallback=True, character_coverage=1.0,
                   normalization_rule_name="identity", remove_extra_whitespaces=False, split_digits=True, num_threads=1,
                   unk_id=0, bos_id=1, eos_id=2, pad_id=-1, minloglevel=2)
    model = HERE / "sentencepiece.model"
    with open(model, "wb") as file:
        sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(LINES), model_writer=file, **options)
    processor = sentencepiece.SentencePieceProcessor(model_file=str(model))
    generator = random.Random(1)
    size = processor.get_piece_size()
    id_lists = [[generator.randrange(size) for _ in range(generator.randint(0, 10))] for _ in range(60)]
    texts = [*TEXTS, *random_texts(60, 2)]
    plain = without_prefix(model)
    golden = {
        "made_by": "make_sentencepiece.py",
        "versions": {"sentencepiece": sentencepiece.__version__},
        "lines": LINES,
        "vocab_size": options["vocab_size"],
        "pieces": [processor.id_to_piece(i) for i in range(size)],
        "encode": [{"text": text, "ids": processor.encode(text)} for text in texts],
        "decode": [{"ids": ids, "text": processor.decode(ids)} for ids in id_lists],
        "without_prefix": {"encode": [{"text": text, "ids": plain.encode(text)} for text in texts],
                           "decode": [{"ids": ids, "text": plain.decode(ids)} for ids in id_lists]},
    }
    (HERE / "sentencepiece.json").write_text(json.dumps(golden, indent=None, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()

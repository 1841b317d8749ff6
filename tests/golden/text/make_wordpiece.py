"""Writes word_piece.json: normalized words, ids and decoded texts of odd texts, and the directories word_piece/* with tokenizers of BERT's kind
trained here by Hugging Face tokenizers.

  uncased   as BERT's: lower case, no accents
  cased     accents and case as they are, and tokens added for the task
  lower     lower case with accents

With a folder as argument it writes there instead, with 10,000 random lines and a vocabulary of their characters: lines.txt, uncased/tokenizer.json
and ids.txt, for a comparison at length.
"""

import json
import pathlib
import random
import sys

import tokenizers
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

HERE = pathlib.Path(__file__).parent
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]

TEXTS = [
    "", " ", "\t\n", "A reel in G major.", "Na\u00efve l\u00e4ndler, \u00c5ngstr\u00f6m \u0130stanbul \u00cfLE stra\u00dfe \u1e9e", "It's the dancers' tune -- isn't it?!",
    "\u97f3\u697d\u306f\u7f8e\u3057\u3044\u3002\u4e16\u754cabc\u4e16", "\u3400\u4dbf\u9fff\uf900\U00020000\U0002a6df\U0002b81f\U0002f800 \U00031350", "a\x00b\x01c\x7fd\u200be\ufefff\u00adg\ufffdh\u0085i",
    "\u00a0a\u1680b\u2003c\u2028d\u3000e\x0bf\x1cg", "e\u0301\u0323 q\u0323\u0307 \u1e69 \ufb01 \u212b", "\uac00\ud55c\uae00", "a\u0315\u0300\u05ae\u0300b", "x\u302e\u302f\u1d165\U0001d165\U0001d16dy\U00016ff0",
    "\u0898\u07fd\u1ab0\u1abf\u08d4\u08e1 \u1dfb\u0334", "\U00011938\U00011935\U00011930 \U000110ab", "$5.00 + 3/4 = <x> ^_^ `~` |a|", "\u00a7\u00b6\u00bf\u2014\u2026\u201cx\u201d \u166d \u2e43\U000111c9\u061d",
    "\ue000\U000f0000\U0010fffdz\u0378", "\u216b\u24b6 \u1c89\ua7cb\ua7da\U00010d50\u13a0\uab70\u10a0\u1f88", "[CLS] a [MASK] b [SEP]", "the <music> plays<music>", "x" * 101, "x" * 100, "\u00e9" * 100, "##a ## a##b",
    "\U0001f3b5\U0001f469\u200d\U0001f469 \u2640\ufe0f", "\u0e01\u0e31\u0e49\u0e33 \u0915\u094d\u0937\u093f", "do not . don't 's 've ! , ?",
]


def random_texts(count, seed):
    generator = random.Random(seed)
    planes = [(33, 126), (33, 126), (0xA0, 0x24F), (0x300, 0x36F), (0x370, 0x1FFF), (0x1AB0, 0x1DFF), (0x2000, 0x2BFF), (0x3000, 0x9FFF), (0xA000, 0xD7FF),
              (0xE000, 0xFFFF), (0x10000, 0x1FFFF), (0x20000, 0x323AF), (0xE0000, 0xE01EF), (0, 32)]
    words = " ".join(TEXTS[3:6]).split()
    for _ in range(count):
        parts = []
        for _ in range(generator.randint(1, 10)):
            first, last = generator.choice(planes)
            run = "".join(chr(generator.randint(first, last)) for _ in range(generator.randint(1, 4)))
            parts += [generator.choice(words) if generator.random() < 0.3 else run, generator.choice(["", "", " ", "-"])]
        yield "".join(parts)


def make(texts, size, **normalizer):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(**normalizer)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(prefix="##", cleanup=True)
    tokenizer.train_from_iterator(texts, trainers.WordPieceTrainer(vocab_size=size, special_tokens=SPECIAL, limit_alphabet=200000, show_progress=False))
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return tokenizer


def save(tokenizer, folder):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.json").write_text(json.dumps(json.loads(tokenizer.to_str()), separators=(",", ":"), ensure_ascii=False) + "\n")
    tokenizer.encode_special_tokens = True


def ids_of(tokenizer, text):
    return tokenizer.encode(text, add_special_tokens=False).ids


def at_length(folder):
    texts = [text.replace("\n", " ").replace("\r", " ") for text in random_texts(10000, 9)]
    tokenizer = make(texts, 60000, lowercase=True)
    save(tokenizer, folder / "uncased")
    (folder / "lines.txt").write_text("".join(text + "\n" for text in texts), newline="\n")
    (folder / "ids.txt").write_text("".join(json.dumps(ids_of(tokenizer, text)) + "\n" for text in texts))


def main():
    if len(sys.argv) > 1:
        return at_length(pathlib.Path(sys.argv[1]))
    texts = [*TEXTS, *random_texts(60, 7)]
    generator = random.Random(8)
    golden = {"made_by": "make_wordpiece.py", "versions": {"tokenizers": tokenizers.__version__}, "texts": texts, "models": {}}
    cased = {"clean_text": True, "handle_chinese_chars": False, "strip_accents": False, "lowercase": False}
    for name, options in (("uncased", {"lowercase": True}), ("cased", cased), ("lower", {"lowercase": True, "strip_accents": False})):
        tokenizer = make(TEXTS, 700, **options)
        if name == "cased":
            tokenizer.add_tokens([AddedToken("<music>"), AddedToken("Reel", single_word=True, normalized=True)])
        save(tokenizer, HERE / "word_piece" / name)
        words = [[word for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(tokenizer.normalizer.normalize_str(text))] for text in texts]
        ids = [[generator.randrange(tokenizer.get_vocab_size()) for _ in range(generator.randint(0, 12))] for _ in range(30)]
        golden["models"][name] = {"vocab_size": tokenizer.get_vocab_size(), "words": words, "encoded": [ids_of(tokenizer, text) for text in texts],
                                  "ids": ids, "decoded": [tokenizer.decode(row) for row in ids]}
    (HERE / "word_piece.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")


main()

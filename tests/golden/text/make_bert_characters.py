"""Writes src/text/bert_characters.inc: what BERT's normalizer and pre-tokenizer in Hugging Face tokenizers make of each character. They go by
tables of an old Unicode version (8 for categories, 9 for marks' order), which no library of today has; so they are asked for every character.
"""

import pathlib
import unicodedata

import tokenizers
from tokenizers import normalizers, pre_tokenizers

TARGET = pathlib.Path(__file__).parents[3] / "src/text/bert_characters.inc"
CODES = [code for code in range(0x110000) if not 0xD800 <= code < 0xE000]
NOTHING = {"clean_text": False, "handle_chinese_chars": False, "strip_accents": False, "lowercase": False}
CLEAN, CHINESE, ACCENTS, LOWER = (normalizers.BertNormalizer(**NOTHING | {step: True}) for step in NOTHING)
NFD = normalizers.NFD()


def ranges(values):
    """[(first, last, value)] of {code: value}."""
    result = []
    for code, value in sorted(values.items()):
        if result and result[-1][1] == code - 1 and result[-1][2] == value:
            result[-1] = (result[-1][0], code, value)
        else:
            result.append((code, code, value))
    return result


def table(name, kind, values, what, valued=False):
    rows = [f"{{0x{first:X}, 0x{last:X}{f', {value}' if valued else ''}}}" for first, last, value in ranges(values)]
    lines, line = [], "   "
    for row in rows:
        if len(line) + len(row) > 135:
            lines.append(line)
            line = "   "
        line += f" {row},"
    return "\n".join([f"// {what}", f"constexpr {kind} {name}[] = {{", *lines, line, "};", ""])


def is_punctuation(code):
    words = pre_tokenizers.BertPreTokenizer().pre_tokenize_str("a" + chr(code))
    return len(words) == 2


def moves_after_overlay(code):
    """Whether a mark of the lowest class, U+0334, is put before this one."""
    text = "a" + chr(code) + "\u0334"
    return NFD.normalize_str(text) != text


def main():
    stripped = {code for code in CODES if ACCENTS.normalize_str(chr(code)) == ""}
    marks = {code for code in CODES if unicodedata.combining(chr(code)) > 1 and unicodedata.normalize("NFD", chr(code)) == chr(code)}
    kept = {code: unicodedata.combining(chr(code)) for code in marks - stripped if moves_after_overlay(code)}
    assert all(moves_after_overlay(code) for code in marks & stripped)
    lower = {code: LOWER.normalize_str(chr(code)) for code in CODES}
    known = lambda code, small: small == chr(code) or (small == chr(code).lower() and unicodedata.category(chr(code)) in ("Lu", "Lt"))
    odd = {code: ord(small) - code for code, small in lower.items() if len(small) == 1 and not known(code, small)}
    as_set = lambda codes: dict.fromkeys(codes, 0)
    parts = [
        f"// Made by tests/golden/text/make_bert_characters.py with tokenizers {tokenizers.__version__} and Unicode {unicodedata.unidata_version}.\n",
        table("kRemoved", "Range", as_set(code for code in CODES if CLEAN.normalize_str(chr(code)) == ""), "Control characters, left out."),
        table("kIdeographs", "Range", as_set(code for code in CODES if CHINESE.normalize_str(chr(code)) != chr(code)), "Words of their own."),
        table("kPunctuation", "Range", as_set(code for code in CODES if is_punctuation(code)), "Words of their own."),
        table("kAccents", "Range", as_set(stripped), "Marks that are left out with accents."),
        table("kOrderedMarks", "ValuedRange", kept, "Marks that stay, with their combining class.", True),
        table("kOddCapitals", "ValuedRange", odd, "Capitals of later versions of Unicode or among numbers and symbols, with the way to the small letter.", True),
    ]
    TARGET.write_text("\n".join(parts))


main()

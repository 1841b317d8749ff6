"""Writes src/metrics/unicode_tables.cpp: the characters that count as word characters for nltk's tokenizers, and what Python's str.lower() does.

Both depend on the Unicode version of the reference, so they are measured on the reference itself, character by character.
"""

import pathlib
import re
import sys
import unicodedata

import regex

ROOT = pathlib.Path(__file__).parents[3]
CHARACTERS = [c for c in range(sys.maxunicode + 1) if not 0xD800 <= c < 0xE000]


def ranges(condition):
    found = []
    for c in CHARACTERS:
        if not condition(chr(c)):
            continue
        if found and found[-1][1] == c - 1:
            found[-1][1] = c
        else:
            found.append([c, c])
    return found


def lower_runs():
    """Runs (first, last, stride, delta) of characters that become one other character; U+0130, which becomes two, is left to the program."""
    delta = {c: ord(chr(c).lower()) - c for c in CHARACTERS if len(chr(c).lower()) == 1 and chr(c).lower() != chr(c)}
    rest = sorted(delta)
    while rest:
        def length(stride):
            n = 1
            while n < len(rest) and rest[n] == rest[0] + n * stride and delta[rest[n]] == delta[rest[0]]:
                n += 1
            return n
        stride = max((1, 2), key=length)
        n = length(stride)
        yield rest[0], rest[n - 1], stride, delta[rest[0]]
        rest = rest[n:]


def is_final_sigma(text):
    return (text + "\u03a3").lower().endswith("\u03c2")


def table(name, kind, rows):
    print(f"std::span<const {kind}> {name}() {{")
    print(f"  static constexpr {kind} kRows[] = {{")
    line = "     "
    for row in rows:
        cell = " {" + ", ".join(hex(value) if value >= 10 else str(value) for value in row) + "},"
        if len(line) + len(cell) > 140:
            print(line)
            line = "     "
        line += cell
    print(line)
    print("  };")
    print("  return kRows;")
    print("}")
    print()


def main():
    word = regex.compile(r"\w", re.UNICODE)
    print("// Written by tests/golden/metrics/make_unicode_tables.py; do not edit.")
    print(f"// Word characters: \\w of the Python module regex {regex.__version__}. Lower case: Python {sys.version.split()[0]}, "
          f"Unicode {unicodedata.unidata_version}.")
    print("// clang-format off")
    print('#include "metrics/unicode_tables.h"')
    print()
    print("namespace midillama::metrics {")
    print()
    table("word_ranges", "CodePointRange", ranges(lambda c: word.match(c)))
    table("lower_runs", "LowerRun", lower_runs())
    # A capital sigma is final where a cased character is before it, case-ignorable ones skipped.
    table("cased_ranges", "CodePointRange", ranges(lambda c: is_final_sigma("1" + c)))
    table("case_ignorable_ranges", "CodePointRange", ranges(lambda c: is_final_sigma("A" + c) and not is_final_sigma("1" + c)))
    print("}  // namespace midillama::metrics")


if __name__ == "__main__":
    with open(ROOT / "src/metrics/unicode_tables.cpp", "w") as file:
        sys.stdout = file
        main()

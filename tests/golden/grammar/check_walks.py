"""Whether answers that were drawn at random satisfy their schemas, as Python's json and jsonschema judge them.

    pip install "jsonschema[format-nongpl]==4.26.0"
    cmake --build build/release --target grammar_walks
    build/release/bin/grammar_walks TOKENIZER tests/golden/grammar/schemas.json 200 100 | python tests/golden/grammar/check_walks.py

Prints how many were looked at, and every one that does not hold. Exit status 1 where there is one.
"""
import json
import pathlib
import sys
from importlib.metadata import version

import jsonschema

SCHEMAS = json.loads((pathlib.Path(__file__).parent / "schemas.json").read_text())
FORMATS = jsonschema.Draft202012Validator.FORMAT_CHECKER
JUDGES = {name: jsonschema.Draft202012Validator(schema, format_checker=FORMATS) for name, schema in SCHEMAS.items()}


def object_without_repeated_keys(pairs):
    result = dict(pairs)
    if len(result) < len(pairs):
        raise ValueError("a key comes twice")
    return result


def mistake(name, text):
    try:
        value = json.loads(text, object_pairs_hook=object_without_repeated_keys)
        text.encode("utf-8")
    except ValueError as error:
        return str(error)
    error = jsonschema.exceptions.best_match(JUDGES[name].iter_errors(value))
    return error and error.message


def main():
    looked_at = wrong = 0
    for line in sys.stdin:
        answer = json.loads(line)
        looked_at += 1
        if what := mistake(answer["schema"], answer["text"]):
            wrong += 1
            print(f"{answer['schema']}: {answer['text']!r}: {what}")
    print(f"{looked_at} answers to {len(SCHEMAS)} schemas, {wrong} wrong (jsonschema {version('jsonschema')})")
    return 1 if wrong or not looked_at else 0


sys.exit(main())

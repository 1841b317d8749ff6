"""Documents that are valid and invalid for each schema of schemas.json, as Python's json writes and jsonschema judges them.

    pip install "jsonschema[format-nongpl]==4.26.0"
    python tests/golden/grammar/make_documents.py

Writes documents.json beside itself. Valid ones are what the grammar room promises to accept: properties in the schema's order, decimals of at
most 15 digits where there are bounds, constants always written. Invalid ones are valid ones with one change.
"""
import json
import pathlib
import random
import re
from importlib.metadata import version

import jsonschema

HERE = pathlib.Path(__file__).parent
TEXTS = ["", "a", "ab", "abc", "abcd", "hello world", "é", "日本語", "😀", "a\"b", "a\\b", "line\nbreak", "\t", "x" * 40, "true", "\u0001"]
# Of formats and patterns, all that the grammar room writes.
OF_FORMATS = {
    "date": ["2024-02-29", "2000-02-29", "1999-12-31", "0001-01-01"],
    "time": ["00:00:00Z", "23:59:59.5+23:59", "12:30:00-00:30"],
    "date-time": ["2024-02-29T12:00:00Z", "1985-04-12T23:20:50.52+01:00"],
    "duration": ["P1D", "PT5M", "P3DT4H30M5S", "P2W"],
    "uuid": ["123e4567-e89b-12d3-a456-426614174000", "AAAAAAAA-0000-0000-0000-ffffffffffff"],
    "email": ["a@example.org", "first.last+tag@sub-domain.example.com"],
    "uri": ["https://example.org", "http://a-b.example.org:8080/x/y%20z?q=1&r=%C3%A9#part", "https://h/"],
    "ipv4": ["127.0.0.1", "255.250.199.0"],
    "ipv6": ["::1", "2001:db8::ff00:42:8329", "1:2:3:4:5:6:7:8", "::", "1::"],
}
OF_PATTERNS = ["12345", "12345-6789", "DE", "XY", "abc_1", "z", "ab", "xaby", "a b", "é é", "abc", "日本é", "-é", "+-w", "slug-1", "äö日本", '"\\\n', "abcdd"]
NAMES = ["a", "name", "k1", "é", "", "x y", "zz", "日本"]


def resolve(root, reference):
    part = root
    for key in reference.removeprefix("#").split("/")[1:]:
        part = part[key.replace("%20", " ")]
    return part


def number(draw, schema):
    low = max(schema.get("minimum", -1000), schema.get("exclusiveMinimum", -1000))
    high = min(schema.get("maximum", low + 2000), schema.get("exclusiveMaximum", low + 2000))
    bounded = any(key in schema for key in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"))
    value = draw.choice([low, high, draw.uniform(low, high), (low + high) / 2])
    if bounded:
        value = round(value, draw.randint(0, 5))
        return value if value != 0 else 0
    return draw.choice([value, round(value, 2), value * 1e-8, value * 1e20, int(value), 0.1 + 0.2, -0.0])


def integer(draw, schema):
    low = int(max(schema.get("minimum", -2000), schema.get("exclusiveMinimum", -2000)))
    high = int(min(schema.get("maximum", low + 10**6), schema.get("exclusiveMaximum", low + 10**6)))
    return draw.choice([low, low + 1, high - 1, high, draw.randint(low, high), min(high, 10**17)])


def any_value(draw, depth):
    kind = draw.randint(0, 7 if depth < 4 else 5)
    if kind == 6:
        return [any_value(draw, depth + 1) for _ in range(draw.randint(0, 3))]
    if kind == 7:
        return {name: any_value(draw, depth + 1) for name in draw.sample(NAMES, draw.randint(0, 3))}
    return [None, True, False, draw.choice(TEXTS), draw.randint(-10**6, 10**6), draw.uniform(-1, 1)][kind]


def instance(draw, schema, root, depth=0):
    if schema is True or not set(schema) - {"$defs", "title", "default"}:
        return any_value(draw, depth)
    if "$ref" in schema:
        return instance(draw, resolve(root, schema["$ref"]), root, depth)
    for keyword in ("allOf", "anyOf", "oneOf"):
        if keyword in schema:
            return instance(draw, schema[keyword][-1] if depth > 6 else draw.choice(schema[keyword]), root, depth + 1)
    if "enum" in schema:
        return draw.choice(schema["enum"])
    if "const" in schema:
        return schema["const"]
    kinds = schema.get("type", "object")
    kind = draw.choice(kinds) if isinstance(kinds, list) else kinds
    if kind == "object":
        return an_object(draw, schema, root, depth)
    if kind == "array":
        prefix = schema.get("prefixItems", [])
        rest = schema.get("items", not prefix)
        fewest = schema.get("minItems", 0)
        most = min(schema.get("maxItems", fewest + 3), len(prefix) if rest is False else fewest + 3 + len(prefix))
        count = draw.randint(fewest, 0 if depth > 6 else most)
        return [instance(draw, prefix[i] if i < len(prefix) else rest, root, depth + 1) for i in range(count)]
    if kind == "string":
        fits = OF_FORMATS.get(schema.get("format"), OF_PATTERNS if "pattern" in schema else TEXTS)
        fits = [text for text in fits if re.search(schema.get("pattern", ""), text)]
        fits = [text for text in fits if schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", 10**9)]
        return draw.choice(fits or TEXTS)
    return {"integer": lambda: integer(draw, schema), "number": lambda: number(draw, schema), "boolean": lambda: draw.random() < 0.5,
            "null": lambda: None}[kind]()


def an_object(draw, schema, root, depth):
    properties, required = schema.get("properties", {}), schema.get("required", [])
    others = schema.get("additionalProperties", "properties" not in schema)
    result = {}
    for name, part in properties.items():
        if name in required or "const" in part or draw.random() < 0.5:
            result[name] = instance(draw, part, root, depth + 1)
    for name in required:
        if name not in properties:
            result[name] = instance(draw, others, root, depth + 1)
    if others is not False:
        for name in draw.sample(NAMES, draw.randint(0, 3 if depth < 3 else 0)):
            if name not in properties and name not in result:
                result[name] = instance(draw, others, root, depth + 1)
    return result


def changed(draw, value):
    """The value with one change somewhere in it."""
    if isinstance(value, list) and value and draw.random() < 0.7:
        copy = list(value)
        i = draw.randrange(len(copy))
        copy[i] = changed(draw, copy[i])
        return copy
    if isinstance(value, dict) and value and draw.random() < 0.8:
        copy = dict(value)
        key = draw.choice(list(copy))
        if draw.random() < 0.3:
            del copy[key]
        else:
            copy[key] = changed(draw, copy[key])
        return copy
    if isinstance(value, (int, float)) and not isinstance(value, bool) and draw.random() < 0.6:
        return value + draw.choice([-1, 1, 1000, -1000, 0.5, 1e-9])
    if isinstance(value, str) and draw.random() < 0.6:
        return draw.choice([value + "x", value[:-1], value * 3])
    return draw.choice([None, True, 0, -1, 3.5, "", "text", [], [0], {}, {"a": 1}])


def main():
    schemas = json.loads((HERE / "schemas.json").read_text())
    documents = {}
    for name, schema in schemas.items():
        jsonschema.Draft202012Validator.check_schema(schema)
        judge = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)
        draw = random.Random(name)
        valid, invalid = {}, {}
        for _ in range(60):
            value = instance(draw, schema, schema)
            if judge.is_valid(value):
                spaced = draw.random() < 0.5
                valid[json.dumps(value, ensure_ascii=False, separators=(", ", ": ") if spaced else (",", ":"))] = None
            other = changed(draw, value)
            if not judge.is_valid(other):
                invalid[json.dumps(other, ensure_ascii=False)] = None
        documents[name] = {"valid": list(valid)[:15], "invalid": list(invalid)[:15]}
    made_with = {"jsonschema": version("jsonschema")}
    (HERE / "documents.json").write_text(json.dumps({"made_with": made_with, "documents": documents}, ensure_ascii=False, indent=1) + "\n")


main()

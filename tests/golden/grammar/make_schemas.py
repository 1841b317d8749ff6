"""Schemas that pydantic writes for models as users have them, among those of schemas.json.

    pip install pydantic==2.14.4 email-validator
    python tests/golden/grammar/make_schemas.py

Writes them into schemas.json beside itself in place of those of before, each with the versions that made it; run make_documents.py after it.
"""
import datetime
import decimal
import enum
import ipaddress
import json
import pathlib
import typing
import uuid
from importlib.metadata import version

import pydantic
from pydantic import BaseModel, ConfigDict, Field, RootModel

SCHEMAS = pathlib.Path(__file__).parent / "schemas.json"


class Mode(str, enum.Enum):
    major = "major"
    minor = "minor"


class Priority(enum.IntEnum):
    low = 1
    high = 2


class Address(BaseModel):
    """Where somebody lives."""

    street: str = Field(min_length=1, max_length=80, examples=["Main Street 1"])
    postcode: str = Field(pattern=r"^\d{5}(-\d{4})?$")
    country: str = Field(default="DE", pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2")


class Account(BaseModel):
    id: uuid.UUID
    name: str
    email: pydantic.EmailStr
    home: pydantic.HttpUrl | None = None
    born: datetime.date
    created: datetime.datetime
    opens: datetime.time
    session: datetime.timedelta
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address
    password: pydantic.SecretStr = Field(repr=False)
    address: Address
    previous: list[Address] = Field(default_factory=list, max_length=3)


class Cat(BaseModel):
    pet_type: typing.Literal["cat"]
    meows: int = Field(ge=0, lt=100)


class Dog(BaseModel):
    pet_type: typing.Literal["dog", "puppy"]
    barks: float = Field(gt=0)


class Fish(BaseModel):
    pet_type: typing.Literal["fish"] = "fish"
    is_gold: bool


class Owner(BaseModel):
    pet: typing.Annotated[typing.Union[Cat, Dog], Field(discriminator="pet_type")]
    others: list[Cat | Dog | Fish] = Field(default=[], max_length=2)


class Node(BaseModel):
    label: typing.Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=12)]
    children: list["Node"] = []


class Tune(BaseModel):
    model_config = ConfigDict(extra="forbid", title="A tune", json_schema_extra={"examples": [{"title": "The Butterfly"}], "x-order": 1})

    title: str
    mode: Mode = Mode.minor
    priority: Priority
    tempo: typing.Annotated[int, Field(ge=20, le=400)] | None
    meter: tuple[int, int]
    tags: dict[str, int | str] = Field(default_factory=dict, deprecated=True)
    version: typing.Literal[1] = 1
    anything: typing.Any = None


class Price(BaseModel):
    amount: decimal.Decimal
    currency: typing.Literal["EUR", "USD"]


class Event(BaseModel):
    kind: typing.Literal["note", "rest"]
    at: pydantic.AwareDatetime
    file: pathlib.Path


# As zod 4 (z.toJSONSchema) and OpenAI's helpers write them.
OTHERS = {
    "zod account": {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "properties": {
        "email": {"type": "string", "format": "email",
                  "pattern": r"^(?!\.)(?!.*\.\.)([A-Za-z0-9_'+\-\.]*)[A-Za-z0-9_+-]@([A-Za-z0-9][A-Za-z0-9\-]*\.)+[A-Za-z]{2,}$"},
        "born": {"type": "string", "format": "date",
                 "pattern": r"^(?:(?:\d\d[2468][048]|\d\d[13579][26]|\d\d0[48]|[02468][048]00|[13579][26]00)-02-29|\d{4}-(?:(?:0[13578]|1[02])-"
                            r"(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|(?:02)-(?:0[1-9]|1\d|2[0-8])))$"},
        "visits": {"type": "integer", "minimum": -9007199254740991, "maximum": 9007199254740991},
        "slug": {"type": "string", "minLength": 3, "maxLength": 20, "pattern": "^[a-z0-9-]+$"},
        "role": {"anyOf": [{"type": "string", "const": "admin"}, {"type": "string", "const": "user"}, {"type": "null"}]}},
        "required": ["email", "born", "visits", "slug", "role"], "additionalProperties": False},
    "one of constants": {"oneOf": [{"const": 1, "title": "One"}, {"const": 2, "title": "Two"}, {"const": "1"}]},
    "one of types": {"oneOf": [{"type": "string", "maxLength": 3}, {"type": ["integer", "null"]}, {"type": "array", "items": {"type": "boolean"}}]},
    "one of with a default": {"oneOf": [
        {"type": "object", "properties": {"kind": {"const": "a", "default": "a"}, "n": {"type": "integer"}}, "required": ["n"]},
        {"type": "object", "properties": {"kind": {"const": "b"}, "n": {"type": "integer"}}, "required": ["kind", "n"]}]},
    "all of one": {"$defs": {"name": {"type": "string", "maxLength": 3}}, "allOf": [{"$ref": "#/$defs/name"}], "description": "A name", "default": "x"},
    "patterns": {"type": "array", "items": {"anyOf": [
        {"type": "string", "pattern": "ab"}, {"type": "string", "pattern": r"^\S+\s\S+$"}, {"type": "string", "pattern": r"^[^\d]{2,4}$|x$"},
        {"type": "string", "pattern": "^.{3}$"}, {"type": "string", "pattern": r"^\W\D[\w\-]*?$", "maxLength": 6},
        {"type": "string", "pattern": "^(?:[äöü]|日本|\\\\|\"|\\n)+$", "maxLength": 9}, {"type": "string", "pattern": "^(a|ab)(c|bcd)(d*)$"}]}},
}
MODELS = {"account": Account, "pets": Owner, "tree": Node, "tune": Tune, "price": Price, "event": Event,
          "list of addresses": RootModel[list[Address]], "optional date": RootModel[datetime.date | None]}


def main():
    schemas = {name: schema for name, schema in json.loads(SCHEMAS.read_text()).items() if not name.startswith("pydantic ")} | OTHERS
    for name, model in MODELS.items():
        schemas[f"pydantic {name}"] = {"$comment": f"pydantic {version('pydantic')}"} | model.model_json_schema()
    lines = (f"  {json.dumps(name, ensure_ascii=False)}: {json.dumps(schema, ensure_ascii=False)}" for name, schema in schemas.items())
    SCHEMAS.write_text("{\n" + ",\n".join(lines) + "\n}\n")


main()

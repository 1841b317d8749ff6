#!/usr/bin/env python3
"""Holds the sources against the rules of docs/architecture.md. Prints every breach as FILE:LINE: what; the status is 1 where there is one.

    cmake/check_rooms.py [FOLDER_OF_THE_PROJECT]

The rooms, their order, what each uses and which know LibTorch are read from the midillama_module() lines of CMakeLists.txt.
"""
import pathlib
import re
import sys
from typing import Iterator, NamedTuple

MODULE = re.compile(r"^\s*midillama_module\((\w+)(.*)\)\s*$", re.MULTILINE)
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')
TORCH_HEADER = re.compile(r"(torch|ATen|c10|caffe2)/")


class Room(NamedTuple):
    name: str
    place: int  # in the list, from the top
    torch: bool
    uses: frozenset  # names of rooms


class Rule(NamedTuple):
    """What may be written in some files only."""
    pattern: re.Pattern
    allowed: re.Pattern  # paths
    sentence: str


RULES = [
    Rule(re.compile(r"c10d::|[<\"/]c10d/"), re.compile(r"(src|include/midillama)/parallel/"), "only the room parallel names c10d"),
    Rule(re.compile(r"catch \(const (UsageError|NobodyReads)"), re.compile(r"src/cli/run\.cpp"),
         "only src/cli/run.cpp makes an exit status of an error"),
    Rule(re.compile(r"#\s*include <torch/torch\.h>"), re.compile(r"$^"), "torch/torch.h costs twice the compile time of everything else"),
]


def rooms_of(project: pathlib.Path) -> dict:
    rooms = {}
    for place, match in enumerate(MODULE.finditer((project / "CMakeLists.txt").read_text())):
        words = match[2].split()
        uses = set()
        if "DEPENDS" in words:
            for word in words[words.index("DEPENDS") + 1:]:
                if word.isupper() or word.endswith("LIBRARIES"):
                    break
                uses.add(word)
        rooms[match[1]] = Room(match[1], place, "TORCH" in words, frozenset(uses))
    return rooms


def sources(folder: pathlib.Path) -> list:
    return sorted(path for path in folder.rglob("*") if path.suffix in (".h", ".cpp"))


def room_of_header(header: str, rooms: dict):
    """The room that a quoted header belongs to: midillama/ROOM/x.h, or ROOM/x.h for one that is private to it."""
    parts = header.removeprefix("midillama/").split("/")
    return rooms.get(parts[0]) if len(parts) > 1 else None


def check_include(room: Room, header: str, quoted: bool, rooms: dict) -> Iterator[str]:
    if not quoted and TORCH_HEADER.match(header) and not room.torch:
        yield f"{header}: the room {room.name} is above the line and includes no header of LibTorch"
    other = room_of_header(header, rooms) if quoted else None
    if other is None or other.name == room.name:
        return
    if other.place > room.place:
        yield f"{header}: the room {other.name} is below {room.name}"
    elif other.name not in room.uses:
        yield f"{header}: {room.name} does not name {other.name} in its midillama_module() line"
    elif not header.startswith("midillama/"):
        yield f"{header}: is private to the room {other.name}"


def check_file(path: pathlib.Path, name: str, room, rooms: dict) -> Iterator[str]:
    for number, line in enumerate(path.read_text().splitlines(), 1):
        include = INCLUDE.match(line)
        if include and room:
            for breach in check_include(room, include[2], include[1] == '"', rooms):
                yield f"{name}:{number}: {breach}"
        for rule in RULES:
            if rule.pattern.search(line) and not rule.allowed.match(name):
                yield f"{name}:{number}: {rule.sentence}"


def check_header(path: pathlib.Path, name: str, room: Room) -> Iterator[str]:
    text = path.read_text()
    if not text.startswith("//"):
        yield f"{name}:1: a header opens with its contract, a comment"
    namespaces = re.findall(r"^namespace (midillama[\w:]*)", text, re.MULTILINE)
    wanted = "midillama" if room.name == "core" else f"midillama::{room.name}"
    if namespaces and not any(found == wanted or found.startswith(wanted + "::") for found in namespaces):
        yield f"{name}: the namespace of the room {room.name} is {wanted}"


def torch_side(rooms: dict) -> Room:
    """src/cli/torch/ is a library of its own, beside the last room: it may use all of them."""
    return Room("cli", len(rooms), True, frozenset(rooms))


def check_sources(project: pathlib.Path, rooms: dict) -> Iterator[str]:
    for top in ("include/midillama", "src"):
        for path in sources(project / top):
            name = path.relative_to(project).as_posix()
            folder = path.relative_to(project / top).parts[0]
            room = torch_side(rooms) if name.startswith("src/cli/torch/") else rooms.get(folder)
            if room is None and top != "src":
                yield f"{name}: CMakeLists.txt names no room {folder}"
            yield from check_file(path, name, room, rooms)
            if room and top != "src":
                yield from check_header(path, name, room)


def check_order(project: pathlib.Path, rooms: dict) -> Iterator[str]:
    """The picture in the documentation shows the rooms as they are."""
    for room in rooms.values():
        for name in sorted(room.uses):
            if name not in rooms or rooms[name].place > room.place:
                yield f"CMakeLists.txt: {room.name} uses {name}, which is not above it"
            elif rooms[name].torch and not room.torch:
                yield f"CMakeLists.txt: {room.name} is above the line and uses {name}"
    drawn = re.findall(r"^\| `(\w+)` \|", (project / "docs/architecture.md").read_text().split("## Rooms")[-1], re.MULTILINE)
    if drawn != list(rooms):
        yield f"docs/architecture.md: draws the rooms as {' '.join(drawn)}; CMakeLists.txt has {' '.join(rooms)}"


def main() -> int:
    project = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent)
    rooms = rooms_of(project)
    breaches = [*check_order(project, rooms), *check_sources(project, rooms)]
    print("\n".join(breaches) or f"{len(rooms)} rooms: ok")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())

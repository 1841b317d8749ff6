"""Writes into abc.json how music21 reads the ABC texts in it: pitch, start and length in quarter notes of every note.

    python tests/golden/music/make_abc.py

The texts are what tests/music/abc_test.cpp makes of its made-up scores; the test compares them first. Only texts without unequal tuplets
and tied chords are here: music21 cannot read the former, and reads the latter as chords of their own.
"""

import json
import pathlib
from importlib.metadata import version

from music21 import converter

FILE = pathlib.Path(__file__).parent / "abc.json"


def notes_of(text):
    found = []
    score = converter.parse(text, format="abc")
    for part in score.parts or [score]:
        tied = {}  # (pitch, where the next of the tie begins): start. music21 does not end ties where a new meter comes between.
        for element in part.flatten().notes:
            for note in element.notes if element.isChord else [element]:
                start = tied.pop((note.pitch.midi, element.offset), element.offset)
                end = element.offset + element.quarterLength
                if (note.tie or element.tie) and (note.tie or element.tie).type != "stop":
                    tied[note.pitch.midi, end] = start
                else:
                    found.append([note.pitch.midi, round(float(start), 6), round(float(end - start), 6)])
    return sorted(found)


golden = json.loads(FILE.read_text())
for case in golden["cases"]:
    case["notes"] = notes_of(case["abc"])
golden["music21"] = version("music21")
FILE.write_text(json.dumps(golden, separators=(",", ":")) + "\n")

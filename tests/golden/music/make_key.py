"""Writes key.json: the keys that music21's analyze('key') finds in random notes, and in the MIDI files of Debian's openttd-openmsx.

    python tests/golden/music/make_key.py [/usr/share/games/openttd/baseset/openmsx]

"given" analyses the notes with their lengths as the file has them. "converted" analyses what music21's own MIDI converter makes of the file:
it moves notes to the nearest sixteenth or triplet first.
"""

import json
import pathlib
import random
import sys
import warnings
from fractions import Fraction
from importlib.metadata import version

import miditoolkit
import music21

HERE = pathlib.Path(__file__).parent
METHODS = {"aarden_essen": "key", "krumhansl_kessler": "key.krumhanslkessler"}


def analyse(stream):
    keys = {name: stream.analyze(method) for name, method in METHODS.items()}
    return {name: {"tonic": key.tonic.pitchClass, "mode": key.mode, "r": round(key.correlationCoefficient, 12)} for name, key in keys.items()}


def stream_of(notes, ticks_per_quarter):
    stream = music21.stream.Stream()
    for start, end, pitch in notes:
        note = music21.note.Note(pitch)
        note.duration.quarterLength = Fraction(end - start, ticks_per_quarter)
        stream.insert(Fraction(start, ticks_per_quarter), note)
    return stream


def random_notes(rng):
    scale = rng.choice([[0, 2, 4, 5, 7, 9, 11], [0, 2, 3, 5, 7, 8, 10], list(range(12)), [0], [0, 4, 8], [0, 6]])
    tonic = rng.randrange(36, 72)
    notes = []
    for _ in range(rng.randrange(1, 40)):
        start = rng.randrange(0, 4000)
        pitch = tonic + rng.choice(scale) + 12 * rng.randrange(3)
        notes.append([start, start + rng.randrange(1, 2000), pitch])
    return notes


def random_case(rng):
    ticks_per_quarter = rng.choice([96, 384, 480, 1024])
    notes = random_notes(rng)
    return {"ticks_per_quarter": ticks_per_quarter, "notes": notes, "key": analyse(stream_of(notes, ticks_per_quarter))}


def openmsx_case(path):
    midi = miditoolkit.midi.parser.MidiFile(str(path))
    notes = [(note.start, note.end, note.pitch) for track in midi.instruments if not track.is_drum for note in track.notes if note.end > note.start]
    converted = music21.converter.parse(path, forceSource=True)
    return {"given": analyse(stream_of(notes, midi.ticks_per_beat)), "converted": analyse(converted)}


def main():
    warnings.simplefilter("ignore")
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "/usr/share/games/openttd/baseset/openmsx")
    rng = random.Random(1)
    golden = {
        "made_by": "make_key.py",
        "versions": {package: version(package) for package in ("music21", "miditoolkit")},
        "random": [random_case(rng) for _ in range(60)],
        "openmsx": {path.name: openmsx_case(path) for path in sorted(folder.glob("*.mid"))},
    }
    (HERE / "key.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()

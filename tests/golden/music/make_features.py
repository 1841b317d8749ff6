"""Writes features.json: what music21 says of time, register and density of the MIDI files of Debian's openttd-openmsx.

    python tests/golden/music/make_features.py [/usr/share/games/openttd/baseset/openmsx]

Time signatures and tempos are those that music21's own MIDI converter reads. Register and density are measured on the notes as the file has
them, for the converter moves notes to the nearest sixteenth or triplet: the ambitus by music21.analysis.discrete.Ambitus, the other
numbers by music21's features of the jSymbolic catalog where their definitions are ours.
"""

import json
import pathlib
import sys
import warnings
from fractions import Fraction
from importlib.metadata import version

import miditoolkit
import music21

HERE = pathlib.Path(__file__).parent


def notes_of(midi):
    return [note for track in midi.instruments if not track.is_drum for note in track.notes if note.end > note.start]


def stream_of(notes, ticks_per_quarter):
    stream = music21.stream.Stream()
    for note in notes:
        one = music21.note.Note(note.pitch)
        one.duration.quarterLength = Fraction(note.end - note.start, ticks_per_quarter)
        stream.insert(Fraction(note.start, ticks_per_quarter), one)
    return stream


def time_of(path):
    score = music21.converter.parse(path, forceSource=True)
    meters = {signature.ratioString for signature in score.recurse().getElementsByClass("TimeSignature")}
    tempos = {round(mark.getQuarterBPM(), 2) for mark in score.recurse().getElementsByClass("MetronomeMark")}
    return {"meters": sorted(meters), "quarters_per_minute": sorted(tempos)}


def register_of(stream):
    lowest, highest = music21.analysis.discrete.Ambitus().getPitchSpan(stream)
    lengths = [float(note.quarterLength) for note in stream.notes]
    weighted = sum(note.pitch.midi * length for note, length in zip(stream.notes, lengths))
    return {"lowest": lowest.midi, "highest": highest.midi, "mean": round(weighted / sum(lengths), 9)}


def main():
    warnings.simplefilter("ignore")
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "/usr/share/games/openttd/baseset/openmsx")
    files = {}
    for path in sorted(folder.glob("*.mid")):
        midi = miditoolkit.midi.parser.MidiFile(str(path))
        stream = stream_of(notes_of(midi), midi.ticks_per_beat)
        files[path.name] = {**time_of(path), "register": register_of(stream), "notes": len(stream.notes)}
    golden = {
        "made_by": "make_features.py",
        "versions": {package: version(package) for package in ("music21", "miditoolkit")},
        "openmsx": files,
    }
    (HERE / "features.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()

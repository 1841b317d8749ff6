"""Writes files/*.mid (the edge cases) and scores.json: what miditoolkit reads from each, or what it refuses it with.

    python tests/golden/midi/make_midi.py
"""

import json
import pathlib
from importlib.metadata import version

import edge_cases
import miditoolkit

HERE = pathlib.Path(__file__).parent


def listing(midi):
    return {
        "ticks_per_quarter": midi.ticks_per_beat,
        "instruments": [
            {
                "program": int(instrument.program),
                "is_drum": instrument.is_drum,
                "name": instrument.name,
                "notes": [[note.start, note.end, note.pitch, note.velocity] for note in instrument.notes],
            }
            for instrument in midi.instruments
        ],
        "tempos": [[change.time, change.tempo] for change in midi.tempo_changes],
        "time_signatures": [[change.time, change.numerator, change.denominator] for change in midi.time_signature_changes],
        "key_signatures": [[change.time, change.key_number] for change in midi.key_signature_changes],
        "lyrics": [[lyric.time, lyric.text] for lyric in midi.lyrics],
    }


def read(path):
    try:
        return {"score": listing(miditoolkit.midi.parser.MidiFile(path))}
    except Exception as error:
        return {"refused": f"{type(error).__name__}: {error}"}


def main():
    files = HERE / "files"
    files.mkdir(exist_ok=True)
    for name, content in edge_cases.CASES.items():
        (files / f"{name}.mid").write_bytes(content)
    scores = {name: read(files / f"{name}.mid") for name in edge_cases.CASES}
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(score, separators=(',', ':'))}" for name, score in scores.items())
    versions = json.dumps({package: version(package) for package in ("miditoolkit", "mido")})
    (HERE / "scores.json").write_text(f'{{"made_by": "make_midi.py",\n"versions": {versions},\n"files": {{\n{lines}\n}}}}\n')


if __name__ == "__main__":
    main()

"""Writes encodings.json, decodings.json and openmsx.json with muzic's own code.

    python tests/golden/octuple/make_octuple.py MUZIC_CHECKOUT MIDI_FOLDER

MUZIC_CHECKOUT is a clone of github.com/microsoft/muzic, MIDI_FOLDER the one where Debian's openttd-openmsx keeps its files.
encodings.json holds the octuples of the edge cases in tests/golden/midi/files, or what the reference refuses them with; decodings.json holds what the
reference turns the shorter ones of them back to; openmsx.json holds, for each file, the number of its octuples and the FNV-1a hash (64 bit) of the
JSON text of every 256 of them.
"""

import importlib.util
import json
import pathlib
import subprocess
import sys
from importlib.metadata import version

import miditoolkit

HERE = pathlib.Path(__file__).parent
EDGE_CASES = HERE.parent / "midi" / "files"
BLOCK = 256
LONGEST_DECODED = 130


def load_reference(checkout):
    spec = importlib.util.spec_from_file_location("preprocess", pathlib.Path(checkout) / "musicbert" / "preprocess.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def encode(reference, path):
    """MIDI_to_encoding after the checks that the reference's F() makes before it."""
    midi = miditoolkit.midi.parser.MidiFile(path)
    notes = [note for instrument in midi.instruments for note in instrument.notes]
    assert all(0 <= note.start < 2**31 and 0 <= note.end < 2**31 for note in notes), "bad note time"
    assert all(0 < meter.numerator < 2**31 and 0 < meter.denominator < 2**31 for meter in midi.time_signature_changes), "bad time signature value"
    assert 0 < midi.ticks_per_beat < 2**31, "bad ticks per beat"
    return [[int(code) for code in octuple] for octuple in reference.MIDI_to_encoding(midi)]


def encode_or_refuse(reference, path):
    try:
        return {"octuples": encode(reference, path)}
    except Exception as error:
        return {"refused": f"{type(error).__name__}: {error}"}


def decode(reference, octuples):
    midi = reference.encoding_to_MIDI([tuple(octuple) for octuple in octuples])
    return {
        "ticks_per_quarter": midi.ticks_per_beat,
        "instruments": [
            {
                "program": instrument.program,
                "is_drum": instrument.is_drum,
                "name": instrument.name,
                "notes": [[note.start, note.end, note.pitch, note.velocity] for note in instrument.notes],
            }
            for instrument in midi.instruments
        ],
        "tempos": [[change.time, change.tempo] for change in midi.tempo_changes],
        "time_signatures": [[change.time, change.numerator, change.denominator] for change in midi.time_signature_changes],
    }


def fnv1a(text):
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


def compact(value):
    return json.dumps(value, separators=(",", ":"))


def summary(octuples):
    blocks = [octuples[i : i + BLOCK] for i in range(0, len(octuples), BLOCK)]
    return {"octuples": len(octuples), "blocks": [fnv1a(compact(block)) for block in blocks]}


def write(name, sources, files):
    lines = ",\n".join(f"{json.dumps(name)}: {compact(entry)}" for name, entry in files.items())
    (HERE / name).write_text(f'{{"made_by": "make_octuple.py",\n"sources": {json.dumps(sources)},\n"files": {{\n{lines}\n}}}}\n')


def main():
    checkout, folder = sys.argv[1:]
    reference = load_reference(checkout)
    commit = subprocess.run(["git", "-C", checkout, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    sources = {"muzic": commit} | {package: version(package) for package in ("miditoolkit", "mido")}

    encodings = {path.stem: encode_or_refuse(reference, path) for path in sorted(EDGE_CASES.glob("*.mid"))}
    write("encodings.json", sources, encodings)
    short = {name: entry["octuples"] for name, entry in encodings.items() if 0 < len(entry.get("octuples", [])) <= LONGEST_DECODED}
    write("decodings.json", sources, {name: decode(reference, octuples) for name, octuples in short.items()})
    write("openmsx.json", sources, {path.name: summary(encode(reference, path)) for path in sorted(pathlib.Path(folder).glob("*.mid"))})


if __name__ == "__main__":
    main()

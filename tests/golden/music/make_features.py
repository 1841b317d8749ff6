"""Writes features.json: what music21 says of time, key, register, density and polyphony of MIDI files.

    python tests/golden/music/make_features.py [/usr/share/games/openttd/baseset/openmsx]

The files are those of Debian's openttd-openmsx and random ones, which features.json holds. Time signatures, tempos and velocities are those
that music21's own MIDI converter reads. The other numbers are measured on the notes as the file has them, for the converter moves notes to
the nearest sixteenth or triplet: the ambitus by music21.analysis.discrete.Ambitus, polyphony by chordify(), keys by analyze(), the others by
music21's features of the jSymbolic catalog.
"""

import base64
import io
import json
import pathlib
import random
import statistics
import sys
import warnings
from fractions import Fraction
from importlib.metadata import version

import miditoolkit
import mido
import music21

HERE = pathlib.Path(__file__).parent
KEYS = {"key": "key", "key_krumhansl_kessler": "key.krumhanslkessler"}
METERS = [(2, 2), (2, 4), (3, 4), (4, 4), (5, 4), (3, 8), (6, 8), (7, 8), (9, 8), (12, 8)]


def stream_of(midi, notes):
    """The notes with their lengths, and the tempos, as the file has them."""
    stream = music21.stream.Stream()
    place = lambda tick: Fraction(tick, midi.ticks_per_beat)
    for change in midi.tempo_changes:
        stream.insert(place(change.time), music21.tempo.MetronomeMark(number=change.tempo))
    for note in notes:
        one = music21.note.Note(music21.pitch.Pitch(midi=note.pitch))  # of a number below 12 Note() makes a pitch class
        one.duration.quarterLength = place(note.end - note.start)
        stream.insert(place(note.start), one)
    return stream


def jsymbolic(name, stream):
    return getattr(music21.features.jSymbolic, name)(stream).extract().vector[0]


def key_of(stream, method):
    key = stream.analyze(method)
    return {"tonic": key.tonic.pitchClass, "mode": key.mode, "r": round(key.correlationCoefficient, 9)}


def register_of(stream):
    lowest, highest = music21.analysis.discrete.Ambitus().getPitchSpan(stream)
    return {"lowest": lowest.midi, "highest": highest.midi, "mean": round(jsymbolic("PrimaryRegisterFeature", stream), 9)}


def polyphony_of(stream):
    """Of a stream whose notes all have a length: chordify() has those without one sound on until the next event."""
    chords = stream.chordify(removeRedundantPitches=False)
    sounding = [(len(bundle["element"].pitches), bundle["durationSeconds"]) for bundle in chords.secondsMap if isinstance(bundle["element"], music21.chord.Chord)]
    return round(sum(pitches * seconds for pitches, seconds in sounding) / sum(seconds for _, seconds in sounding), 9)


def dynamics_of(score, count):
    """Nothing where the converter has cut a note or left one out."""
    notes = [note for element in score.recurse().notes for note in (element.notes if element.isChord else [element])]
    begun = [note for note in notes if isinstance(note, music21.note.Note) and (note.tie is None or note.tie.type == "start")]
    velocities = [note.volume.velocity for note in begun]
    if len(velocities) != count:
        return None
    return {"mean": round(statistics.mean(velocities), 9), "deviation": round(statistics.pstdev(velocities), 9)}


def features_of(contents):
    score = music21.converter.parse(contents, format="midi", forceSource=True)
    midi = miditoolkit.midi.parser.MidiFile(file=io.BytesIO(contents))
    pitched = stream_of(midi, [note for track in midi.instruments if not track.is_drum for note in track.notes])
    sounding = stream_of(midi, [note for track in midi.instruments if not track.is_drum for note in track.notes if note.end > note.start])
    everything = stream_of(midi, [note for track in midi.instruments for note in track.notes])
    return {
        "meters": sorted({signature.ratioString for signature in score.recurse().getElementsByClass("TimeSignature")}),
        "quarters_per_minute": sorted({round(mark.getQuarterBPM(), 2) for mark in score.recurse().getElementsByClass("MetronomeMark")}),
        "dynamics": dynamics_of(score, len(pitched.notes)),
        **{name: key_of(pitched, method) for name, method in KEYS.items()},
        "register": register_of(pitched),
        "polyphony": polyphony_of(sounding),
        "notes_per_second": round(jsymbolic("NoteDensityFeature", everything), 9),
    }


def random_track(rng, channel, ticks_per_beat, length):
    """Notes of any length and loudness, those of one pitch apart; the pedal goes up and down in some."""
    scale = rng.choice([[0, 2, 4, 5, 7, 9, 11], [0, 2, 3, 5, 7, 8, 10], list(range(12)), [0, 4, 7]])
    lowest = rng.randrange(24, 72)
    events, free = [], {}
    for _ in range(rng.randrange(4, 24)):
        start = rng.randrange(length)
        pitch = lowest + rng.choice(scale) + 12 * rng.randrange(3)
        if start < free.get(pitch, 0):
            continue
        end = free[pitch] = start + rng.randrange(1, 3 * ticks_per_beat)
        events.append((start, mido.Message("note_on", channel=channel, note=pitch, velocity=rng.randrange(1, 128))))
        events.append((end, mido.Message("note_off", channel=channel, note=pitch)))
    for _ in range(rng.choice([0, 0, 8])):
        events.append((rng.randrange(length), mido.Message("control_change", channel=channel, control=64, value=rng.randrange(128))))
    return events


def random_time(rng, length):
    events = []
    for _ in range(rng.choice([0, 1, 1, 2])):
        tempo = mido.MetaMessage("set_tempo", tempo=rng.choice([500000, rng.randrange(250000, 1500000)]))
        events.append((0 if not events else rng.randrange(length), tempo))
    for i in range(rng.choice([0, 1, 1, 2])):
        numerator, denominator = rng.choice(METERS)
        signature = mido.MetaMessage("time_signature", numerator=numerator, denominator=denominator)
        events.append((0 if i == 0 else rng.randrange(length), signature))
    return events


def track_of(events):
    # What ends comes before what begins, and time before both.
    order = {"set_tempo": 0, "time_signature": 0, "note_off": 1}
    track, now = mido.MidiTrack(), 0
    for time, event in sorted(events, key=lambda pair: (pair[0], order.get(pair[1].type, 2))):
        track.append(event.copy(time=time - now))
        now = time
    return track


def random_file(rng):
    ticks_per_beat = rng.choice([96, 384, 480, 1024])
    length = ticks_per_beat * rng.randrange(8, 40)
    file = mido.MidiFile(type=1, ticks_per_beat=ticks_per_beat)
    file.tracks.append(track_of(random_time(rng, length)))
    channels = rng.sample(range(9), rng.randrange(1, 4)) + rng.choice([[], [9]])
    file.tracks.extend(track_of(random_track(rng, channel, ticks_per_beat, length)) for channel in channels)
    contents = io.BytesIO()
    file.save(file=contents)
    return contents.getvalue()


def random_case(rng):
    contents = random_file(rng)
    return {"midi": base64.b64encode(contents).decode(), **features_of(contents)}


def main():
    warnings.simplefilter("ignore")
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "/usr/share/games/openttd/baseset/openmsx")
    rng = random.Random(1)
    golden = {
        "made_by": "make_features.py",
        "versions": {package: version(package) for package in ("music21", "miditoolkit", "mido")},
        "random": [random_case(rng) for _ in range(40)],
        "openmsx": {path.name: features_of(path.read_bytes()) for path in sorted(folder.glob("*.mid"))},
    }
    (HERE / "features.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()

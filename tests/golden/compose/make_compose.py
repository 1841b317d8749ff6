"""Writes compose.json: what independent programs make of tracks and scores.

    python tests/golden/compose/make_compose.py

"compatible": tracks, and the bytes (hexadecimal) of the file that mido writes of them in the way of the second paper's script: its messages,
in its order, with its reckoning of time.
"to_json": the instruments of a score, and its notes by their roles (make_roles.py), moved to a grid with exact fractions.
"near_duplicates": tracks, and which pairs have at least 80 % of their notes in common, each pair compared.
"""

import io
import json
import pathlib
import random
import sys
from fractions import Fraction
from importlib.metadata import version

import mido

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent / "music"))
from make_roles import ROLES, random_instruments, roles_of  # noqa: E402

GRIDS = [480, 12, 4, 1]
RESOLUTIONS = [480, 384, 120, 96, 25, 960]
SIMILARITY = 0.8


def by_start(events):
    return sorted(events, key=lambda event: (event[3], event[0], event[1], event[2]))


def random_tracks(rng, notes=12, beats=32):
    def track(low, high, pitches=None):
        events = []
        for _ in range(rng.randrange(1, notes)):
            pitch = rng.choice(pitches) if pitches else rng.randrange(low, high)
            events.append([pitch, rng.randrange(240, 961), rng.randrange(1, 128), 240 * rng.randrange(2 * beats)])
        return by_start(events)

    return {"melody": track(60, 85), "chords": track(48, 70), "bass": track(28, 50), "rhythm": track(0, 0, [35, 38, 42])}


def compatible(tracks):
    """The reckoning: a note begins where the script believes to be plus a wait that is never negative, and ends before the next begins."""
    head = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=500000), mido.MetaMessage("time_signature", numerator=4, denominator=4)])
    file = mido.MidiFile(tracks=[head])
    for role in ROLES:
        track = mido.MidiTrack()
        if role != "rhythm":
            track.append(mido.Message("program_change", program=33 if role == "bass" else 0))
        believed = 0
        for pitch, duration, velocity, start in tracks[role]:
            place = {"note": pitch, "channel": 9 if role == "rhythm" else 0}
            track.append(mido.Message("note_on", velocity=velocity, time=max(0, start - believed), **place))
            track.append(mido.Message("note_off", velocity=0, time=duration, **place))
            believed = start + duration
        file.tracks.append(track)
    written = io.BytesIO()
    file.save(file=written)
    return written.getvalue().hex()


def to_json(instruments, resolution, parts):
    def ticks(time):
        return int(Fraction(time * parts, resolution) + Fraction(1, 2)) * (480 // parts)

    tracks = {role: [] for role in ROLES}
    for instrument, role in zip(instruments, roles_of(instruments)):
        for start, end, pitch, velocity in instrument["notes"]:
            tracks[role].append([pitch, max(ticks(end - start), 480 // parts), velocity, ticks(start)])
    return {role: by_start(events) for role, events in tracks.items()}


def changed(rng, tracks):
    tracks = json.loads(json.dumps(tracks))
    for events in tracks.values():
        for event in events:
            if rng.random() < 0.12:
                event[rng.choice([0, 3])] += rng.choice([1, 2])
            event[2] = rng.randrange(1, 128)
    return {role: by_start(events) for role, events in tracks.items()}


def near_duplicates(rng):
    pieces = []
    for _ in range(12):
        first = random_tracks(rng)
        pieces += [first] + [changed(rng, first) for _ in range(3)]
    pieces += [pieces[5], pieces[0]]
    sets = [{(role, event[0], event[3]) for role in ROLES for event in piece[role]} for piece in pieces]
    pairs = [[a, b] for b in range(len(sets)) for a in range(b) if len(sets[a] & sets[b]) >= SIMILARITY * len(sets[a] | sets[b])]
    return {"pieces": pieces, "pairs": pairs}


def main():
    rng = random.Random(17)
    scores = []
    for i in range(40):
        instruments, resolution, parts = random_instruments(rng), RESOLUTIONS[i % len(RESOLUTIONS)], GRIDS[i % len(GRIDS)]
        tracks = to_json(instruments, resolution, parts)
        scores.append({"instruments": instruments, "ticks_per_quarter": resolution, "parts": parts, "tracks": tracks})
    golden = {
        "versions": {"mido": version("mido")},
        "compatible": [{"tracks": tracks, "bytes": compatible(tracks)} for tracks in (random_tracks(rng) for _ in range(20))],
        "to_json": scores,
        "near_duplicates": near_duplicates(rng),
    }
    (HERE / "compose.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()

"""Writes roles.json: instruments, and their roles by the rule of midillama/music/roles.h, written out once more here.

    python tests/golden/music/make_roles.py

An instrument is {"program", "drum", "name", "notes": [[start, end, pitch, velocity], …]}, times in ticks. make_compose.py uses these, too.
"""

import json
import pathlib
import random
import re

HERE = pathlib.Path(__file__).parent
ROLES = ["melody", "chords", "bass", "rhythm"]
WORDS = [(r"drums?|drumkit|drumset", 3), (r"melody|vocals?|voices?|lead", 0), (r"chords?", 1), (r"bass|bassline", 2)]
NAMES = ["", "", "", "Piano", "MELODY 2", "Lead Guitar", "Vocals", "Chords", "Fretless Bass", "Drumset", "Rhythm Guitar", "Strings",
         "Bassoon", "Misleading pad", "LeadSynth", "Rhythm", "BASS DRUM", "Invoice", "voix aiguë lead", "bass+lead", "Bass2",
         "Lead\u00a0Guitar", "Bass\u2013left"]


def playing(notes):
    starts = [note[0] for note in notes]
    alone = sum(1 for start in set(starts) if starts.count(start) == 1) / len(starts)
    return alone, sum(note[2] for note in notes) / len(starts)


def role_by_name(name):
    letters = "".join(letter if letter.isalpha() else " " for letter in name)
    words = re.sub("([^A-Z ])([A-Z])", r"\1 \2", letters).lower().split()
    if words == ["rhythm"]:
        return 3
    return next((role for pattern, role in WORDS if any(re.fullmatch(pattern, word) for word in words)), None)


def roles_of(instruments):
    roles, unknown = {}, []
    for number, instrument in enumerate(instruments):
        word = role_by_name(instrument["name"])
        if instrument["drum"]:
            roles[number] = 3
        elif word is not None:
            roles[number] = word
        elif 32 <= instrument["program"] <= 39:
            roles[number] = 2
        elif instrument["notes"]:
            unknown.append((number, *playing(instrument["notes"])))
        else:
            roles[number] = 1
    if 0 not in roles.values() and unknown:
        best = max(alone for _, alone, _ in unknown)
        melody = max((one for one in unknown if one[1] >= best - 0.1), key=lambda one: one[2])
        roles[melody[0]] = 0
        unknown.remove(melody)
    for number, alone, mean in unknown:
        roles[number] = 2 if alone >= 0.9 and mean < 48 else 1
    return [ROLES[roles[number]] for number in range(len(instruments))]


def random_instrument(rng):
    low, chordal = rng.choice([30, 36, 48, 60, 72]), rng.choice([0, 0, 0.05, 0.3, 0.9])
    notes, start = [], 0
    for _ in range(rng.choice([0, 1, 5, 20, 40])):
        for _ in range(1 if rng.random() >= chordal else rng.randrange(2, 4)):
            notes.append([start, start + rng.randrange(1, 900), rng.randrange(low, low + 14), rng.randrange(1, 128)])
        start += rng.randrange(1, 500)
    program = rng.randrange(128) if rng.random() < 0.7 else rng.randrange(30, 42)
    return {"program": program, "drum": rng.random() < 0.15, "name": rng.choice(NAMES), "notes": notes}


def random_instruments(rng):
    return [random_instrument(rng) for _ in range(rng.randrange(1, 6))]


def main():
    rng = random.Random(11)
    cases = [{"instruments": one, "roles": roles_of(one)} for one in (random_instruments(rng) for _ in range(150))]
    (HERE / "roles.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()

"""Piano performances as a transcriber writes them and rows of GiantMIDI-Piano's table, made up."""

import struct

HEADER = ("surname firstname music nationality birth death youtube_title youtube_id similarity piano_solo_prob audio_name audio_duration "
          "giant_midi_piano split surname_in_youtube_title").split()
TICKS_PER_SECOND = 768  # 384 a quarter note at 120 of them a minute


def number(value):
    """A variable-length quantity of MIDI."""
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.append(value & 0x7F | 0x80)
    return bytes(reversed(digits))


def midi_file(events, ticks_per_quarter=384):
    """The bytes of a file with one track, of (tick, event) in any order."""
    track, now = bytearray(), 0
    for at, event in sorted(events):
        track += number(at - now) + event
        now = at
    track += b"\x00\xff\x2f\x00"
    return b"MThd" + struct.pack(">IHHH", 6, 0, 1, ticks_per_quarter) + b"MTrk" + struct.pack(">I", len(track)) + bytes(track)


def performance(rng, notes, seconds):
    """The bytes of a MIDI file: a walk over the keys with chords, every note at a time of its own."""
    events = [(0, b"\xff\x51\x03\x07\xa1\x20"), (0, b"\xff\x58\x04\x04\x02\x18\x08")]
    pitch = 64
    for i in range(notes):
        start = int((i + rng.random()) * seconds * TICKS_PER_SECOND / notes)
        pitch = min(100, max(28, pitch + rng.randrange(-9, 10)))
        events.append((start, bytes([0x90, pitch, rng.randrange(30, 110)])))
        events.append((start + rng.randrange(60, 700), bytes([0x80, pitch, 64])))
    return midi_file(events)


def table(rows):
    """The text of the table, of rows as long as HEADER."""
    return "".join("\t".join(map(str, row)) + "\n" for row in [HEADER, *rows])

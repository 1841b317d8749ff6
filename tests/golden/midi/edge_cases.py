"""MIDI files at the edges of the format, written byte by byte so that no library smooths them over.

`CASES` maps a name to the bytes of a file. Those whose names begin with `bad_` are malformed; those with `truncated_` end inside their last track.
"""

import struct


def variable_length(value):
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.insert(0, 0x80 | (value & 0x7F))
    return bytes(digits)


def event(delta, *data):
    return variable_length(delta) + bytes(data)


def meta(delta, kind, data=b""):
    return variable_length(delta) + bytes([0xFF, kind]) + variable_length(len(data)) + bytes(data)


def on(delta, pitch, velocity=64, channel=0):
    return event(delta, 0x90 | channel, pitch, velocity)


def off(delta, pitch, channel=0):
    return event(delta, 0x80 | channel, pitch, 0)


def program(delta, number, channel=0):
    return event(delta, 0xC0 | channel, number)


def tempo(delta, microseconds):
    return meta(delta, 0x51, struct.pack(">I", microseconds)[1:])


def meter(delta, numerator, exponent):
    return meta(delta, 0x58, [numerator, exponent, 24, 8])


def key(delta, fifths, mode):
    return meta(delta, 0x59, [fifths & 0xFF, mode])


def note(pitch, length, delta=0, velocity=64, channel=0):
    return on(delta, pitch, velocity, channel) + off(length, pitch, channel)


def scale(count, length=120, first=48):
    return b"".join(note(first + i % 24, length) for i in range(count))


END = meta(0, 0x2F)


def chunk(kind, data, length=None):
    return kind + struct.pack(">I", len(data) if length is None else length) + data


def header(tracks, division=480, kind=1):
    return chunk(b"MThd", struct.pack(">HHH", kind, tracks, division & 0xFFFF))


def song(*tracks, division=480, kind=1):
    return header(len(tracks), division, kind) + b"".join(chunk(b"MTrk", track + END) for track in tracks)


def drums():
    kit = b"".join(note(pitch, 60, 60, 100, channel=9) for pitch in (35, 38, 42, 38, 127, 0))
    return song(program(0, 24, channel=9) + kit, program(0, 24) + scale(6))


def tempo_ramp():
    return song(b"".join(tempo(30, 300_000 + 9_000 * i) for i in range(80)), scale(24))


def tempo_extremes():
    slow_and_fast = [tempo(0, 0xFFFFFF), tempo(480, 1), tempo(480, 3_749_999), tempo(480, 234_375), tempo(480, 500_000)]
    return song(b"".join(slow_and_fast), scale(24))


def tempo_in_several_tracks():
    """Out of order in time, at tick 0 of a later track, and repeating the last one listed."""
    first = tempo(0, 400_000) + tempo(960, 700_000) + tempo(960, 300_000)
    second = tempo(0, 450_000) + tempo(240, 600_000) + scale(30)
    third = tempo(480, 600_000) + tempo(480, 250_000) + scale(4)
    return song(first, second, third)


def meters():
    """7/8, bars longer than two whole notes (9/4, 17/8, 12/4, 255/2), denominators above 64."""
    changes = [(7, 3, 0), (9, 2, 3 * 1680), (17, 3, 1440 * 2), (12, 2, 240 * 4), (255, 1, 2880), (4, 7, 480), (12, 8, 60 * 3), (3, 4, 450)]
    return song(b"".join(meter(delta, numerator, exponent) for numerator, exponent, delta in changes), scale(120))


def many_bars():
    return song(meter(0, 2, 2), b"".join(note(60 + i % 12, 240, 720) for i in range(300)))


def lengths():
    return song(b"".join(note(60, length) for length in [*range(0, 700, 29), 1919, 1920, 1921, 30_000, 119_000, 122_385, 123_000, 900_000]))


def overlaps():
    """The first note-off of a pitch ends the oldest note of that pitch."""
    same_pitch = on(0, 60, 10) + on(100, 60, 20) + on(0, 60, 30) + off(50, 60) + off(50, 60) + on(0, 60, 40) + off(10, 60) + off(0, 60)
    two_channels = on(0, 60, 50, 1) + on(10, 60, 60, 2) + off(20, 60, 2) + off(30, 60, 1)
    return song(same_pitch + two_channels)


def stray_events():
    """Note-offs that end nothing, a note that nothing ends, notes of no length, a note-on that ends."""
    return song(off(0, 60) + on(10, 60) + off(0, 60) + off(5, 60) + on(0, 61, 99) + on(120, 61, 0) + on(7, 62) + note(63, 0) + note(63, 10))


def programs():
    """A note belongs to the program at its end; the same program on two channels and two tracks is four instruments."""
    changing = program(0, 5) + on(0, 60) + program(100, 6) + off(20, 60) + note(62, 100) + program(0, 5) + note(64, 100)
    twice = program(0, 5, 3) + program(0, 5, 4) + note(70, 100, channel=3) + note(71, 100, channel=4)
    return song(meta(0, 3, b"changing") + changing, twice + meta(0, 3, b"twice"), twice)


def running_status():
    """Kept over meta events; note-ons of velocity 0 end notes; after a system exclusive event a data byte repeats it and is dropped."""
    notes = on(0, 60) + event(60, 60, 0) + meta(0, 1, b"text") + event(0, 62, 70) + event(60, 62, 0)
    exclusive = event(0, 0xF0, 3, 0x7E, 0x01, 0xF7) + event(5, 0x40, 2, 0x11, 0x12) + event(0, 0xF7, 1, 0x10)
    return song(notes + exclusive + note(64, 60), kind=0)


def system_events():
    common = event(1, 0xF1, 0x35) + event(1, 0xF2, 1, 2) + event(1, 0xF3, 9) + event(0, 4) + event(1, 0xF6)
    real_time = event(0, 0xF8) + event(0, 0xFA) + event(0, 0xFB) + event(0, 0xFC) + event(3, 0xFE)
    return song(common + real_time + event(0, 0xB0, 7, 100) + event(0, 0xE0, 0, 64) + event(0, 0xD0, 3) + event(0, 0xA0, 1, 2) + note(60, 100))


def metas():
    texts = b"".join(meta(10, kind, b"abc") for kind in (1, 2, 4, 6, 7, 9, 0x7F))
    numbers = meta(0, 0, b"") + meta(0, 0, b"\1\2") + meta(0, 0x20, b"\3") + meta(0, 0x21) + meta(0, 0x54, [0x21, 59, 59, 255, 99])
    return song(meta(0, 3, b"first") + texts + numbers + note(60, 100) + meta(0, 3, b"second") + note(61, 100, channel=1))


def unknown_meta():
    """mido forgets the delta time of such events: what follows comes early."""
    return song(note(60, 100) + meta(400, 8, b"program") + note(62, 100, 20) + meta(77, 0x60) + note(64, 100))


def keys_and_lyrics():
    keys = b"".join(key(100, fifths, mode) for fifths in range(-7, 8) for mode in (0, 1))
    words = meta(0, 5, b"twin") + meta(480, 5, b"kle\r") + meta(0, 5, b"") + note(60, 480)
    return song(keys, words)


def format_2():
    return song(scale(3), scale(5, 60, 70), kind=2)


def beyond_the_timeline():
    """The reference cuts at position 65,536; the last note before it, one on it and one after it, and a meter and a tempo change there."""
    end = 65_536 * 30
    return song(note(60, 30, end - 30) + note(61, 30) + note(62, 30, 99), meter(end - 15, 3, 2) + tempo(0, 400_000))


WELL_FORMED = {
    "drums": drums(),
    "tempo_ramp": tempo_ramp(),
    "tempo_extremes": tempo_extremes(),
    "tempo_in_several_tracks": tempo_in_several_tracks(),
    "tempo_overruled": song(tempo(0, 400_000) + tempo(2_000, 300_000), tempo(1_000, 400_000) + scale(20)),
    "tempo_overruled_by_default": song(tempo(2_000, 300_000), tempo(1_000, 500_000) + scale(20)),
    "tempo_default_repeated": song(tempo(480, 500_000) + tempo(0, 400_000) + tempo(0, 400_000), scale(9)),
    "seven_eight": song(meter(0, 7, 3), scale(50)),
    "meters": meters(),
    "meter_change_at_bar": song(meter(0, 3, 2) + meter(2 * 1440, 4, 2) + meter(1920, 6, 3), scale(70)),
    "meter_change_inside_bar": song(meter(0, 4, 2) + meter(2 * 1920 + 720, 3, 2) + meter(333, 5, 3), scale(70)),
    "meter_change_between_positions": song(meter(14, 3, 2) + meter(1, 5, 2) + meter(1431, 2, 2), scale(40)),
    "meter_first_late": song(meter(3 * 1920, 3, 3), scale(60)),
    "meter_replaced_at_once": song(meter(0, 5, 7) + meter(0, 3, 2) + meter(7, 1, 30) + meter(1, 2, 2), scale(10)),
    "meter_unsupported_behind_the_notes": song(scale(10), meter(1200, 3, 7)),
    "meter_unsupported": song(meter(0, 3, 7) + scale(3)),
    "many_bars": many_bars(),
    "many_notes": song(scale(1_100, 60)),
    "lengths": lengths(),
    "overlaps": overlaps(),
    "stray_events": stray_events(),
    "programs": programs(),
    "running_status": running_status(),
    "system_events": system_events(),
    "metas": metas(),
    "unknown_meta": unknown_meta(),
    "keys_and_lyrics": keys_and_lyrics(),
    "format_0": song(meter(0, 3, 2) + scale(20) + note(36, 60, channel=9), kind=0),
    "format_2": format_2(),
    "format_9": song(scale(3), kind=9),
    "resolution_1": song(scale(20, 1), division=1),
    "resolution_7": song(scale(100, 3), division=7),
    "resolution_32_ties": song(b"".join(note(60, 1 + i % 4, i % 3) for i in range(60)), division=32),
    "resolution_32767": song(scale(20, 5_000), division=32_767),
    "smpte": song(tempo(0, 250_000) + scale(3), division=0xE728),
    "beyond_the_timeline": beyond_the_timeline(),
    "no_notes": song(tempo(0, 500_000), meter(0, 3, 2)),
    "only_beyond_the_timeline": song(note(60, 30, 65_536 * 30)),
    "no_end_of_track": header(1) + chunk(b"MTrk", note(60, 100)),
    "events_behind_end_of_track": header(1) + chunk(b"MTrk", note(60, 100) + END + note(62, 100) + END),
    "bytes_behind_the_last_track": song(scale(3)) + b"garbage",
    "long_header": chunk(b"MThd", struct.pack(">HHH", 1, 1, 480) + b"more") + chunk(b"MTrk", scale(3) + END),
    "long_variable_lengths": song(b"\x80\x80\x80\x80\x80\x0a" + bytes([0x90, 60, 64]) + off(100, 60) + b"\x90\x80\x80\x80\x00" + bytes([0xB0, 1, 1])),
}

NOTE = note(60, 100)

MALFORMED = {
    "bad_empty": b"",
    "bad_magic": b"RIFF" + song(NOTE)[4:],
    "bad_header_length": chunk(b"MThd", struct.pack(">HH", 1, 1)) + chunk(b"MTrk", NOTE + END),
    "bad_header_only": header(1),
    "bad_no_tracks": header(0),
    "bad_negative_tracks": header(0x8001) + chunk(b"MTrk", NOTE + END),
    "bad_missing_track": header(2) + chunk(b"MTrk", NOTE + END),
    "bad_chunk_type": header(2) + chunk(b"XFIH", b"abcd") + chunk(b"MTrk", NOTE + END),
    "bad_first_chunk_too_long": header(2) + chunk(b"MTrk", NOTE + END, 1000) + chunk(b"MTrk", NOTE + END),
    "bad_chunk_too_short": header(2) + chunk(b"MTrk", NOTE + END, 6) + chunk(b"MTrk", NOTE + END),
    "bad_empty_track": header(2) + chunk(b"MTrk", NOTE + END) + chunk(b"MTrk", b""),
    "bad_resolution_0": song(NOTE, division=0),
    "bad_data_byte": song(event(0, 0x90, 0x80, 64) + off(100, 60)),
    "bad_no_status": song(event(0, 60, 64)),
    "bad_status": song(event(0, 0xF4) + NOTE),
    "bad_running_status_without_data": song(event(0, 0xF8) + event(0, 60, 64)),
    "bad_tempo_0": song(tempo(0, 0) + NOTE),
    "bad_tempo_length": song(meta(0, 0x51, b"\1\2") + NOTE),
    "bad_meter_numerator": song(meter(0, 0, 2) + NOTE),
    "bad_meter_denominator": song(meter(0, 4, 31) + NOTE),
    "bad_meter_denominator_29": song(meter(0, 4, 29) + NOTE),
    "bad_meter_length": song(meta(0, 0x58, b"\4\2\x18") + NOTE),
    "bad_key": song(key(0, 8, 0) + NOTE),
    "bad_key_mode": song(key(0, 0, 2) + NOTE),
    "bad_key_length": song(meta(0, 0x59, b"\1") + NOTE),
    "bad_smpte_offset": song(meta(0, 0x54, [0x80, 0, 0, 0, 0]) + NOTE),
    "bad_smpte_offset_minutes": song(meta(0, 0x54, [0, 60, 0, 0, 0]) + NOTE),
    "bad_smpte_offset_length": song(meta(0, 0x54, [0, 0, 0, 0]) + NOTE),
    "bad_sequence_number": song(meta(0, 0, b"\1") + NOTE),
    "bad_channel_prefix": song(meta(0, 0x20) + NOTE),
    "bad_system_exclusive": song(event(0, 0xF0, 3, 1, 0x80, 0xF7) + NOTE),
    "bad_event_length": header(1) + chunk(b"MTrk", event(0, 0xFF, 1) + variable_length(1_000_001) + bytes(1_000) + END),
    "bad_note_time": song(on(0, 60) + off(2**31, 60)),
}

TRUNCATED = {
    "truncated_after_event": header(2) + chunk(b"MTrk", NOTE + END) + chunk(b"MTrk", NOTE + NOTE, 999),
    "truncated_inside_event": header(2) + chunk(b"MTrk", NOTE + END) + chunk(b"MTrk", NOTE + NOTE + on(5, 70)[:-1], 999),
    "truncated_inside_delta": header(1) + chunk(b"MTrk", NOTE + b"\x81", 999),
    "truncated_inside_text": header(1) + chunk(b"MTrk", NOTE + meta(0, 1, b"long text")[:-4], 999),
}

CASES = WELL_FORMED | MALFORMED | TRUNCATED

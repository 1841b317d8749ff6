"""MIDI to OctupleMIDI on one thread, beside muzic's preprocessing, MidiTok's Octuple, and symusic for the parse alone.

    bench/with_peers bench/compare_midi.py MUZIC_CHECKOUT [--clips FOLDER] [--songs /usr/share/games/openttd/baseset/openmsx] [--rounds 5]

MUZIC_CHECKOUT is a clone of github.com/microsoft/muzic. Three sets of files: clips of the folk dataset, the songs of
Debian's openttd-openmsx, and generated ones: long piano pieces with pedal, and pieces of sixteen tracks. A set whose folder is missing is left out.

First every octuple of `midillama tokenize` is compared with muzic's (MidiTok's have other fields, 60 bars by default and other rounding: nothing to
compare; here its bars have no limit). Then rounds in turns, all sides on one thread in warm processes, starts and imports not timed. Parsing is from
bytes in memory; muzic's route is what its preprocess.py does with a file: miditoolkit 0.1.17, then MIDI_to_encoding. Its rounds and MidiTok's run over
every n-th file, so that one takes seconds. Printed: megabytes of MIDI and notes a second, ratios (median, range), and our rate on all cores over one thread.
"""

import argparse
import importlib.util
import io
import json
import os
import pathlib
import random
import subprocess
import tempfile
import warnings

import supplies
from rounds import Speed, cells, cpu_seconds, paired

SLOW_BYTES = 200_000  # of MIDI that the slow peers get a round
MANY_BYTES = 10_000_000  # that the round on all cores gets: the files as often as it takes


def load_muzic(checkout):
    file = checkout / "musicbert" / "preprocess.py"
    if not file.exists():
        raise SystemExit(f"{file} is missing: MUZIC_CHECKOUT is a clone of github.com/microsoft/muzic")
    spec = importlib.util.spec_from_file_location("preprocess", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def piano(generator, notes):
    """One track as transcribers write them: every onset and end anywhere, pedal between."""
    import mido

    events = []
    time = 0
    for _ in range(notes):
        time += generator.choice([0, 0, generator.randint(5, 90), generator.randint(90, 400)])
        pitch = min(108, max(21, round(generator.gauss(62, 13))))
        events.append((time, mido.Message("note_on", note=pitch, velocity=generator.randint(20, 110))))
        events.append((time + generator.randint(20, 900), mido.Message("note_on", note=pitch, velocity=0)))
        if generator.random() < 0.15:
            events.append((time, mido.Message("control_change", control=64, value=generator.choice([0, 127]))))
    return [events]


def band(generator, bars):
    """Sixteen tracks on the grid, drums among them, with bends and expression."""
    import mido

    tracks = []
    for channel in range(16):
        events = [(0, mido.Message("program_change", channel=channel, program=generator.randrange(128)))]
        for step in range(16 * bars):
            time = step * 120
            if generator.random() < 0.4:
                for pitch in generator.sample(range(36, 84), generator.choice([1, 1, 3])):
                    events.append((time, mido.Message("note_on", channel=channel, note=pitch, velocity=generator.randint(1, 127))))
                    events.append((time + 120 * generator.randint(1, 4), mido.Message("note_off", channel=channel, note=pitch)))
            if generator.random() < 0.1:
                events.append((time, mido.Message("pitchwheel", channel=channel, pitch=generator.randint(-8192, 8191))))
        tracks.append(events)
    return tracks


def generate(folder):
    import mido

    generator = random.Random(7)
    pieces = {f"piano{i}": piano(generator, 6000) for i in range(6)} | {f"band{i}": band(generator, 100) for i in range(6)}
    for name, tracks in pieces.items():
        file = mido.MidiFile(ticks_per_beat=480)
        file.tracks.append(mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=500000), mido.MetaMessage("time_signature", numerator=4, denominator=4)]))
        for events in tracks:
            events.sort(key=lambda event: event[0])
            track = mido.MidiTrack()
            now = 0
            for time, message in events:
                track.append(message.copy(time=time - now))
                now = time
            file.tracks.append(track)
        file.save(folder / f"{name}.mid")
    return sorted(folder.glob("*.mid"))


def muzic_octuples(muzic, data):
    import miditoolkit

    return muzic.MIDI_to_encoding(miditoolkit.midi.parser.MidiFile(file=io.BytesIO(data)))


def check_equal(midillama, muzic, files):
    octuples = 0
    output = subprocess.run([midillama, "tokenize", *files], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=True).stdout
    for file, line in zip(files, output.splitlines(), strict=True):
        ours = json.loads(line)["octuples"]
        theirs = [[int(code) for code in octuple] for octuple in muzic_octuples(muzic, file.read_bytes())]
        if ours != theirs:
            raise SystemExit(f"{file}: the octuples are not muzic's")
        octuples += len(ours)
    return octuples


def every_nth(files, size):
    step = max(1, sum(file.stat().st_size for file in files) // size)
    return files[::step]


def listed(folder, files):
    path = folder / f"list{len(files)}"
    path.write_text("".join(f"{file}\n" for file in files))
    return path


def compare(name, files, muzic, folder, options):
    import miditok
    import symusic

    few = every_nth(files, SLOW_BYTES)
    checked = check_equal(options.midillama, muzic, few)
    size = sum(file.stat().st_size for file in files) / 1e6
    few_bytes = [file.read_bytes() for file in few]
    all_bytes = [file.read_bytes() for file in files]
    tokenizer = miditok.Octuple(miditok.TokenizerConfig(use_programs=True, use_tempos=True, use_time_signatures=True, max_bar_embedding=4000))

    def parse():
        for data in all_bytes:
            symusic.Score.from_midi(data)

    def octuples_of_muzic():
        for data in few_bytes:
            muzic_octuples(muzic, data)

    def octuples_of_miditok():
        for data in few_bytes:
            tokenizer.encode(symusic.Score.from_midi(data))

    print(f"\n{name}: {len(files)} files, {size:.1f} MB; octuples equal to muzic's: {checked:,} of {len(few)} files\n")
    print("| task | unit | midillama | peer | its rate | ratio (median, range) |\n|---|---|---|---|---|---|", flush=True)

    def row(task, unit, peer, pairs, amount, form):
        ours, theirs, ratio = cells(pairs, amount, form).split(" | ")
        print(f"| {task} | {unit} | {ours} | {peer} | {theirs} | {ratio} |", flush=True)

    with Speed(options.speed, "midi", listed(folder, files)) as all_files, Speed(options.speed, "midi", listed(folder, few)) as few_files:
        row("parse", "MB/s", "symusic", paired(options.rounds, lambda: all_files.cpu_seconds("parse 1"), lambda: cpu_seconds(parse)), size, "{:,.1f}")
        for peer, work in (("muzic", octuples_of_muzic), ("MidiTok", octuples_of_miditok)):
            pairs = paired(options.rounds, lambda: few_files.cpu_seconds("octuples 1"), lambda: cpu_seconds(work))
            row("parse and octuples", "notes/s", peer, pairs, few_files.ask("octuples 1")["notes"], "{:,.0f}")
    cores = os.cpu_count()
    with Speed(options.speed, "midi", listed(folder, files * round(MANY_BYTES / (size * 1e6) + 0.5))) as many_files:
        pairs = paired(options.rounds, lambda: many_files.ask(f"octuples {cores}")["seconds"], lambda: many_files.ask("octuples 1")["seconds"])
        row(f"parse and octuples, {cores} threads", "notes/s", "one thread", pairs, many_files.ask("octuples 1")["notes"], "{:,.0f}")

    command = [options.midillama, "tokenize", "--format", "ids", *files]
    started = os.times().children_user + os.times().children_system
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    seconds = os.times().children_user + os.times().children_system - started
    print(f"\n`midillama tokenize --format ids` on all of them, with its start, reading and printing: {size / seconds:.1f} MB/s", flush=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("muzic", type=pathlib.Path, metavar="MUZIC_CHECKOUT")
    arguments.add_argument("--clips", type=pathlib.Path, help="default: the folk dataset's")
    arguments.add_argument("--songs", type=pathlib.Path, default="/usr/share/games/openttd/baseset/openmsx")
    arguments.add_argument("--rounds", type=int, default=5)
    options = arguments.parse_args()
    warnings.simplefilter("ignore")
    muzic = load_muzic(options.muzic)
    options.midillama, options.speed = (supplies.program(name, "bench") for name in ("midillama", "speed"))
    options.clips = options.clips or supplies.folk_data() / "clips"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        sets = {"folk clips": sorted(options.clips.glob("*.mid")), "songs": sorted(options.songs.glob("*.mid")), "generated": generate(folder)}
        for title, files in sets.items():
            if files:
                compare(title, files, muzic, folder, options)


if __name__ == "__main__":
    main()

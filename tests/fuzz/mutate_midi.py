#!/usr/bin/env python3
"""Mutated MIDI files through the executable: `midillama tokenize` must end within two seconds with exit status 0, 1 or 2.

    tests/fuzz/mutate_midi.py build/release/bin/midillama [--files 10000] [--seed 1]

Mutates the files of tests/golden/midi/files (bytes changed, removed, inserted, repeated, spliced; extreme lengths; truncation) and starts the
executable once for each. Prints how often each exit status came and the slowest start; a file that breaks the rule is kept in the working
directory and named, and the exit status is 1.
"""

import argparse
import collections
import concurrent.futures
import os
import pathlib
import random
import subprocess
import tempfile
import time

SEEDS = pathlib.Path(__file__).parent.parent / "golden" / "midi" / "files"
EXTREMES = [b"\x00" * 4, b"\xff" * 4, b"\x7f\xff\xff\xff", b"\x80" * 4, b"\xff\x51\x03\x00\x00\x00", b"\xff\x58\x04\x00\xff\x00\x00", b"MTrk"]
LIMIT_SECONDS = 2.0


def mutate(data, seeds, rng):
    data = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 4, 16])):
        at = rng.randrange(len(data) + 1)
        length = rng.choice([1, 2, 4, 16, 256])
        match rng.randrange(7):
            case 0:
                data[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                del data[at : at + length]
            case 2:
                data[at:at] = rng.randbytes(length)
            case 3:
                data[at:at] = data[at : at + length] * rng.choice([1, 8, 64])
            case 4:
                data[at : at + 4] = rng.choice(EXTREMES)
            case 5:
                other = rng.choice(seeds)
                data[at:] = other[rng.randrange(len(other) + 1) :]
            case 6:
                del data[at:]
    return bytes(data)


def run(executable, data, folder, number):
    path = pathlib.Path(folder) / f"{number}.mid"
    path.write_bytes(data)
    started = time.monotonic()
    try:
        status = subprocess.run(
            [executable, "tokenize", str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=10 * LIMIT_SECONDS
        ).returncode
    except subprocess.TimeoutExpired:
        status = "none"
    seconds = time.monotonic() - started
    path.unlink()
    return number, data, status, seconds


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("executable")
    arguments.add_argument("--files", type=int, default=10000)
    arguments.add_argument("--seed", type=int, default=1)
    options = arguments.parse_args()

    rng = random.Random(options.seed)
    seeds = [path.read_bytes() for path in sorted(SEEDS.glob("*.mid"))]
    statuses, slowest, broken = collections.Counter(), 0.0, 0
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        mutants = [mutate(rng.choice(seeds), seeds, rng) for _ in range(options.files)]
        for number, data, status, seconds in pool.map(lambda job: run(options.executable, job[1], folder, job[0]), enumerate(mutants)):
            statuses[status] += 1
            slowest = max(slowest, seconds)
            if status not in (0, 1, 2) or seconds > LIMIT_SECONDS:
                broken += 1
                kept = pathlib.Path(f"broken-{number}.mid")
                kept.write_bytes(data)
                print(f"{kept}: exit status {status} after {seconds:.2f} s")
    ends = ", ".join(f"status {status}: {count}" for status, count in sorted(statuses.items(), key=str))
    print(f"{options.files} files; {ends}; the slowest took {slowest:.2f} s; {broken} broke the rule")
    raise SystemExit(broken > 0)


if __name__ == "__main__":
    main()

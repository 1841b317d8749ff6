"""What a training run keeps of its rate while another program is busy, beside transformers + peft: the same steps on an idle machine and beside busy
processes, in turns.

    bench/with_peers bench/compare_load.py [--sizes tiny,mid] [--stages sft] [--busy 1] [--rounds 3] [--steps 15]

The models, data and steps are those of compare_training.py (`real` lengths). A busy process computes without pause and touches little memory, as a browser's or
another experiment's would. midillama runs as it is; "threads that spin" is the same program with OMP_WAIT_POLICY=active, whose threads wait for each other
without sleeping, which is what the setting costs an idle machine. Printed for each: tokens/s on the idle machine, the share kept beside the
busy processes (median, least and greatest of the paired rounds), and for midillama the idle rate over that of threads that spin.

With P busy processes on C cores a program of C threads can keep C / (C + P) of its rate where the cores are shared out fairly.
"""

import argparse
import contextlib
import os
import statistics
import subprocess
import sys

import compare_training
from compare_training import WARM_UP_STEPS
from rounds import spread

SPINNING = dict(OMP_WAIT_POLICY="active")


@contextlib.contextmanager
def busy(processes):
    """So many processes that never wait."""
    running = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


@contextlib.contextmanager
def environment(values):
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def rates_of_round(folder, stage, shape, processes, options):
    """Tokens a second after the warm-up: midillama, midillama with threads that spin, the peer."""
    with busy(processes):
        our = compare_training.ours(folder, stage, shape, options)
        with environment(SPINNING):
            spinning = compare_training.ours(folder, stage, shape, options)
        other = compare_training.peer(folder, stage, our["rates"], options)
    tokens = sum(our["tokens"][WARM_UP_STEPS:])
    return [tokens / sum(run["seconds"][WARM_UP_STEPS:]) for run in (our, spinning, other)]


def compare(size, stage, folder, options):
    shape = compare_training.SIZES[size]
    idle, loaded = [], []
    for _ in range(options.rounds):
        idle.append(rates_of_round(folder, stage, shape, 0, options))
        loaded.append(rates_of_round(folder, stage, shape, options.busy, options))
    of_spinning = spread([ours / spinning for ours, spinning, _ in idle])
    for i, (name, undisturbed) in enumerate((("midillama", of_spinning), ("midillama, threads that spin", "1"), ("transformers + peft", ""))):
        kept = spread([after[i] / before[i] for before, after in zip(idle, loaded)])
        print(f"| {size} | {stage} | {name} | {statistics.median(rates[i] for rates in idle):,.0f} | {kept} | {undisturbed} |", flush=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    compare_training.add_world_arguments(arguments)
    arguments.add_argument("--stages", default="sft")
    arguments.add_argument("--busy", type=int, default=1, help="busy processes")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--steps", type=int, default=15)
    arguments.add_argument("--batch", type=int, default=8, help="questions a step")
    options = arguments.parse_args()
    compare_training.supply(options)

    cores = len(os.sched_getaffinity(0))
    print(f"{cores} cores, {options.threads} threads, {options.busy} busy: a fair share is {cores / (cores + options.busy):.2f}\n\n"
          "| size | stage | program | idle machine, tokens/s | kept beside the busy processes | of the idle rate of threads that spin |\n"
          "|---|---|---|---|---|---|", flush=True)
    for size in options.sizes.split(","):
        with compare_training.built_world(options, size) as (folder, world):
            for stage in options.stages.split(","):
                compare(size, stage, folder, world)


if __name__ == "__main__":
    main()

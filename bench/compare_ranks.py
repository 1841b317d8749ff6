"""Two ranks beside one: the same global batches on two cores and on one, in turns on this machine.

    bench/with_peers bench/compare_ranks.py [--sizes tiny,mid] [--stages sft] [--rounds 5]

Trains the models of bench/compare_training.py. Each rank has one thread; two ranks are joined by Gloo on the loopback.
First the losses of all steps are compared (a relative difference of 1e-5 at most), then the tokens a second of the steps after the warm-up. Printed
for each size and stage: median tokens/s of one and of two ranks, their ratio (median, least and greatest of the paired rounds), and two bounds of it: twice
the tokens/s of one rank with half the batch (half a batch takes more than half the time), and the ratio of matrix products in two processes that know
nothing of each other (other programs take their part of the machine).
"""

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import compare_training
from rounds import spread


def environments(ranks):
    """What a launcher gives to each rank."""
    if ranks == 1:
        return [os.environ]
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    common = dict(WORLD_SIZE=ranks, LOCAL_WORLD_SIZE=ranks, MASTER_ADDR="127.0.0.1", MASTER_PORT=port)
    return [os.environ | {key: str(value) for key, value in (common | dict(RANK=rank, LOCAL_RANK=rank)).items()} for rank in range(ranks)]


def run_together(commands):
    """Runs (command, environment) pairs at the same time; their standard outputs."""
    with tempfile.TemporaryFile("w+") as errors:
        processes = [subprocess.Popen([str(word) for word in command], env=env, stdout=subprocess.PIPE, stderr=errors, text=True)
                     for command, env in commands]
        outputs = [process.communicate()[0] for process in processes]
        if any(process.returncode != 0 for process in processes):
            errors.seek(0)
            raise SystemExit(f"{errors.read()}exit status {[process.returncode for process in processes]}")
    return outputs


def train(folder, stage, shape, ranks, batch, options):
    options = argparse.Namespace(**vars(options) | dict(batch=batch))
    run = folder / f"run-{ranks}-{batch}"
    shutil.rmtree(run / stage, ignore_errors=True)
    init = folder / ("start" if stage == "sft" else "align-start")
    command = [options.midillama, "train", "--stage", stage, "--init", init, *compare_training.settings(folder, stage, shape, options),
               "--set", "train.micro_batch_size=0", "--set", f"run.dir={run}"]
    run_together([(command, environment) for environment in environments(ranks)])
    rows = [json.loads(line) for line in (run / stage / "metrics.jsonl").read_text().splitlines()]
    rows = [row for row in rows if "split" not in row]
    timed = rows[compare_training.WARM_UP_STEPS:]
    return [row["loss"] for row in rows], sum(row["tokens"] for row in timed) / sum(row["seconds"] for row in timed)


def matrix_products(seconds):
    """GFLOP/s of one thread."""
    import torch

    torch.set_num_threads(1)
    a, b = torch.randn(512, 1024), torch.randn(1024, 1024)
    a @ b
    started, count = time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        a @ b
        count += 1
    return count * 2 * 512 * 1024 * 1024 / (time.perf_counter() - started) / 1e9


def matrix_ratio():
    rates = {}
    for processes in (1, 2):
        command = [sys.executable, __file__, "--matrix-products", 3]
        rates[processes] = sum(float(output) for output in run_together([(command, os.environ)] * processes))
    return rates[2] / rates[1]


def compare(size, stage, folder, options):
    shape, half = compare_training.SIZES[size], options.batch // 2
    rates, halves, machine = {1: [], 2: []}, [], []
    for number in range(options.rounds):
        losses = {}
        for ranks in (1, 2) if number % 2 == 0 else (2, 1):
            losses[ranks], rate = train(folder, stage, shape, ranks, options.batch, options)
            rates[ranks].append(rate)
        for step, (one, two) in enumerate(zip(losses[1], losses[2], strict=True)):
            if abs(one - two) > 1e-5 * abs(one):
                raise SystemExit(f"{size} {stage}: step {step + 1} has loss {one} on one rank and {two} on two")
        halves.append(2 * train(folder, stage, shape, 1, half, options)[1] / rates[1][-1])
        machine.append(matrix_ratio())
    ratios = [two / one for one, two in zip(rates[1], rates[2])]
    columns = [spread(values) for values in (ratios, halves, machine)]
    print(f"| {size} | {stage} | {options.batch} | {statistics.median(rates[1]):,.0f} | {statistics.median(rates[2]):,.0f} | "
          f"{' | '.join(columns)} |", flush=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    compare_training.add_world_arguments(arguments)
    arguments.add_argument("--stages", default="sft")
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--steps", type=int, default=15)
    arguments.add_argument("--batch", type=int, default=16, help="examples of the global batch")
    arguments.add_argument("--matrix-products", type=float, help=argparse.SUPPRESS)
    options = arguments.parse_args()
    options.threads = 1  # of each rank
    if options.matrix_products:
        return print(matrix_products(options.matrix_products))
    compare_training.supply(options)

    print("| size | stage | batch | one rank, tokens/s | two ranks, tokens/s | ratio (median, range) | of half batches | of matrix products |\n"
          "|---|---|---|---|---|---|---|---|", flush=True)
    for size in options.sizes.split(","):
        with compare_training.built_world(options, size) as (folder, world):
            for stage in options.stages.split(","):
                compare(size, stage, folder, world)


if __name__ == "__main__":
    main()

"""What the comparisons share: our side as a process that answers one round at a time, paired rounds, rows of a table.

Work on one thread is measured in processor seconds, which other work on the machine disturbs less than the clock's.
"""

import json
import os
import statistics
import subprocess
import time


class Speed:
    """`speed` or `model_speed` with its input loaded (bench/speed.cpp, bench/model_speed.cpp)."""

    def __init__(self, program, *arguments):
        environment = os.environ | {"THP_MEM_ALLOC_ENABLE": "1"}  # as the program does for itself
        self.process = subprocess.Popen([str(word) for word in (program, *arguments)], env=environment, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()

    def ask(self, request):
        self.process.stdin.write(request + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit("speed stopped")
        return json.loads(answer)

    def cpu_seconds(self, request):
        return self.ask(request)["cpu_seconds"]


def cpu_seconds(work, *arguments):
    started = time.process_time()
    work(*arguments)
    return time.process_time() - started


def paired(rounds, ours, peer):
    """Seconds of both sides in turns, after one round each that does not count."""
    ours(), peer()
    return [(ours(), peer()) for _ in range(rounds)]


def spread(values):
    """The median, the least and the greatest."""
    return f"{statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


def cells(pairs, amount, form):
    """The median rates of both sides, and their ratio with its range."""
    ratios = [theirs / our for our, theirs in pairs]
    rates = [form.format(amount / statistics.median(side)) for side in zip(*pairs)]
    return f"{rates[0]} | {rates[1]} | {spread(ratios)}"

"""Recomputes the text metrics of an experiment's table from its predictions with sacrebleu, nltk and rouge_score, and says where they differ.

    bench/with_peers bench/check_table.py runs/folk-table1/table1.json [--wordnet /usr/share/wordnet]

BERTScore is left out: it has goldens of bert_score (tests/golden/eval). The status is 1 where a number differs by more than 1e-6.
"""

import argparse
import json
import pathlib
import statistics
import sys
import tempfile

from compare_metrics import peers, wordnet_folder

TOLERANCE = 1e-6


def scores_of(predictions, wordnet):
    rows = [json.loads(line) for line in pathlib.Path(predictions).read_text(encoding="utf-8").splitlines()]
    pairs = [(row["prediction"], row["references"][0]) for row in rows]
    return {metric: score() for metric, score in peers(pairs, wordnet).items()}


def differences(table, wordnet):
    """How many numbers were recomputed, and a line for each that differs."""
    checked, lines = 0, []
    for row in table["rows"]:
        if "metrics" not in row:
            continue
        seeds = [scores_of(file, wordnet) for file in row["predictions"]]
        for metric in seeds[0]:
            expected, found = statistics.fmean(seed[metric] for seed in seeds), row["metrics"][metric]["value"]
            checked += 1
            if abs(expected - found) > TOLERANCE:
                lines.append(f"{table['test']}, {table['task']}, {row['label']}, {metric}: {found}, the reference has {expected}")
    return checked, lines


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("table", type=pathlib.Path)
    arguments.add_argument("--wordnet", type=pathlib.Path, default="/usr/share/wordnet")
    options = arguments.parse_args()
    checked, lines = 0, []
    with tempfile.TemporaryDirectory() as folder:
        wordnet_folder(options.wordnet, pathlib.Path(folder))
        for table in json.loads(options.table.read_text(encoding="utf-8"))["tables"]:
            count, found = differences(table, pathlib.Path(folder))
            checked += count
            lines += found
    print(*lines, f"{checked} numbers, {len(lines)} of them differ", sep="\n")
    return 1 if lines or checked == 0 else 0


if __name__ == "__main__":
    sys.exit(main())

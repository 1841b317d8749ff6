"""Recomputes every number of a scores.json (eval --task genre, style, melody) with scikit-learn, and says where they differ.

    bench/with_peers bench/check_scores.py runs/folk-melody/eval/melody runs/dances/eval/genre

Of genre and style from predictions.jsonl: F1, areas under ROC curves, accuracy and hit rate; of melody from scores.jsonl: MAP and HITS@k, where a
candidate with the right one's score comes before it. Rows without a file of their own (random, exactly known) are left out. The status is 1
where a number differs by more than 1e-9.
"""

import argparse
import json
import pathlib
import sys
import warnings

import numpy as np
from sklearn import metrics

TOLERANCE = 1e-9


def lines_of(file):
    with file.open(encoding="utf-8", newline="\n") as lines:
        return [json.loads(line) for line in lines]


def told(scores, multi_label):
    """Whether each class was told: the likeliest, the first of equal ones, none where all are 0; with several labels those of .5 and more."""
    if multi_label:
        return scores >= 0.5
    answers = np.zeros(scores.shape, dtype=bool)
    answers[np.arange(len(scores)), scores.argmax(axis=1)] = scores.max(axis=1) > 0
    return answers


def areas(truth, scores):
    """Micro, macro, weighted and samples; the means are over what is defined."""
    defined = [c for c in range(truth.shape[1]) if 0 < truth[:, c].sum() < len(truth)]
    each = np.array([metrics.roc_auc_score(truth[:, c], scores[:, c]) for c in defined])
    support = truth[:, defined].sum(axis=0)
    rows = [i for i in range(len(truth)) if 0 < truth[i].sum() < truth.shape[1]]
    return {"auc_micro": metrics.roc_auc_score(truth.ravel(), scores.ravel()),
            "auc_macro": each.mean() if defined else None,
            "auc_weighted": (each * support).sum() / support.sum() if defined else None,
            "auc_samples": np.mean([metrics.roc_auc_score(truth[i], scores[i]) for i in rows]) if rows else None}


def classification(file, multi_label):
    rows = lines_of(file)
    classes = list(rows[0]["scores"])
    truth = np.array([[name in row["labels"] for name in classes] for row in rows])
    scores = np.array([[row["scores"][name] for name in classes] for row in rows])
    answers = told(scores, multi_label)
    numbers = {f"f1_{average}": metrics.f1_score(truth, answers, average=average, zero_division=0)
               for average in ("micro", "macro", "weighted", "samples")}
    numbers |= areas(truth, scores)
    numbers["accuracy"] = metrics.accuracy_score(truth, answers)
    numbers["hit_rate"] = (truth[np.arange(len(rows)), scores.argmax(axis=1)] & (scores.max(axis=1) > 0)).mean()
    return numbers


def ranking(file):
    groups = {}
    for row in lines_of(file):
        groups.setdefault(row["group"], []).append((row["positive"], row["score"]))
    truth = np.array([[positive for positive, _ in group] for group in groups.values()])
    scores = np.array([[score for _, score in group] for group in groups.values()])
    right = scores[truth]
    ranks = (scores >= right[:, None]).sum(axis=1)
    numbers = {"map": metrics.label_ranking_average_precision_score(truth, scores)}
    return numbers | {f"hits@{k}": (ranks <= k).mean() for k in (1, 5, 10, 15, 20, 25)}


def differences(folder):
    """How many numbers were recomputed, and a line for each that differs."""
    table = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
    is_melody = table["task"] == "melody"
    name = "scores.jsonl" if is_melody else "predictions.jsonl"
    checked, lines = 0, []
    for place, row in enumerate(table["rows"]):
        file = folder / name if place == 0 else folder / row["name"] / name
        if not file.exists():
            continue
        numbers = ranking(file) if is_melody else classification(file, table["settings"].get("multi_label", False))
        for metric, found in row["values"].items():
            checked += 1
            if abs(numbers[metric] - found["value"]) > TOLERANCE:
                lines.append(f"{folder}, {row['name']}, {metric}: {found['value']}, scikit-learn has {numbers[metric]}")
    return checked, lines


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folders", type=pathlib.Path, nargs="+")
    warnings.simplefilter("ignore")
    checked, lines = 0, []
    for folder in arguments.parse_args().folders:
        count, found = differences(folder)
        checked += count
        lines += found
    print(*lines, f"{checked} numbers, {len(lines)} of them differ", sep="\n")
    return 1 if lines or checked == 0 else 0


if __name__ == "__main__":
    sys.exit(main())

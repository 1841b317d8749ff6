"""Writes classification.json: F1, areas under ROC curves, accuracy and hit rate of random classifications by scikit-learn."""

import importlib.metadata
import json
import pathlib

import numpy as np
from sklearn.metrics import accuracy_score, f1_score, roc_auc_score, top_k_accuracy_score

HERE = pathlib.Path(__file__).parent
random = np.random.default_rng(17)
AVERAGES = ("micro", "macro", "weighted", "samples")


def several(examples, classes):
    """Each example of any number of classes but none or all; scores with ties, answers at .5."""
    truth = np.zeros((examples, classes), int)
    for row in truth:
        row[random.choice(classes, random.integers(1, classes), replace=False)] = 1
    scores = np.round(np.clip(0.25 * truth + random.random(truth.shape) * 0.75, 0, 1), 2)
    return truth, (scores >= 0.5).astype(int), scores


def one_of(examples, classes, spare=0):
    """Each example of one class; the last `spare` classes are told, but never true."""
    label = random.integers(0, classes - spare, examples)
    scores = random.random((examples, classes))
    scores[np.arange(examples), label] += 0.4
    scores /= scores.sum(1, keepdims=True)
    return np.eye(classes, dtype=int)[label], np.eye(classes, dtype=int)[scores.argmax(1)], scores


def case(truth, answers, scores, weights, multi_label):
    true = truth[:, truth.any(0)]  # the area of a class without examples is not defined
    values = {f"f1_{a}": f1_score(truth, answers, average=a, zero_division=0, sample_weight=weights) for a in AVERAGES}
    values |= {f"auc_{a}": roc_auc_score(truth, scores, average=a, sample_weight=weights) for a in ("micro", "samples")}
    values |= {f"auc_{a}": roc_auc_score(true, scores[:, truth.any(0)], average=a, sample_weight=weights) for a in ("macro", "weighted")}
    values["accuracy"] = accuracy_score(truth, answers, sample_weight=weights)
    if multi_label:
        values["hit_rate"] = np.average(truth[np.arange(len(truth)), scores.argmax(1)], weights=weights)
    else:
        label = truth.argmax(1)
        values["hit_rate"] = top_k_accuracy_score(label, scores, k=1, labels=range(truth.shape[1]), sample_weight=weights)
        if truth.any(0).all() and weights is None:
            one_against_all = roc_auc_score(label, scores, multi_class="ovr", average="macro")
            assert abs(one_against_all - values["auc_macro"]) < 1e-12
    return {
        "classes": truth.shape[1],
        "truth": truth.ravel().tolist(),
        "answers": answers.ravel().tolist(),
        "scores": scores.ravel().tolist(),
        "weights": (np.ones(len(truth)) if weights is None else weights).tolist(),
        "values": {name: float(value) for name, value in values.items()},
    }


def main():
    drawn = [(several(60, 5), True), (several(25, 13), True), (one_of(80, 4), False), (one_of(60, 6, spare=2), False)]
    golden = {
        "versions": {name: importlib.metadata.version(name) for name in ("scikit-learn", "numpy")},
        "cases": [case(*told, weights, multi_label) for told, multi_label in drawn for weights in (None, random.integers(0, 4, len(told[0])).astype(float))],
    }
    (HERE / "classification.json").write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()

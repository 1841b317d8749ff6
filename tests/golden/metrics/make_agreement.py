"""Writes agreement.json: Cohen's kappa of random judgments by scikit-learn."""

import json
import pathlib
import random

import sklearn
from sklearn.metrics import cohen_kappa_score

HERE = pathlib.Path(__file__).parent
LABELS = ["accept", "reject", "unsure"]


def main():
    draw = random.Random(1)
    cases = []
    while len(cases) < 40:
        size, classes, agreeing = draw.randint(1, 60), draw.randint(1, 3), draw.random()
        one = [draw.choice(LABELS[:classes]) for _ in range(size)]
        other = [label if draw.random() < agreeing else draw.choice(LABELS) for label in one]
        if len(set(one + other)) > 1:
            cases.append({"one": one, "other": other, "kappa": float(cohen_kappa_score(one, other))})
    golden = {"versions": {"scikit-learn": sklearn.__version__}, "cases": cases}
    (HERE / "agreement.json").write_text(json.dumps(golden, indent=0) + "\n")


if __name__ == "__main__":
    main()

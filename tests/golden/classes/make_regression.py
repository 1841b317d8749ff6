"""Writes regression.json: logistic regressions on standardised features by scikit-learn."""

import importlib.metadata
import json
import pathlib
import warnings

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

HERE = pathlib.Path(__file__).parent
random = np.random.default_rng(18)


def features(count, size):
    drawn = random.standard_normal((count, size)) * random.uniform(0.01, 40, size) + random.uniform(-5, 5, size)
    drawn[:, size - 1] = 3  # one that never varies
    return drawn


def case(exclusive, c, count=60, size=6, classes=4):
    # Numbers of few digits, so that both read the same.
    x = np.round(features(count + 10, size), 4)
    slopes = random.standard_normal((size, classes))
    logits = (x - x.mean(0)) / np.maximum(x.std(0), 1e-9) @ slopes + random.standard_normal((count + 10, classes))
    truth = np.eye(classes, dtype=int)[logits.argmax(1)] if exclusive else (logits > 0).astype(int)
    regression = LogisticRegression(C=c, tol=1e-12, max_iter=100_000)
    model = make_pipeline(StandardScaler(), regression if exclusive else OneVsRestClassifier(regression))
    model.fit(x[:count], truth[:count].argmax(1) if exclusive else truth[:count])
    return {
        "exclusive": exclusive,
        "c": c,
        "examples": x[:count].tolist(),
        "truth": truth[:count].tolist(),
        "others": x[count:].tolist(),
        "probabilities": model.predict_proba(x[count:]).tolist(),
    }


def main():
    warnings.simplefilter("error")
    golden = {
        "versions": {name: importlib.metadata.version(name) for name in ("scikit-learn", "numpy")},
        "cases": [case(exclusive, c) for exclusive in (True, False) for c in (0.01, 1.0, 100.0)],
    }
    (HERE / "regression.json").write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()

"""Writes comparisons.json: Krippendorff's alpha by krippendorff, sign tests by scipy, Holm's correction by statsmodels, Bradley-Terry strengths by choix."""

import importlib.metadata
import json
import pathlib

import choix
import krippendorff
import numpy as np
from scipy.stats import binomtest
from statsmodels.stats.multitest import multipletests

HERE = pathlib.Path(__file__).parent
random = np.random.default_rng(20)


def units(clips, judges, present, bias):
    """Three categories; `bias` draws a clip's judges to one of them."""
    drawn = []
    for _ in range(clips):
        weights = np.ones(3) / 3 * (1 - bias)
        weights[random.integers(3)] += bias
        drawn.append([int(random.choice(3, p=weights)) for _ in range(judges) if random.random() < present])
    return drawn


def alpha(drawn):
    judges = max(len(unit) for unit in drawn)
    table = np.full((judges, len(drawn)), np.nan)
    for i, unit in enumerate(drawn):
        table[: len(unit), i] = unit
    return krippendorff.alpha(reliability_data=table, level_of_measurement="nominal")


def strengths(wins):
    return choix.opt_pairwise(len(wins), pairs_of(wins), alpha=0.0, method="BFGS", tol=1e-12).tolist()


def pairs_of(wins):
    return [(i, j) for i, row in enumerate(wins) for j, count in enumerate(row) for _ in range(count)]


def main():
    drawn = [units(100, 5, 1, 0.3), units(100, 5, 0.8, 0.6), units(12, 3, 0.7, 0), [[0, 0, 1], [1, 1], [2], [], [2, 2, 2]], units(40, 17, 0.9, 0.1)]
    counts = [(63, 25), (60, 26), (47, 32), (58, 22), (0, 0), (1, 0), (5, 5), (0, 9), (250, 200), (1000, 1100)]
    families = [[0.01, 0.04, 0.03, 0.005, 0.5], [0.2], [0.9, 0.95, 0.99], [0.05, 0.05, 0.001, 0.05]]
    tables = [[[0, 63], [25, 0]], [[0, 7, 3], [2, 0, 8], [4, 5, 0]], random.integers(1, 30, (6, 6)).tolist(), [[0, 3, 0, 1], [1, 0, 4, 0], [0, 2, 0, 5], [2, 0, 1, 0]]]
    for table in tables:
        for i in range(len(table)):
            table[i][i] = 0
    golden = {
        "versions": {name: importlib.metadata.version(name) for name in ("krippendorff", "scipy", "statsmodels", "choix", "numpy")},
        "alpha": [{"units": d, "alpha": alpha(d)} for d in drawn],
        "sign_test": [{"wins": w, "losses": l, "p": binomtest(w, w + l).pvalue if w + l else 1.0} for w, l in counts],
        "holm": [{"p": f, "corrected": multipletests(f, method="holm")[1].tolist()} for f in families],
        "bradley_terry": [{"wins": t, "strengths": strengths(t)} for t in tables],
    }
    (HERE / "comparisons.json").write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()

"""Writes grouped.json: the cluster-robust variance of a proportion by statsmodels, and Wilson's interval with the number of trials it is worth."""

import importlib.metadata
import json
import pathlib

import numpy as np
import statsmodels.api as sm
from statsmodels.stats.proportion import proportion_confint

HERE = pathlib.Path(__file__).parent
random = np.random.default_rng(7)


def groups(count, most, between):
    """Groups of 1 to `most` trials whose chances of success differ by `between`."""
    drawn = []
    for _ in range(count):
        chance = np.clip(0.7 + between * random.standard_normal(), 0, 1)
        trials = int(random.integers(1, most + 1))
        drawn.append([int(random.binomial(trials, chance)), trials])
    return drawn


def interval(drawn):
    outcomes = np.concatenate([np.r_[np.ones(s), np.zeros(n - s)] for s, n in drawn])
    names = np.concatenate([np.full(n, g) for g, (_, n) in enumerate(drawn)])
    fit = sm.OLS(outcomes, np.ones_like(outcomes)).fit(cov_type="cluster", cov_kwds={"groups": names, "use_correction": False})
    p, variance = fit.params[0], fit.bse[0] ** 2
    trials = min(len(outcomes), p * (1 - p) / variance)
    return list(proportion_confint(p * trials, trials, method="wilson"))


cases = [groups(40, 1, 0), groups(30, 3, 0.1), groups(60, 8, 0.4), groups(5, 20, 0.5)]
golden = {
    "versions": {name: importlib.metadata.version(name) for name in ("statsmodels", "numpy")},
    "cases": [{"groups": case, "interval": interval(case)} for case in cases],
}
(HERE / "grouped.json").write_text(json.dumps(golden) + "\n")

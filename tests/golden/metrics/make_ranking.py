"""Writes ranking.json: ranks of one right candidate among several by scikit-learn, with ties."""

import json
import pathlib
import random

import numpy
import sklearn
from sklearn.metrics import coverage_error, label_ranking_average_precision_score

HERE = pathlib.Path(__file__).parent


def one_case(draw):
    groups, candidates, levels = draw.randint(1, 12), draw.randint(2, 50), draw.choice([2, 5, 1000])
    scores = numpy.array([[draw.randint(1, levels) / 8 for _ in range(candidates)] for _ in range(groups)])
    right = numpy.zeros((groups, candidates), dtype=int)
    right[:, 0] = 1
    ranks = [coverage_error(right[i : i + 1], scores[i : i + 1]) for i in range(groups)]
    return {
        "scores": scores.tolist(),  # the first of each group is the right one
        "ranks": [int(rank) for rank in ranks],
        "map": float(label_ranking_average_precision_score(right, scores)),
    }


def main():
    draw = random.Random(1)
    golden = {"versions": {"scikit-learn": sklearn.__version__}, "cases": [one_case(draw) for _ in range(40)]}
    (HERE / "ranking.json").write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()

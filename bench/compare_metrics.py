"""BLEU, METEOR and ROUGE-L of 1,000 answers on one thread, beside sacrebleu, nltk and rouge_score.

    bench/with_peers bench/compare_metrics.py [--wordnet /usr/share/wordnet] [--rounds 5]

The references are answers of the folk dataset, half of them captions; each prediction is its reference with words left out, exchanged
and moved. WordNet is Debian's wordnet-base on both sides. First the scores are compared. Then rounds in turns, each of ours in a fresh process, each of nltk's
with a fresh reader: opening WordNet counts on both sides, imports and starts do not.
"""

import argparse
import json
import pathlib
import random
import shutil
import statistics
import tempfile
import warnings

import supplies
from rounds import Speed, cells, cpu_seconds

COUNT = 1000


def pairs_of(folder):
    generator = random.Random(11)
    rows = [json.loads(line) for line in (folder / "test.jsonl").read_text().splitlines()]
    answers = {task: [row["answer"] for row in rows if (row["task"] == "caption") == (task == "caption")] for task in ("caption", "qa")}
    references = [answer for task in answers for answer in generator.sample(answers[task], min(COUNT // 2, len(answers[task])))]
    words = " ".join(references).split()
    pairs = []
    for reference in references:
        kept = [generator.choice(words) if generator.random() < 0.15 else word for word in reference.split() if generator.random() < 0.9]
        if len(kept) > 1 and generator.random() < 0.5:
            kept.append(kept.pop(0))
        pairs.append((" ".join(kept), reference))
    return pairs


def wordnet_folder(source, folder):
    """nltk wants a file that Debian's package lacks, and reads only below its own folders."""
    import nltk

    for file in source.iterdir():
        shutil.copy(file, folder)
    (folder / "lexnames").write_text("".join(f"{i:02d}\tname{i}\t1\n" for i in range(45)))
    nltk.data.path.append(str(folder))


def peers(pairs, folder):
    from nltk.corpus.reader.wordnet import WordNetCorpusReader
    from nltk.tokenize import wordpunct_tokenize
    from nltk.translate.meteor_score import meteor_score
    from rouge_score import rouge_scorer
    from sacrebleu.metrics import BLEU

    WordNetCorpusReader.map_wn = lambda self, version=None: None

    def bleu():
        return BLEU().corpus_score([prediction for prediction, _ in pairs], [[reference for _, reference in pairs]]).score / 100

    def meteor():
        wordnet = WordNetCorpusReader(str(folder), None)
        return statistics.mean(meteor_score([wordpunct_tokenize(r)], wordpunct_tokenize(p), wordnet=wordnet) for p, r in pairs)

    def rouge_l():
        scorer = rouge_scorer.RougeScorer(["rougeL"], use_stemmer=True)
        return statistics.mean(scorer.score(r, p)["rougeL"].fmeasure for p, r in pairs)

    return {"bleu": bleu, "meteor": meteor, "rouge_l": rouge_l}


def round_of_ours(speed, path, metrics):
    with Speed(speed, "metrics", path) as ours:
        return {metric: ours.ask(metric) for metric in metrics}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", type=pathlib.Path, help="default: the folk dataset")
    arguments.add_argument("--wordnet", type=pathlib.Path, default="/usr/share/wordnet")
    arguments.add_argument("--rounds", type=int, default=5)
    options = arguments.parse_args()
    warnings.simplefilter("ignore")
    program = supplies.program("speed", "bench")
    pairs = pairs_of(options.data or supplies.folk_data())
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        path = folder / "predictions.jsonl"
        path.write_text("".join(json.dumps({"prediction": p, "references": [r]}) + "\n" for p, r in pairs))
        (folder / "wordnet").mkdir()
        wordnet_folder(options.wordnet, folder / "wordnet")
        others = peers(pairs, folder / "wordnet")

        for metric, answer in round_of_ours(program, path, others).items():
            score = others[metric]()
            print(f"{metric}: {answer['score']:.6f}")
            if abs(answer["score"] - score) > 1e-6:
                raise SystemExit(f"{metric} is {answer['score']} here and {score} with the peer")
        seconds = {metric: [] for metric in (*others, "together")}
        for _ in range(options.rounds):
            ours = {metric: answer["cpu_seconds"] for metric, answer in round_of_ours(program, path, others).items()}
            theirs = {metric: cpu_seconds(work) for metric, work in others.items()}
            for metric in others:
                seconds[metric].append((ours[metric], theirs[metric]))
            seconds["together"].append((sum(ours.values()), sum(theirs.values())))
    print(f"\n{len(pairs)} pairs, {sum(len(r.split()) for _, r in pairs) / len(pairs):.0f} words a reference\n")
    names = dict(bleu="BLEU | sacrebleu", meteor="METEOR, opening WordNet included | nltk", rouge_l="ROUGE-L | rouge_score", together="together | all three")
    print("| metric | peer | midillama, pairs/s | its pairs/s | ratio (median, range) |\n|---|---|---|---|---|")
    for metric, label in names.items():
        print(f"| {label} | {cells(seconds[metric], len(pairs), '{:,.0f}')} |")


if __name__ == "__main__":
    main()

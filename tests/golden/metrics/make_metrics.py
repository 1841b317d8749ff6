"""Writes metrics.json: scores of pairs of sentences by sacrebleu, nltk and rouge_score, and stems and synonyms by nltk.

nltk wants its own copy of WordNet with a `lexnames` file; give a folder with the files of Debian's wordnet-base: make_metrics.py [/usr/share/wordnet].
"""

import importlib.metadata
import json
import pathlib
import random
import shutil
import sys
import tempfile
import warnings

import nltk
import regex
from nltk.corpus.reader.wordnet import WordNetCorpusReader
from nltk.stem.porter import PorterStemmer
from nltk.tokenize import wordpunct_tokenize
from nltk.translate.bleu_score import sentence_bleu
from nltk.translate.meteor_score import meteor_score
from rouge_score import rouge_scorer
from sacrebleu import __version__ as sacrebleu_version
from sacrebleu.metrics import BLEU

HERE = pathlib.Path(__file__).parent

PAIRS = [
    ("The piece is in D minor, with a slow tempo of 60.5 bpm.", ["This piece is written in D minor with a slow tempo (60.5 bpm)."]),
    ("A lively waltz.", ["A lively and charming waltz in 3/4."]),
    ("It is a guide to action which ensures that the military always obeys the commands of the party",
     ["It is a guide to action that ensures that the military will forever heed Party commands"]),
    ("the music is slow and sad", ["the music is slow and sad"]),
    ("", ["A reel."]),
    ("A reel.", [""]),
    ("", [""]),
    ("reel", ["reel"]),
    ("It is a joyful tune; the children are dancing.", ["The kids dance to a happy melody.", "A cheerful song with dancing children."]),
    ("The &quot;air&quot; -\nlike melody &amp; harmony ... well-known, 1,000.5 notes", ["The \"air\"-like melody & harmony: well-known, 1,000.5 notes."]),
    ("\u039f\u0394\u039f\u03a3 \u0130stanbul \u212a na\u00efve \u00bd \u00b2 \u3042\u3044 \u24b6", ["\u03bf\u03b4\u03bf\u03c2 i\u0307stanbul k naive 1/2 2 \u3042\u3044 \u24d0"]),
    ("tempo\u2028\u00a0\u001c120 \u2669\u2669 \U0001f3b5\u200d\U0001f3b6 e\u0301tude", ["Tempo 120 \u2669 \U0001f3b5 \u00e9tude"]),
    ("same same same but different", ["same but same"]),
    ("women geese feet better ran skies dying news", ["woman goose foot good run sky die news"]),
]

WORDS = """melodies melodic rhythm rhythmic harmonies slowly happiness sadder saddest lively playing played plays composed composition skies dying news
innings proceed succeed agreed feed plastered bled motoring sing conflated troubled sized hopping tanned falling hissing fizzed failing filing happy sky enjoy
relational conditional rational valenci hesitanci digitizer conformabli radicalli differentli vileli analogousli vietnamization predication operator feudalism
decisiveness hopefulness callousness formaliti sensitiviti sensibiliti geologi theologi hopefulli triplicate formative formalize electriciti electrical hopeful
goodness revival allowance inference airliner gyroscopic adjustable defensible irritant replacement adjustment dependent adoption homologou communism activate
angulariti homologous effective bowdlerize probate rate cease controll roll ties dies cries tied tried y yy yyy syzygy sses ies ing eed \u00e9\u00e9ing
\u03c3\u03bf\u03c6\u03af\u03b1ed""".split()

LOOKED_UP = "happi happy sad slow children geese better best feet dances dancing abaci men s ing quick air tune piano big large offer offing runs axes".split()


def wordnet_reader(source):
    """nltk reads its corpora from inside one folder only, and two files are missing in Debian's."""
    folder = tempfile.mkdtemp()
    for file in pathlib.Path(source).iterdir():
        shutil.copy(file, folder)
    pathlib.Path(folder, "lexnames").write_text("".join(f"{i:02d}\tname{i}\t1\n" for i in range(45)))
    nltk.data.path.append(folder)
    WordNetCorpusReader.map_wn = lambda self, version=None: None
    return WordNetCorpusReader(folder, None)


def random_pairs(count, seed):
    generator = random.Random(seed)
    words = " ".join(text for prediction, references in PAIRS for text in [prediction, *references]).split()
    words += "sad melancholy sorrowful quick fast rapid tune melody song began started begin beautiful lovely dances danced".split()
    for _ in range(count):
        reference = [generator.choice(words) for _ in range(generator.randint(0, 14))]
        prediction = [generator.choice(words) if generator.random() < 0.4 else word for word in reference if generator.random() < 0.85]
        yield " ".join(prediction), [" ".join(reference)]


def main():
    warnings.simplefilter("ignore")
    wordnet = wordnet_reader(sys.argv[1] if len(sys.argv) > 1 else "/usr/share/wordnet")
    rouge = rouge_scorer.RougeScorer(["rougeL"], use_stemmer=True)
    stemmer = PorterStemmer()

    def corpus_bleu(pairs):
        streams = [[references[k] if k < len(references) else None for _, references in pairs] for k in range(max(len(r) for _, r in pairs))]
        return BLEU().corpus_score([prediction for prediction, _ in pairs], streams).score / 100

    rows = []
    for prediction, references in [*PAIRS, *random_pairs(40, 3)]:
        best = rouge.score_multi(references, prediction)["rougeL"]
        rows.append({
            "prediction": prediction,
            "references": references,
            "bleu": corpus_bleu([(prediction, references)]),
            "meteor": meteor_score([wordpunct_tokenize(r) for r in references], wordpunct_tokenize(prediction), wordnet=wordnet),
            "rouge_l": best.fmeasure,
            "mullama_bleu": sentence_bleu(references, prediction),
            "mullama_rouge_l": best.recall,
        })
    golden = {
        "made_by": "make_metrics.py",
        "versions": {"sacrebleu": sacrebleu_version, "nltk": nltk.__version__, "rouge_score": importlib.metadata.version("rouge_score"), "regex": regex.__version__,
                     "python": sys.version.split()[0], "wordnet": wordnet.get_version()},
        "corpus_bleu": corpus_bleu([(row["prediction"], row["references"]) for row in rows]),
        "examples": rows,
        "stems": {word: stemmer.stem(word) for word in WORDS},
        "synonyms": {word: sorted({lemma for synset in wordnet.synsets(word) for lemma in synset.lemma_names() if "_" not in lemma}) for word in LOOKED_UP},
        "lower": {text: text.lower() for text in ["\u0130\u03a3", "A\u03a3", "A\u03a3.", "A\u0301\u03a3\u0301", "A\u03a3\u00adB", "\u03a3", "\u01c5\u2160\u24b6", "\U00010400"]},
        "wordpunct": {text: [token.lower() for token in wordpunct_tokenize(text)] for text in ["don't 3.5 a_b \u24b6\u0301\u200d\u2028x\u001cy \u00bd\u00b2\u0661", "\U00013460\u0897\U0001f3b5!?"]},
    }
    (HERE / "metrics.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Writes the classical scores of the music21 package (piano pieces, quartets, songs) as MIDI files that state meter and tempo, for beat_accuracy.

    python bench/classical_scores.py FOLDER

needs music21==10.5.1. Beethoven's quartets are left out: music21 takes minutes for each. A score that names no tempo gets 100 quarter notes a minute; what music21 cannot write is named and left out.
"""
import pathlib
import sys
import warnings

import music21

COMPOSERS = ["beach", "chopin", "corelli", "cpebach", "handel", "haydn", "joplin", "mozart", "schoenberg", "schubert", "schumann_clara",
             "schumann_robert", "verdi", "weber", "webern"]


def write(score_file, name, folder):
    score = music21.converter.parse(score_file)
    if not score.recurse().getElementsByClass("MetronomeMark"):
        score.insert(0, music21.tempo.MetronomeMark(number=100))
    score.write("midi", folder / f"{name}.mid")


def main():
    warnings.simplefilter("ignore")
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    corpus = pathlib.Path(music21.__file__).parent / "corpus"
    scores = {}  # by name: some are there in several formats
    for composer in COMPOSERS:
        for file in sorted((corpus / composer).rglob("*")):
            if file.suffix in (".krn", ".mxl", ".xml", ".musicxml"):
                scores["-".join(file.relative_to(corpus).with_suffix("").parts)] = file
    for name, file in scores.items():
        try:
            write(file, name, folder)
        except Exception as error:
            print(f"{file}: {error}", file=sys.stderr)


if __name__ == "__main__":
    main()

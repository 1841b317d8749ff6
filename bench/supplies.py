"""What the comparisons take from this repository, made where it is missing: programs, the folk dataset, its tokenizer.

MIDILLAMA_PROGRAMS=FOLDER names programs built elsewhere (a cluster's node without a compiler), which are then taken as they are. Each function prints what it makes to standard error and ends with the failing command's own words where that cannot be.
"""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def run(*command):
    words = [str(word) for word in command]
    print("$", *words, file=sys.stderr, flush=True)
    if subprocess.run(words, cwd=ROOT, stdout=sys.stderr).returncode != 0:
        raise SystemExit(f"{' '.join(words)} failed; scripts/setup installs what a build needs")


def program(name, preset="release"):
    """build/PRESET/bin/NAME, brought up to date, or MIDILLAMA_PROGRAMS/NAME. The preset `bench` has the programs that need no LibTorch."""
    if "MIDILLAMA_PROGRAMS" in os.environ:
        return pathlib.Path(os.environ["MIDILLAMA_PROGRAMS"]).resolve() / name
    folder = ROOT / "build" / preset
    if not (folder / "build.ninja").exists():
        run("cmake", "--preset", preset)
    run("cmake", "--build", "--preset", preset, "--target", name)
    return folder / "bin" / name


def folk_data():
    """The folk dataset that the quickstart builds."""
    folder = ROOT / "data" / "folk"
    if not (folder / "dataset.json").exists():
        run(program("midillama"), "data", "build")
    return folder


def folk_tokenizer():
    """The quickstart's tokenizer: a finished quickstart's, or trained from the dataset by one step of the same stage."""
    for run_dir in ("runs/folk", "runs/bench"):
        file = ROOT / run_dir / "pretrain-llm" / "model" / "tokenizer.model"
        if file.exists():
            return file
    folk_data()
    run(program("midillama"), "train", "--stage", "pretrain-llm", "--overwrite", "--set", f"run.dir={run_dir}", "--set",
        "stages.pretrain-llm.max_steps=1", "--set", "train.validate_examples=0")
    return file

#!/usr/bin/env python3
"""A small project, and what cmake/check_rooms.py says of one change to it."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).parents[2] / "cmake/check_rooms.py"
FILES = {
    "CMakeLists.txt": "midillama_module(core LIBRARIES fmt)\nmidillama_module(midi DEPENDS core)\nmidillama_module(text DEPENDS core)\n"
                      "  midillama_module(model TORCH DEPENDS midi core)\nmidillama_module(cli DEPENDS midi core)\n",
    "docs/architecture.md": "## Rooms\n| `core` | a |\n| `midi` | b |\n| `text` | c |\n| --- | |\n| `model` | d |\n| `cli` | e |\n",
    "include/midillama/core/file.h": "// Files.\nnamespace midillama {\n}\n",
    "include/midillama/midi/score.h": '// A score.\n#include "midillama/core/file.h"\nnamespace midillama::midi {\n}\n',
    "src/midi/track.h": "// A track.\nnamespace midillama::midi {\n}\n",
    "src/midi/track.cpp": '#include "midi/track.h"\n#include "midillama/midi/score.h"\n',
    "src/model/llama.cpp": '#include <torch/types.h>\n#include "midillama/midi/score.h"\n',
    "src/cli/run.cpp": "  } catch (const UsageError& error) {\n",
    "src/cli/torch/train.cpp": '#include "cli/command.h"\n#include "midillama/model/llama.h"\n#include <torch/types.h>\n',
}


class CheckRooms(unittest.TestCase):
    def breaches(self, **changes):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in {**FILES, **{key.replace("__", "/").replace("_DOT_", "."): value for key, value in changes.items()}}.items():
                path = pathlib.Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            result = subprocess.run([sys.executable, SCRIPT, folder], capture_output=True, text=True)
        self.assertEqual(result.stderr, "")
        self.assertEqual(result.returncode, 0 if result.stdout.endswith("ok\n") else 1)
        return result.stdout.splitlines()

    def test_a_project_that_keeps_the_rules(self):
        self.assertEqual(self.breaches(), ["5 rooms: ok"])

    def test_a_room_below(self):
        self.assertEqual(self.breaches(src__core__file_DOT_cpp='\n#include "midillama/midi/score.h"\n'),
                         ["src/core/file.cpp:2: midillama/midi/score.h: the room midi is below core"])

    def test_a_room_beside_that_is_not_named(self):
        found = self.breaches(src__text__load_DOT_cpp='#include "midillama/midi/score.h"\n')
        self.assertEqual(found, ["src/text/load.cpp:1: midillama/midi/score.h: text does not name midi in its midillama_module() line"])

    def test_a_private_header(self):
        self.assertEqual(self.breaches(src__model__llama_DOT_cpp='#include "midi/track.h"\n'),
                         ["src/model/llama.cpp:1: midi/track.h: is private to the room midi"])

    def test_a_torch_header_above_the_line(self):
        for header in ("torch/types.h", "ATen/ATen.h", "c10/util/Exception.h"):
            found = self.breaches(include__midillama__midi__score_DOT_h=f"// A score.\n#include <{header}>\n")
            self.assertEqual(found, [f"include/midillama/midi/score.h:2: {header}: the room midi is above the line and includes no header of "
                                     "LibTorch"])
        self.assertEqual(len(self.breaches(src__cli__train_DOT_cpp="#include <torch/types.h>\n")), 1)

    def test_only_parallel_names_c10d(self):
        for line in ("c10d::Work work;", "#include <torch/csrc/distributed/c10d/Work.hpp>"):
            self.assertEqual(self.breaches(src__model__llama_DOT_cpp=line + "\n"), ["src/model/llama.cpp:1: only the room parallel names c10d"])
            self.assertEqual(self.breaches(src__parallel__group_DOT_cpp=line + "\n"), ["5 rooms: ok"])

    def test_only_run_makes_exit_statuses(self):
        self.assertEqual(self.breaches(src__cli__data_DOT_cpp="  } catch (const UsageError&) {\n"),
                         ["src/cli/data.cpp:1: only src/cli/run.cpp makes an exit status of an error"])

    def test_a_header_without_a_contract_or_in_another_namespace(self):
        self.assertEqual(self.breaches(include__midillama__midi__score_DOT_h="#pragma once\nnamespace midillama::text {\n}\n"),
                         ["include/midillama/midi/score.h:1: a header opens with its contract, a comment",
                          "include/midillama/midi/score.h: the namespace of the room midi is midillama::midi"])

    def test_the_picture(self):
        drawn = FILES["docs/architecture.md"].replace("| `text` | c |\n", "")
        self.assertEqual(self.breaches(docs__architecture_DOT_md=drawn),
                         ["docs/architecture.md: draws the rooms as core midi model cli; CMakeLists.txt has core midi text model cli"])

    def test_the_list_itself(self):
        listed = FILES["CMakeLists.txt"].replace("(midi DEPENDS core)", "(midi DEPENDS model core)")
        self.assertIn("CMakeLists.txt: midi uses model, which is not above it", self.breaches(CMakeLists_DOT_txt=listed))
        unknown = self.breaches(include__midillama__dance__steps_DOT_h="// Steps.\n")
        self.assertEqual(unknown, ["include/midillama/dance/steps.h: CMakeLists.txt names no room dance"])


if __name__ == "__main__":
    unittest.main()

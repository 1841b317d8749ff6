#!/usr/bin/env python3
"""What scripts/classical says of the works before and after music21, which is not needed here, has read them."""
import importlib.machinery
import importlib.util
import pathlib
import sys
import tempfile
import types
import unittest

SCRIPT = pathlib.Path(__file__).parents[2] / "scripts/classical"
sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader("classical", str(SCRIPT))
classical = importlib.util.module_from_spec(importlib.util.spec_from_loader("classical", loader))
loader.exec_module(classical)


def events(*pairs):
    """A track of music21's kind: times since the last event, and events by their names."""
    track = types.SimpleNamespace(events=[])
    for time, kind in pairs:
        track.events += [types.SimpleNamespace(time=time), types.SimpleNamespace(type=kind)]
    return track


class Classical(unittest.TestCase):
    def test_every_source_has_a_composer_with_a_period(self):
        periods = {classical.period_of(composer) for _, composer in classical.SOURCES}
        self.assertEqual(periods, {period for _, period in classical.PERIODS})

    def test_the_period_is_that_in_which_the_composer_turned_forty(self):
        periods = [classical.period_of(composer) for composer in ["Johannes Ciconia", "Josquin des Prez", "Claudio Monteverdi", "Joseph Haydn",
                                                                  "Carl Maria von Weber", "Scott Joplin"]]
        self.assertEqual(periods, [period for _, period in classical.PERIODS])

    def test_the_first_source_that_matches_names_the_composer(self):
        self.assertEqual(classical.composer_of("trecento/PMFC_06_Giovanni-02-Apress_un_fiume_a.xml"), "Giovanni da Cascia")
        self.assertEqual(classical.composer_of("trecento/PMFC_06_8-In Verde Prato.xml"), "Jacopo da Bologna")
        self.assertEqual(classical.composer_of("trecento/PMFC_12_1-Kyrie Rondello.xml"), "")
        self.assertEqual(classical.composer_of("palestrina/Kyrie_00.krn"), "Giovanni Pierluigi da Palestrina")
        self.assertIsNone(classical.composer_of("palestrina/Agnus_00.krn"))
        self.assertEqual(classical.composer_of("beethoven/opus18no1/movement1.krn"), "Ludwig van Beethoven")
        self.assertIsNone(classical.composer_of("beethoven/opus132.mxl"))
        self.assertIsNone(classical.composer_of("essenFolksong/altdeu10.abc"))

    def test_movements_of_one_work_name_the_same(self):
        def works(*names, first_lines=""):
            return [classical.work_and_movement(name, first_lines) for name in names]
        self.assertEqual(works("bach/bwv10.7.mxl", "bach/bwv248.23-2.mxl", "bach/bwv281.krn", "bach/bwv145-a.mxl"),
                         [("BWV 10", "7"), ("BWV 248", "23-2"), ("BWV 281", ""), ("BWV 145", "-a")])
        self.assertEqual(works("beethoven/opus18no1/movement2.mxl", "mozart/k155/movement1.mxl", "weber/concertino_clarinet.mxl"),
                         [("Op. 18 No. 1", "movement2"), ("K. 155", "movement1"), ("concertino clarinet", "")])
        self.assertEqual(works("monteverdi/madrigal.3.10.mxl"), [("Madrigals, Book 3 No. 10", "")])
        self.assertEqual(works("palestrina/Kyrie_00.krn", "palestrina/Kyrie_II_03.krn", first_lines="!!!COM: P\n!!!OPR: Missa Ad fugam \n"),
                         [("Missa Ad fugam", "Kyrie 00"), ("Missa Ad fugam", "Kyrie II 03")])

    def test_a_piece_that_is_there_twice_is_taken_once(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ["bach/bwv281.krn", "bach/bwv281.mxl", "bach/bwv366.krn", "bach/bwv1.rntxt", "demos/two-parts.xml"]:
                path = pathlib.Path(folder, name)
                path.parent.mkdir(exist_ok=True)
                path.touch()
            chosen = classical.chosen_files(pathlib.Path(folder))
        self.assertEqual([path.name for path in chosen], ["bwv281.mxl", "bwv366.krn"])

    def test_what_is_dropped_delays_nothing(self):
        track = events((0, "tempo"), (0, "meter"), (5, "tempo"), (3, "note"), (1, "tempo"), (2, "end"))
        classical.drop_events(track, lambda event: event.type == "tempo")
        self.assertEqual([(delta.time, event.type) for delta, event in zip(track.events[::2], track.events[1::2])],
                         [(0, "meter"), (8, "note"), (3, "end")])

    def test_the_catalog_is_a_table_of_files(self):
        self.assertEqual(classical.file_name("trecento/PMFC_04-Cara mi donna.xml"), "trecento-PMFC_04-Cara_mi_donna.mid")
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "catalog.csv")
            classical.write_catalog([["a.mid", "Lieder, \"Op.\" 1", "", "Frédéric Chopin", "romantic", "3/4"]], path)
            self.assertEqual(path.read_bytes().decode(),
                             "file,title,movement,composer,period,meter\na.mid,\"Lieder, \"\"Op.\"\" 1\",,Frédéric Chopin,romantic,3/4\n")


if __name__ == "__main__":
    unittest.main()

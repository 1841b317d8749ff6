// What others say of their collections of MIDI files: one reader a published form, the same entries from all.
//
//   giantmidi  GiantMIDI-Piano's full_music_pieces_youtube_similarity_pianosoloprob_split.csv, tab-separated without quotation marks:
//              the rows with giant_midi_piano 1
//   midicaps   MidiCaps' train.json, an object a line; its lists of all chords are no labels
//   maestro    MAESTRO's maestro-v3.0.0.csv
//   atepp      ATEPP's ATEPP-metadata-1.1.csv; a composition_id tells works apart better than the tracks' names
//   aria       Aria-MIDI's metadata.json, files as <id>_<segment>.mid in any folder; a title is made of form, opus and number
//   lakh       midi_genre_map.json of andrebola/patterns-genres: {map: {md5: [labels]}}; corpus.genre_map and corpus.style_map name the
//   maps
//              that give the labels genre and style. Files as <md5>.mid in any folder; in LMD-matched the folder TR… of a track is the
//              work, and tracks that have a file in common are one
//   csv        any table: corpus.file_column, corpus.title_column, corpus.composer_column; all other columns are labels
#pragma once

#include "midillama/config/schema.h"
#include "midillama/core/file.h"

#include <functional>
#include <string>
#include <string_view>

namespace midillama::catalog {

// What a catalog says of one file. Texts have the encoding of the catalog.
struct Entry {
  std::string place;  // in the catalog: "line 12"
  std::string file;   // as the catalog names it
  std::string title;
  std::string composer;
  std::string work;                            // what the catalog calls the work where it tells works apart by more than their titles
  OrderedJson labels = OrderedJson::object();  // numbers, texts, lists; what is not known is not there
  std::string problem;                         // why it is no entry; empty where it is one
  std::string warning;                         // what of it could not be read
  std::string left_out;                        // why the settings leave it out; empty where they do not
};

using OnEntry = std::function<void(const Entry& entry)>;

// Calls `use` with each entry of `config.metadata`, in its order, whichever of catalog_sources() `config.source` is. A table or JSON lines
// are never in memory whole. InputError naming file and place where the catalog is not of the source's form.
void for_each_entry(const config::Corpus& config, const OnEntry& use);

// What a path below the collection's folder and an entry's `file` have in common where they mean the same file: the path in Unicode's
// composed form, for file systems and archives change that; for a source whose files may lie in any folder, the name alone.
std::string file_key(const config::Corpus& config, std::string_view path);

// What the path of a file below the collection's folder says of its work; empty where it says nothing.
std::string work_of(const config::Corpus& config, const std::string& path);

}  // namespace midillama::catalog

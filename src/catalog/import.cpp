#include "midillama/catalog/import.h"

#include "catalog/folder.h"
#include "catalog/notes.h"
#include "catalog/report.h"
#include "catalog/source_import.h"
#include "midillama/catalog/catalog.h"
#include "midillama/core/atomic_file.h"
#include "midillama/core/base64.h"
#include "midillama/core/disjoint_sets.h"
#include "midillama/core/hash.h"
#include "midillama/core/json_text.h"
#include "midillama/core/parallel_for.h"
#include "midillama/core/temporary.h"
#include "midillama/midi/file.h"
#include "midillama/records/step.h"
#include "midillama/text/utf8.h"
#include "midillama/works/files.h"
#include "midillama/works/work_id.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <unordered_set>

namespace midillama::catalog {
namespace fs = std::filesystem;
namespace {

bool is_utf8(const Entry& entry) {
  const auto is_text = [](const OrderedJson& label) {
    return !label.is_string() || text::is_valid_utf8(label.get_ref<const std::string&>());
  };
  return text::is_valid_utf8(entry.title + entry.composer) && std::ranges::all_of(entry.labels, is_text);
}

std::string piece_id(const std::string& file, bool is_short) {
  constexpr std::string_view kEnding = ".mid";
  const std::string stem = file.substr(0, file.ends_with(kEnding) ? file.size() - kEnding.size() : file.size());
  std::string id = corpus::file_safe(stem);
  if (is_short && id == stem && stem != file) return id;
  const std::string digits = fingerprint(file);
  return fmt::format("{}-{}", id, is_short ? digits.substr(0, 8) : digits);
}

// Everything but the paths: a collection that was moved is the same.
OrderedJson catalog_settings(const config::Corpus& config) {
  OrderedJson settings = {{"source", config.source}};
  if (config.source == "giantmidi") settings["curated"] = config.curated;
  if (config.source == "lakh") {
    settings["genre_map"] = config.genre_map;
    settings["style_map"] = config.style_map;
  }
  if (config.source == "csv") {
    settings["file_column"] = config.file_column;
    settings["title_column"] = config.title_column;
    settings["composer_column"] = config.composer_column;
  }
  return settings;
}

OrderedJson sources_json(const config::Corpus& config, const Folder& folder) {
  return {{"catalog", {{"file", fs::path(config.metadata).filename().string()}, {"fingerprint", fingerprint_file(config.metadata)}}},
          {"files", {{"count", folder.size()}, {"fingerprint", folder.fingerprint()}}}};
}

// What looking at a file says.
struct Look {
  std::string problem;  // why it cannot be read
  std::string warning;  // the first
  std::string notes;    // notes_fingerprint(); empty where there are none
};

Look look_at(const fs::path& path, const std::string& name) {
  Look look;
  try {
    const auto bytes = midi::read_midi_bytes(path, name);
    if (midi::has_separate_patterns(bytes))
      throw InputError(name, "", "is of format 2: its tracks are patterns that do not sound together");
    const midi::Score score = midi::parse_midi(bytes, name, [&](const std::string& what) {
      if (look.warning.empty()) look.warning = what;
    });
    if (score.note_count() > 0) look.notes = notes_fingerprint(score);
  } catch (const std::exception& error) {
    look.problem = corpus::skipped(name, error).reason;
  }
  return look;
}

class Import {
 public:
  explicit Import(const config::Corpus& config) : config_(config), folder_(config), songs_(folder_.size()) {}

  void run(const fs::path& directory) {
    const OrderedJson sources = sources_json(config_, folder_);
    choose_files();
    look_at_files();
    name_songs();
    for (const char* file : {works::kPiecesFile, kImportFile}) remove_leftovers_of(directory / file);
    AtomicFile pieces(directory / works::kPiecesFile);
    const std::string written = write_pieces(pieces);
    if (fingerprint_file(config_.metadata) != sources["catalog"]["fingerprint"].get<std::string>())
      throw InputError(config_.metadata, "", "was changed while it was read: import again");
    // The report first: pieces without it would be taken for another program's.
    const Imported imported{.settings = catalog_settings(config_),
                            .sources = sources,
                            .rows = rows_,
                            .pieces = ids_.size(),
                            .works = works_.size(),
                            .fingerprint = written};
    write_atomically(directory / kImportFile, json_text(import_json(imported, lists_), 2) + "\n");
    pieces.commit();
  }

 private:
  struct Chosen {
    std::size_t row;  // in the catalog, from 0 on
    std::size_t file;
    bool is_piece = true;
  };

  // Which file each row of the catalog means.
  void choose_files() {
    std::unordered_map<std::string, const std::string*> skipped;  // reasons by name
    for (const auto& [place, reason] : folder_.skipped()) skipped.emplace(file_key(config_, place), &reason);
    std::vector<std::string> rows(folder_.size());  // the place of the one that chose the file
    std::vector<bool> is_named(folder_.size());
    std::string first_missing;
    for_each_entry(config_, [&](const Entry& entry) {
      const std::size_t row = rows_++;
      if (!entry.problem.empty()) return lists_.add(kMalformed, entry.place, entry.problem);
      if (leaves_folder(entry.file)) return lists_.add(kRefused, entry.file, fmt::format("{}: leads out of corpus.path", entry.place));
      const std::optional<std::size_t> file = folder_.find(entry.file);
      if (file) {
        for (const std::size_t same : folder_.same_as(*file)) is_named[same] = true;
      }
      if (!entry.left_out.empty()) return lists_.add(kNotChosen, entry.file, fmt::format("{}: {}", entry.place, entry.left_out));
      if (file && !rows[*file].empty())
        return lists_.add(kRepeated, entry.file, fmt::format("{}: is the file of {} already", entry.place, rows[*file]));
      if (file) {
        rows[*file] = entry.place;
        list_copies(*file, entry);
        if (!entry.warning.empty()) lists_.add(kWarnings, entry.file, fmt::format("{}: {}", entry.place, entry.warning));
        if (!is_utf8(entry))
          lists_.add(kWarnings, entry.file,
                     fmt::format("{}: title, composer or labels are not UTF-8: save the catalog as UTF-8", entry.place));
        return chosen_.push_back({row, *file});
      }
      const auto reason = skipped.find(file_key(config_, entry.file));
      if (reason != skipped.end()) return lists_.add(kUnreadable, entry.file, fmt::format("{}: {}", entry.place, *reason->second));
      if (first_missing.empty()) first_missing = entry.file;
      lists_.add(kMissing, entry.file, fmt::format("{}: there is no such .mid or .midi file", entry.place));
    });
    for (std::size_t i = 0; i < is_named.size(); ++i) {
      if (!is_named[i]) lists_.add(kNotInCatalog, folder_.name(i), "no row names it");
    }
    for (const auto& [place, reason] : folder_.skipped()) lists_.add(kPassedOver, place, reason);
    if (chosen_.empty()) complain_of_rows(first_missing);
  }

  void list_copies(std::size_t file, const Entry& entry) {
    for (const std::size_t same : folder_.same_as(file)) {
      if (same != file) lists_.add(kCopies, folder_.name(same), fmt::format("{}: is the same file as {}", entry.place, folder_.name(file)));
    }
  }

  [[noreturn]] void complain_of_rows(const std::string& missing) const {
    if (!missing.empty())
      throw InputError(config_.path, "corpus.path",
                       fmt::format("not one file of the catalog {} is below this folder, \"{}\" for one", config_.metadata, missing));
    const OrderedJson& malformed = lists_.json().at(kMalformed.name);
    if (!malformed.empty())
      throw InputError(config_.metadata, malformed[0].at("name").get<std::string>(), malformed[0].at("reason").get<std::string>());
    throw InputError(config_.metadata, "", "has no row of a file to import");
  }

  void look_at_files() {
    std::vector<Look> looks(chosen_.size());
    parallel_for("looking at files", chosen_.size(), [&](std::size_t i) {
      const std::size_t file = chosen_[i].file;
      looks[i] = look_at(folder_.path(file), folder_.name(file));
    });
    std::unordered_map<std::string, std::size_t> first;  // file with the notes
    for (std::size_t i = 0; i < looks.size(); ++i) judge(chosen_[i], looks[i], first);
    if (first.empty())
      throw InputError(config_.path, "corpus.path",
                       fmt::format("none of the {} files of the catalog can be used: {} cannot be read, {} have no notes", chosen_.size(),
                                   lists_.count(kUnreadable), lists_.count(kSilent)));
  }

  void judge(Chosen& chosen, const Look& look, std::unordered_map<std::string, std::size_t>& first) {
    const std::string& name = folder_.name(chosen.file);
    chosen.is_piece = false;
    if (!look.problem.empty()) return lists_.add(kUnreadable, name, look.problem);
    if (look.notes.empty()) return lists_.add(kSilent, name, "has no notes");
    const auto [known, is_new] = first.emplace(look.notes, chosen.file);
    songs_.join(chosen.file, known->second);
    if (!is_new) return lists_.add(kDuplicates, name, fmt::format("has the notes of {}", folder_.name(known->second)));
    chosen.is_piece = true;
    if (!look.warning.empty()) lists_.add(kWarnings, name, look.warning);
  }

  // What the files' paths say of their works. Works that have a file in common, or files with the same notes, are one.
  void name_songs() {
    std::vector<std::string> works;
    std::unordered_map<std::string, std::size_t> first;  // file of a work
    for (std::size_t i = 0; i < folder_.size(); ++i) {
      works.push_back(work_of(config_, folder_.name(i)));
      if (!works[i].empty()) songs_.join(i, first.emplace(works[i], i).first->second);
      for (const std::size_t same : folder_.same_as(i)) songs_.join(i, same);
    }
    for (std::size_t i = 0; i < works.size(); ++i) {
      std::string& name = song_names_[songs_.find(i)];
      if (name.empty() || (!works[i].empty() && works[i] < name)) name = works[i];
    }
  }

  // Reads the catalog once more, so that its rows are never in memory together. The fingerprint of what was written.
  std::string write_pieces(AtomicFile& file) {
    Fingerprinter written;
    std::size_t row = 0;
    auto next = chosen_.begin();
    for_each_entry(config_, [&](const Entry& entry) {
      if (next == chosen_.end() || next->row != row++) return;
      const Chosen& chosen = *next++;
      if (!chosen.is_piece) return;
      const std::string line = json_line(piece_line(entry, chosen.file));
      file.write(line);
      written.add(line);
    });
    return written.fingerprint();
  }

  OrderedJson piece_line(const Entry& entry, std::size_t number) {
    const std::string& file = folder_.name(number);
    std::string id = piece_id(file, true);
    if (!ids_.insert(id).second) ids_.insert(id = piece_id(file, false));
    std::string work = works::work_id(entry.composer, entry.work.empty() ? entry.title : entry.work);
    if (work.empty()) work = song_names_[songs_.find(number)];
    if (work.empty()) work = id;
    works_.insert(work);
    OrderedJson line = {{"piece", id},           {"file", file},
                        {"title", entry.title},  {"composer", entry.composer},
                        {"work", work},          {"source", config_.source},
                        {"labels", entry.labels}};
    if (!text::is_valid_utf8(file)) line["file_bytes"] = to_base64(file);
    return line;
  }

  const config::Corpus& config_;
  Folder folder_;
  DisjointSets songs_;                                       // of files
  std::unordered_map<std::size_t, std::string> song_names_;  // empty where no path says one
  Lists lists_;
  std::size_t rows_ = 0;
  std::vector<Chosen> chosen_;  // in the order of the catalog
  std::unordered_set<std::string> ids_, works_;
};

OrderedJson settings_of(const config::Corpus& config) {
  return is_own_source(config) ? source_settings(config) : catalog_settings(config);
}

}  // namespace

void import_pieces(const config::Corpus& config, const fs::path& directory) {
  if (is_own_source(config)) {
    import_source(config, directory);
  } else {
    Import(config).run(directory);
  }
}

bool is_current(const config::Corpus& config, const fs::path& directory) {
  const fs::path pieces = directory / works::kPiecesFile;
  if (!fs::exists(directory / kImportFile) || !fs::exists(pieces)) return false;
  const OrderedJson report = import_report(directory);
  const auto part = [&](const char* key) { return report.is_object() ? report.value(key, OrderedJson()) : OrderedJson(); };
  const OrderedJson written = {{"file", works::kPiecesFile}, {"fingerprint", fingerprint_file(pieces)}};
  const bool is_own = is_own_source(config);
  if (part("format") != kImportFormat || part("settings") != settings_of(config) || part("pieces") != written) return false;
  if (!fs::exists(config.path) || (!is_own && !fs::exists(config.metadata))) return true;
  return part("sources") == (is_own ? source_files(config) : sources_json(config, Folder(config)));
}

std::string difference_text(const config::Corpus& config, const fs::path& directory) {
  const OrderedJson record = records::record_of(directory, records::kImportStep);
  return records::difference_text(record.value("settings", OrderedJson::object()), settings_of(config));
}

}  // namespace midillama::catalog

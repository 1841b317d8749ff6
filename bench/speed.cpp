// Our side of the comparisons of speed: holds its input in memory and runs one round for every line of standard input, so that a script can
// have the other side run between them.
//
//   speed midi LIST              LIST: paths of MIDI files, one a line. Rounds: "parse N", "octuples N" on N threads
//   speed text TOKENIZER TEXT    Rounds: "whole", "lines"; "ids" prints what the last one gave
//   speed metrics PREDICTIONS    as for `midillama score`. Rounds: "bleu", "meteor", "rouge_l"
//
// Every round answers with one JSON object: `cpu_seconds` of all threads and `seconds` by the clock among its values.
#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "midillama/core/log.h"
#include "midillama/core/parallel_for.h"
#include "midillama/metrics/metrics.h"
#include "midillama/midi/file.h"
#include "midillama/octuple/octuple.h"
#include "midillama/text/tokenizer.h"
#include "rounds.h"

#include <fstream>
#include <numeric>

namespace {

using namespace midillama;
using bench::serve;
using bench::timed;

void serve_midi(const std::filesystem::path& list) {
  log::set_level(log::Level::error);
  struct File {
    std::string name;
    std::vector<std::uint8_t> bytes;
  };
  std::vector<File> files;
  std::ifstream names(list);
  for (std::string name; std::getline(names, name);) files.push_back({name, read_bytes(name)});
  std::vector<std::size_t> notes(files.size());
  serve([&](const std::string& round, std::istream& words) {
    unsigned threads = 1;
    words >> threads;
    const auto file = [&](std::size_t i) {
      const midi::Score score = midi::parse_midi(files[i].bytes, files[i].name);
      notes[i] = round == "parse" ? score.note_count() : octuple::encode(score).size();
    };
    Json answer = timed([&] { parallel_for(files.size(), file, threads); });
    answer["notes"] = std::accumulate(notes.begin(), notes.end(), std::size_t{0});
    return answer;
  });
}

void serve_text(const std::filesystem::path& model, const std::filesystem::path& file) {
  const auto tokenizer = text::load_tokenizer(model);
  const std::string whole = read_text(file);
  std::vector<std::string_view> lines;
  for (std::string_view rest = whole; !rest.empty();) {
    lines.push_back(rest.substr(0, rest.find('\n')));
    rest.remove_prefix(std::min(lines.back().size() + 1, rest.size()));
  }
  std::vector<std::vector<text::TokenId>> ids;
  serve([&](const std::string& round, std::istream&) {
    if (round == "ids") return Json(ids);
    ids.clear();
    return timed([&] {
      if (round == "whole") return ids.push_back(tokenizer->encode(whole));
      for (const std::string_view line : lines) ids.push_back(tokenizer->encode(line));
    });
  });
}

void serve_metrics(const std::filesystem::path& predictions) {
  std::vector<metrics::ScoredText> examples;
  for_each_json_line(predictions, [&](const Json& row, std::size_t) { examples.push_back({row.at("prediction"), row.at("references")}); });
  serve([&](const std::string& round, std::istream&) {
    metrics::Score score;
    Json answer = timed([&] {
      score = round == "bleu" ? metrics::bleu(examples) : round == "meteor" ? metrics::meteor(examples) : metrics::rouge_l(examples);
    });
    answer["score"] = score.score;
    answer["per_example"] = score.per_example;
    return answer;
  });
}

}  // namespace

int main(int count, char** values) {
  const std::vector<std::string> arguments(values + 1, values + count);
  const std::string kind = arguments.empty() ? "" : arguments.front();
  try {
    if (kind == "midi" && arguments.size() == 2) return serve_midi(arguments[1]), 0;
    if (kind == "text" && arguments.size() == 3) return serve_text(arguments[1], arguments[2]), 0;
    if (kind == "metrics" && arguments.size() == 2) return serve_metrics(arguments[1]), 0;
    std::cerr << "usage: speed midi LIST | speed text TOKENIZER TEXT | speed metrics PREDICTIONS\n";
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
  }
  return 1;
}

#include "midillama/doctor/doctor.h"

#include "midillama/config/config.h"
#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "midillama/core/machine.h"
#include "midillama/core/numbers.h"
#include "midillama/corpus/abc_converter.h"
#include "midillama/corpus/dataset.h"
#include "midillama/data/clip_notes.h"
#include "midillama/eval/bert_score.h"
#include "midillama/metrics/metrics.h"
#include "midillama/midi/file.h"
#include "midillama/model/llama.h"
#include "midillama/model/musicbert.h"
#include "midillama/music/abc_check.h"
#include "midillama/parallel/process_group.h"
#include "midillama/parallel/self_test.h"
#include "midillama/records/question_file.h"
#include "midillama/shapes/compatibility.h"
#include "midillama/shapes/memory_plan.h"
#include "midillama/shapes/parameters.h"
#include "midillama/shapes/prompt.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <thread>

namespace midillama::doctor {
namespace fs = std::filesystem;
namespace {

// What a check found; throwing is failing.
struct Finding {
  std::string detail;
  Status status = Status::ok;
  std::string mend = {};  // in place of the check's own
};

class Examination {
 public:
  explicit Examination(const config::Config& config) : config_(config) {}

  std::vector<Check> run() {
    check("device", "set run.device to what this machine has", [&] { return device(); });
    check("collectives", "build with a LibTorch that has NCCL (GPU), or with libgloo-dev (CPU); one rank needs neither",
          [&] { return collectives(); });
    check("llm", "set llm.path to a Llama directory in Hugging Face layout; `midillama train --stage pretrain-llm` makes a small one",
          [&] { return llm(); });
    check("tokenizer", "put the tokenizer that was published with the decoder into llm.path", [&] { return tokenizer(); });
    check("special tokens", "add bos_token and eos_token to tokenizer_config.json", [&] { return special_tokens(); });
    check("template", "set prompt.template=plain, or llm.path to an Instruct model", [&] { return prompt_template(); });
    check("music encoder", "set music_encoder.path to a MusicBERT directory; `midillama train --stage pretrain-encoder` makes a small one",
          [&] { return music_encoder(); });
    check("dictionary", "train or convert the encoder for the OctupleMIDI dictionary", [&] { return dictionary(); });
    check("bertscore",
          "set eval.bertscore.path to a BERT or RoBERTa directory and eval.bertscore.layer to one of its layers, or leave the path empty",
          [&] { return bertscore(); });
    check("dataset", "`midillama data build` makes the dataset of a configuration; else set data.dir", [&] { return dataset(); });
    for (const char* stage : {"align", "sft"}) {
      check(std::string("memory, ") + stage, "lower prompt.max_length or take a larger device", [&] { return memory(stage); });
    }
    check("run directory", "set run.dir to a folder that you may write to", [&] { return run_directory(); });
    check("disk", "free some space, set run.dir to a larger disk, or lower train.keep_checkpoints", [&] { return disk(); });
    check("clips as text", "apt-get install abcmidi", [&] { return clips_as_text(); });
    if (config_.corpus.source == "abc") check("abc2midi", "apt-get install abcmidi", [&] { return abc2midi(); });
    check("wordnet", "apt-get install wordnet-base", [&] { return wordnet(); });
    return std::move(checks_);
  }

 private:
  void check(const std::string& name, const std::string& mend, const std::function<Finding()>& look) {
    Check result{name, Status::ok, {}, {}};
    try {
      Finding found = look();
      result.status = found.status;
      result.detail = std::move(found.detail);
      if (found.status != Status::ok) result.mend = found.mend.empty() ? mend : found.mend;
    } catch (const std::exception& error) {
      result.status = Status::fail;
      result.detail = error.what();
      result.mend = mend;
    }
    checks_.push_back(std::move(result));
  }

  static Finding not_checked(const char* other) {
    return {fmt::format("not checked, for {} failed", other), Status::warn, fmt::format("mend {} first", other)};
  }

  Finding device() {
    device_ = parallel::choose_device(config_.run.device);
    if (!device_->is_cuda())
      return {fmt::format("cpu, {} cores, {}", std::thread::hardware_concurrency(), gibibytes(machine_memory().total))};
    std::vector<std::string> names;
    for (const Gpu& gpu : gpus()) names.push_back(fmt::format("{} ({})", gpu.name, gibibytes(gpu.memory.total)));
    return {fmt::format("{}: {}", device_->str(), fmt::join(names, ", "))};
  }

  Finding collectives() {
    if (!device_) return not_checked("the device");
    return {parallel::test_all_reduce(*device_) + ": one rank's all-reduce gives the right sum"};
  }

  Finding llm() {
    llm_ = model::check_llama(config_.llm.path);
    return {fmt::format("{}: {} parameters in {} layers, every name and shape as in config.json", config_.llm.path,
                        with_commas(shapes::count_parameters(*llm_)), llm_->num_hidden_layers)};
  }

  Finding tokenizer() {
    tokenizer_ = text::load_tokenizer(config_.llm.path);
    if (!llm_) return not_checked("the llm");
    shapes::require_tokenizer(config_.llm, *llm_, *tokenizer_);
    for (const char* text : {"Which key is this piece in?", "It is in F sharp minor, 6/8, at 112.5 bpm.\nA gigue.",
                             "Anton\xc3\xadn Dvo\xc5\x99\xc3\xa1k, \xe9\x9f\xb3\xe6\xa5\xbd"}) {
      const auto ids = tokenizer_->encode(text);
      if (const auto back = tokenizer_->decode(ids); back != text) {
        return {fmt::format("\"{}\" comes back as \"{}\" from encoding and decoding", text, back), Status::warn,
                "use a tokenizer with byte fallback and without normalisation, or keep to texts that it knows"};
      }
    }
    return {fmt::format("{} ids for {} embeddings; texts come back whole", with_commas(tokenizer_->vocab_size()),
                        with_commas(llm_->vocab_size))};
  }

  Finding special_tokens() {
    if (!tokenizer_ || !llm_) return not_checked("the tokenizer");
    const auto bos = tokenizer_->bos_id(), eos = tokenizer_->eos_id();
    if (!bos || !eos) return {fmt::format("the tokenizer names no {} token", bos ? "eos" : "bos"), Status::warn};
    if (std::ranges::find(llm_->eos_token_ids, *eos) == llm_->eos_token_ids.end()) {
      return {fmt::format("the tokenizer ends a text with {}, config.json with [{}]", *eos, fmt::join(llm_->eos_token_ids, ", ")),
              Status::warn, "set eos_token_id in config.json to the tokenizer's, or generate.stop_token_ids to both"};
    }
    return {fmt::format("bos {} ({}), eos {} ({})", *bos, tokenizer_->token(*bos), *eos, tokenizer_->token(*eos))};
  }

  Finding prompt_template() {
    if (!tokenizer_ || !llm_) return not_checked("the tokenizer");
    const auto prompt = shapes::prompt_template(config_, *tokenizer_);
    shapes::require_trained_template(config_.llm, prompt, *llm_, *tokenizer_);
    if (const std::string open = shapes::open_end(prompt); !open.empty()) {
      return {open, Status::warn, "end prompt.template with {eos} or the chat format's end of a turn"};
    }
    const bool instruct = shapes::llm_kind(config_.llm, *llm_, *tokenizer_) == shapes::LlmKind::instruct;
    if (instruct && config_.prompt.template_text == "plain")
      return {"plain for an Instruct model, which was trained on its chat template", Status::warn, "set prompt.template=chat"};
    return {fmt::format("{} for {} model",
                        config_.prompt.template_text.find("{answer}") != std::string::npos ? "its own" : config_.prompt.template_text,
                        instruct ? "an Instruct" : "a base")};
  }

  Finding music_encoder() {
    encoder_ = model::check_musicbert(config_.music_encoder.path);
    return {fmt::format("{}: {} parameters in {} layers, every name and shape as in config.json", config_.music_encoder.path,
                        with_commas(shapes::count_parameters(*encoder_)), encoder_->num_hidden_layers)};
  }

  Finding dictionary() {
    if (!encoder_) return not_checked("the music encoder");  // which includes one of another dictionary
    return {fmt::format("{} ids, the encoder's and OctupleMIDI's", encoder_->vocab_size)};
  }

  Finding bertscore() {
    const auto& bert = config_.eval.bertscore;
    if (bert.path.empty()) return {"not configured"};
    try {
      eval::check_bert_encoder(bert);
    } catch (const InputError& error) {
      return {fmt::format("not configured: {}", error.what()), Status::warn,
              "scripts/setup brings all-MiniLM-L6-v2; or set eval.bertscore.path to a BERT or RoBERTa directory, or to \"\""};
    }
    return {fmt::format("{}: every name and shape as in config.json, up to layer {}", bert.path, bert.layer)};
  }

  Finding dataset() {
    const fs::path directory = config_.data.dir;
    std::size_t questions = 0, clips = 0;
    for (const auto& split : {config_.data.train_split, config_.data.valid_split, config_.data.test_split}) {
      if (split.empty()) continue;
      const bool optional = split == config_.data.valid_split && fs::exists(records::split_file(directory, split));
      const std::optional<records::QuestionFile> read =
          optional ? records::open_optional_questions(directory, split) : records::open_questions(directory, split);
      if (!read) continue;
      data::require_clips(read->clips());
      questions += read->size();
      clips += read->clips().size();
    }
    const auto found = fmt::format("{}: {} questions about {} clips", directory.string(), with_commas(static_cast<std::int64_t>(questions)),
                                   with_commas(static_cast<std::int64_t>(clips)));
    if (!fs::exists(directory / records::kDatasetFile))
      return {found + "; there is no dataset.json to compare them with", Status::warn, "`midillama data check` reads every line and clip"};
    if (const auto changed = corpus::changed_splits(directory); !changed.empty()) {
      return {fmt::format("{}; {} changed since dataset.json was written", found, fmt::join(changed, ", ")), Status::warn,
              "`midillama data check` says what is wrong; `midillama data build --overwrite` builds it again"};
    }
    if (const auto warnings = corpus::dataset_warnings(directory); !warnings.empty()) {
      return {fmt::format("{}; {}", found, fmt::join(warnings, "; ")), Status::warn,
              "leave such tags out with corpus.tags, or declare other bounds (docs/dataset.md)"};
    }
    return {found + ", as dataset.json says"};
  }

  // Bytes of this rank's device.
  Memory device_memory() const {
    if (!device_->is_cuda()) {
      const Memory machine = machine_memory();
      return {machine.total / parallel::local_size(), machine.free / parallel::local_size()};
    }
    const auto found = gpus();
    const auto number = static_cast<std::size_t>(parallel::local_rank());
    if (number >= found.size()) throw Error("nvidia-smi does not show this rank's GPU, so its memory is not known");
    return found[number].memory;
  }

  Finding memory(const std::string& stage) {
    if (!device_) return not_checked("the device");
    if (!llm_) return not_checked("the llm");
    if (!encoder_) return not_checked("the music encoder");
    const auto work = shapes::Workload::read(config_, stage, device_->is_cuda(), parallel::world_size());
    const auto needed = shapes::plan_memory(work, work.micro_batch_size()).total();
    const Memory memory = device_memory();
    const auto found =
        fmt::format("{} for {} tokens at once in examples of {}; {} of {} are free", gibibytes(needed),
                    work.tokens_at_once(work.micro_batch_size()), work.tokens, gibibytes(memory.free), gibibytes(memory.total));
    if (needed <= memory.free) return {found};
    const auto largest = shapes::largest_micro_batch(work, memory.free);
    return {found, needed > memory.total ? Status::fail : Status::warn,
            largest > 0 ? fmt::format("set stages.{}.micro_batch_size to {} or less; `midillama plan` shows why", stage, largest) : ""};
  }

  // Writes, because permissions alone do not tell (a file system that is full or read-only, a quota).
  Finding run_directory() {
    fs::path nearest = fs::absolute(config_.run.dir);
    while (!fs::exists(nearest)) nearest = nearest.parent_path();
    const TemporaryDirectory folder(nearest);
    write_atomically(folder.path() / "file", "text");
    return {config_.run.dir + " can be written"};
  }

  Finding disk() {
    const std::int64_t free = free_disk(config_.run.dir);
    if (!llm_) return not_checked("the llm");
    if (!encoder_) return not_checked("the music encoder");
    std::int64_t needed = 0;
    for (const char* stage : {"align", "sft"}) needed += shapes::checkpoint_bytes(shapes::Workload::read(config_, stage, false, 1));
    const auto found = fmt::format("{} for the checkpoints in {}, {} are free", gibibytes(needed), config_.run.dir, gibibytes(free));
    return {found, needed > free ? Status::fail : Status::ok};
  }

  // By a program that did not write them.
  Finding clips_as_text() {
    if (!tokenizer_) return not_checked("the tokenizer");
    if (!shapes::prompt_template(config_, *tokenizer_).has_notes()) return {"not heard as text"};
    if (config_.prompt.notes != "abc") return {config_.prompt.notes};
    try {
      corpus::abc2midi_version();
    } catch (const Error& error) {
      return {fmt::format("abc, not read back: {}", error.what()), Status::warn};
    }
    constexpr std::size_t kClips = 20;
    auto clips = records::open_questions(config_.data.dir, config_.data.test_split).clips();
    clips.resize(std::min(clips.size(), kClips));
    music::AbcCheck sum;
    for (const auto& clip : clips) {
      const auto check = music::check_abc(midi::read_midi(clip), {.grid = static_cast<int>(config_.prompt.grid)});
      sum.notes += check.notes;
      sum.missing += check.missing;
      sum.added += check.added;
    }
    const auto found = fmt::format("abc: abc2midi reads {} of the {} notes of {} clips back", with_commas(sum.notes - sum.missing),
                                   with_commas(sum.notes), clips.size());
    if (sum.missing + sum.added == 0) return {found};
    return {found, Status::warn, "set prompt.grid to 12 or 4, or prompt.notes to note-list"};
  }

  Finding abc2midi() const {
    const bool built = fs::exists(fs::path(config_.data.dir) / records::kDatasetFile);
    try {
      return {corpus::abc2midi_version()};
    } catch (const Error& error) {
      return {fmt::format("{}{}", error.what(), built ? " (the dataset is there already)" : ""), built ? Status::warn : Status::fail};
    }
  }

  static Finding wordnet() {
    const std::array<metrics::ScoredText, 1> same = {{{"a slow tune", {"a slow tune"}}}};
    return {"METEOR works: " + metrics::meteor(same).signature};
  }

  const config::Config& config_;
  std::vector<Check> checks_;
  std::optional<torch::Device> device_;
  std::optional<shapes::LlamaConfig> llm_;
  std::optional<shapes::MusicBertConfig> encoder_;
  std::unique_ptr<text::Tokenizer> tokenizer_;
};

std::string name_of(Status status) {
  return status == Status::ok ? "ok" : status == Status::warn ? "warn" : "fail";
}

// Further lines of a detail stand below the first.
std::string indented(std::string text, std::size_t columns) {
  for (auto at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + columns + 1)) text.insert(at + 1, columns, ' ');
  return text;
}

}  // namespace

std::vector<Check> examine(const config::Config& config) {
  return Examination(config).run();
}

std::string to_text(std::span<const Check> checks) {
  std::size_t width = 0;
  for (const Check& check : checks) width = std::max(width, check.name.size());
  std::string text;
  for (const Check& check : checks) {
    text += fmt::format("{:<{}}  {:<4}  {}\n", check.name, width, name_of(check.status), indented(check.detail, width + 8));
    if (!check.mend.empty()) text += fmt::format("{:<{}}        mend: {}\n", "", width, check.mend);
  }
  return text;
}

OrderedJson to_json(std::span<const Check> checks) {
  OrderedJson list = OrderedJson::array();
  for (const Check& check : checks) {
    list.push_back({{"name", check.name}, {"status", name_of(check.status)}, {"detail", check.detail}, {"mend", check.mend}});
  }
  return list;
}

}  // namespace midillama::doctor

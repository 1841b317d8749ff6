#include "midillama/config/config.h"
#include "midillama/config/limits.h"
#include "midillama/config/projector_kinds.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace midillama::config {
namespace {

constexpr double kMillisecond = 0.001, kDay = 86'400;  // seconds
constexpr std::size_t kLongestPath = 4096, kShownValue = 200;

// Collects `key: value — what must hold`.
class Checker {
 public:
  template <typename T>
  void require(bool holds, const std::string& key, const T& value, const std::string& what) {
    if (holds) return;
    const std::string shown = fmt::format("{}", value);
    mistakes.push_back(fmt::format("{}: {}{} — {}", key, shown.substr(0, kShownValue), shown.size() > kShownValue ? "…" : "", what));
  }
  template <typename T>
  void at_least(const std::string& key, T value, T low) {
    require(value >= low, key, value, fmt::format("must be at least {}", low));
  }
  template <typename T>
  void positive(const std::string& key, T value) {
    require(value > T{0}, key, value, "must be greater than 0");
  }
  template <typename T>
  void between(const std::string& key, T value, T low, T high) {
    require(value >= low && value <= high, key, value, fmt::format("must be between {} and {}", low, high));
  }
  // low <= value < high
  void in_range(const std::string& key, double value, double low, double high) {
    require(value >= low && value < high, key, value, fmt::format("must be at least {} and below {}", low, high));
  }
  void seconds_to_wait(const std::string& key, double value) {
    require(value >= kMillisecond && value <= kDay, key, value, fmt::format("must be between {} and {} seconds", kMillisecond, kDay));
  }
  // Greater than 0 and at most 1.
  void share(const std::string& key, double value) { require(value > 0 && value <= 1, key, value, "must be greater than 0 and at most 1"); }
  void below(const std::string& key, double value, const std::string& other, double bound) {
    require(value < bound, key, value, fmt::format("must be less than {}, which is {}", other, bound));
  }
  void one_of(const std::string& key, const std::string& value, const std::vector<std::string>& allowed) {
    require(std::find(allowed.begin(), allowed.end(), value) != allowed.end(), key, "\"" + value + "\"",
            fmt::format("must be one of {}", fmt::join(allowed, ", ")));
  }

  std::vector<std::string> mistakes;
};

void check(Checker& c, const Run& run) {
  c.require(!run.dir.empty() && run.dir.size() < kLongestPath, "run.dir", "\"" + run.dir + "\"", "must name a folder");
  c.between<std::int64_t>("run.threads", run.threads, 0, 1024);
  c.one_of("run.device", run.device, {"auto", "cpu", "cuda"});
  c.at_least<std::int64_t>("run.timeout", run.timeout, 1);
}

void check(Checker& c, const EncoderShape& shape) {
  const std::string key = "music_encoder.pretrain.";
  c.positive(key + "hidden_size", shape.hidden_size);
  c.positive(key + "num_hidden_layers", shape.num_hidden_layers);
  c.positive(key + "num_attention_heads", shape.num_attention_heads);
  c.positive(key + "intermediate_size", shape.intermediate_size);
  c.at_least<std::int64_t>(key + "max_position_embeddings", shape.max_position_embeddings, 6);
  c.in_range(key + "dropout", shape.dropout, 0, 1);
  c.require(shape.mask_probability > 0 && shape.mask_probability < 1, key + "mask_probability", shape.mask_probability,
            "must be greater than 0 and below 1");
  c.require(shape.num_attention_heads <= 0 || shape.hidden_size % shape.num_attention_heads == 0, key + "hidden_size", shape.hidden_size,
            "must be a multiple of num_attention_heads");
}

void check(Checker& c, const MusicEncoder& encoder) {
  c.one_of("music_encoder.pooling", encoder.pooling, {"mean", "none"});
  c.at_least<std::int64_t>("music_encoder.tokens", encoder.tokens, 1);
  c.one_of("music_encoder.hidden_states", encoder.hidden_states, {"before_upsampling", "after_upsampling"});
  c.one_of("music_encoder.dtype", encoder.dtype, {"float32", "bfloat16"});
  check(c, encoder.pretrain);
}

void check(Checker& c, const Projector& projector, const MusicEncoder& encoder) {
  std::vector<std::string> names;
  for (const ProjectorKind& kind : projector_kinds()) names.emplace_back(kind.name);
  c.one_of("projector.kind", projector.kind, names);
  c.at_least<std::int64_t>("projector.hidden_size", projector.hidden_size, 0);
  c.one_of("projector.initialization", projector.initialization, {"linear", "whitened", "answers", "contrastive"});
  c.at_least<std::int64_t>("projector.queries", projector.queries, 1);
  c.at_least<std::int64_t>("projector.contrastive.steps", projector.contrastive.steps, 1);
  c.at_least<std::int64_t>("projector.contrastive.batch_size", projector.contrastive.batch_size, 2);
  c.positive("projector.contrastive.learning_rate", projector.contrastive.learning_rate);
  c.positive("projector.contrastive.temperature", projector.contrastive.temperature);
  const ProjectorKind* kind = find_projector_kind(projector.kind);
  if (!kind) return;
  c.require(projector.initialization != "answers" || projector.kind == "linear", "projector.initialization", projector.initialization,
            fmt::format("is possible with projector.kind linear, not with {}", projector.kind));
  const bool pooled = encoder.pooling != "none";
  c.require(pooled || kind->takes_notes, "music_encoder.pooling", encoder.pooling,
            fmt::format("gives a vector a note, but projector.kind {} takes pooled ones", projector.kind));
  c.require(!pooled || !kind->takes_notes, "music_encoder.pooling", encoder.pooling,
            fmt::format("must be none for projector.kind {}, which takes a vector a note", projector.kind));
  c.require(pooled || encoder.tokens == 1, "music_encoder.tokens", encoder.tokens, "must be 1 where music_encoder.pooling is none");
}

void check(Checker& c, const LlmShape& shape) {
  const std::string key = "llm.pretrain.";
  c.positive(key + "hidden_size", shape.hidden_size);
  c.positive(key + "num_hidden_layers", shape.num_hidden_layers);
  c.positive(key + "num_attention_heads", shape.num_attention_heads);
  c.positive(key + "num_key_value_heads", shape.num_key_value_heads);
  c.positive(key + "intermediate_size", shape.intermediate_size);
  c.at_least<std::int64_t>(key + "max_position_embeddings", shape.max_position_embeddings, 8);
  c.positive(key + "rope_theta", shape.rope_theta);
  c.at_least<std::int64_t>(key + "vocab_size", shape.vocab_size, 300);
  c.at_least<std::int64_t>(key + "sequence_length", shape.sequence_length, 8);
  c.require(shape.num_attention_heads <= 0 || shape.hidden_size % (2 * shape.num_attention_heads) == 0, key + "hidden_size",
            shape.hidden_size, "must be a multiple of 2 · num_attention_heads");
  c.require(shape.num_key_value_heads <= 0 || shape.num_attention_heads % shape.num_key_value_heads == 0, key + "num_attention_heads",
            shape.num_attention_heads, "must be a multiple of num_key_value_heads");
}

// What trains is not what is measured: no file is two splits.
void check(Checker& c, const Data& data) {
  c.require(!data.dir.empty(), "data.dir", "\"\"", "must name a folder");
  std::set<std::string> names;
  for (const auto& [key, name] : {std::pair{"data.train_split", data.train_split}, std::pair{"data.valid_split", data.valid_split},
                                  std::pair{"data.test_split", data.test_split}}) {
    c.require(name.find('/') == std::string::npos, key, name, "must be the name of a file in data.dir, without \".jsonl\"");
    c.require(name.empty() || names.insert(name).second, key, name, "is another split already");
  }
}

void check(Checker& c, const Lora& lora) {
  static const std::vector<std::string> linears = {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"};
  c.at_least<std::int64_t>("lora.rank", lora.rank, 1);
  c.require(lora.alpha > 0 && lora.alpha <= kLargestFactor, "lora.alpha", lora.alpha,
            fmt::format("must be greater than 0 and at most {}", kLargestFactor));
  c.in_range("lora.dropout", lora.dropout, 0, 1);
  c.require(!lora.target_modules.empty(), "lora.target_modules", "[]", "must name at least one linear layer");
  for (const std::string& module : lora.target_modules) c.one_of("lora.target_modules", module, linears);
  const std::set<std::string> distinct(lora.target_modules.begin(), lora.target_modules.end());
  c.require(distinct.size() == lora.target_modules.size(), "lora.target_modules", fmt::format("[{}]", fmt::join(lora.target_modules, ", ")),
            "must not name a layer twice");
}

void check(Checker& c, const std::string& key, const Train& train) {
  c.at_least<std::int64_t>(key + "batch_size", train.batch_size, 1);
  c.at_least<std::int64_t>(key + "micro_batch_size", train.micro_batch_size, 0);
  c.at_least<std::int64_t>(key + "micro_batch_tokens", train.micro_batch_tokens, 0);
  c.require(!train.deterministic_reduction || train.micro_batch_size > 0 || train.micro_batch_tokens > 0, key + "deterministic_reduction",
            train.deterministic_reduction,
            "needs micro_batch_size or micro_batch_tokens: else a micro-batch is what the number of ranks leaves");
  c.at_least<std::int64_t>(key + "max_steps", train.max_steps, 0);
  c.require(train.max_steps > 0 || train.epochs > 0, key + "epochs", train.epochs, "must be greater than 0 where max_steps is 0");
  c.require(train.epochs <= 1e6, key + "epochs", train.epochs, "must be at most 1,000,000");
  c.between(key + "learning_rate", train.learning_rate, 0.0, kLargestFactor);
  c.require(train.warmup_ratio >= 0 && train.warmup_ratio <= 1, key + "warmup_ratio", train.warmup_ratio, "must be between 0 and 1");
  c.between(key + "weight_decay", train.weight_decay, 0.0, kLargestFactor);
  c.in_range(key + "beta1", train.beta1, 0, 1);
  c.in_range(key + "beta2", train.beta2, 0, 1);
  c.positive(key + "epsilon", train.epsilon);
  c.at_least(key + "max_grad_norm", train.max_grad_norm, 0.0);
  c.at_least<std::int64_t>(key + "checkpoint_every", train.checkpoint_every, 1);
  c.at_least<std::int64_t>(key + "keep_checkpoints", train.keep_checkpoints, 1);
  c.at_least<std::int64_t>(key + "validate_every", train.validate_every, 0);
  c.at_least<std::int64_t>(key + "validate_examples", train.validate_examples, 0);
}

// What is wrong in `train` is wrong in every stage that inherits it: said once.
void check_stages(Checker& c, const Config& config) {
  Checker common;
  check(common, "", config.train);
  for (const std::string& mistake : common.mistakes) c.mistakes.push_back("train." + mistake);
  for (const auto& [stage, values] : config.stages) {
    Checker own;
    check(own, "", values);
    for (const std::string& mistake : own.mistakes) {
      const bool inherited = std::find(common.mistakes.begin(), common.mistakes.end(), mistake) != common.mistakes.end();
      if (!inherited) c.mistakes.push_back(fmt::format("stages.{}.{}", stage, mistake));
    }
  }
}

void check(Checker& c, const Generate& generate) {
  c.at_least<std::int64_t>("generate.max_new_tokens", generate.max_new_tokens, 1);
  c.at_least("generate.temperature", generate.temperature, 0.0);
  c.require(generate.top_p > 0 && generate.top_p <= 1, "generate.top_p", generate.top_p, "must be greater than 0 and at most 1");
  c.at_least<std::int64_t>("generate.batch_size", generate.batch_size, 1);
  c.one_of("generate.weights", generate.weights, {"own", "int8"});
  for (const std::int64_t id : generate.stop_token_ids) c.at_least<std::int64_t>("generate.stop_token_ids", id, 0);
}

void check(Checker& c, const Eval& eval) {
  c.at_least<std::int64_t>("eval.max_examples", eval.max_examples, 0);
  c.one_of("eval.profile", eval.profile, {"standard", "mullama"});
  c.between<std::int64_t>("eval.bootstrap_samples", eval.bootstrap_samples, 0, 1'000'000);
  c.at_least<std::int64_t>("eval.bertscore.layer", eval.bertscore.layer, 1);
}

void check_source(Checker& c, const Corpus& corpus) {
  std::vector<std::string> sources = catalog_sources();
  const bool has_catalog = std::ranges::find(sources, corpus.source) != sources.end();
  sources.insert(sources.begin(), {"abc", "midi"});
  c.one_of("corpus.source", corpus.source, sources);
  c.require(!has_catalog || !corpus.metadata.empty(), "corpus.metadata", "\"\"",
            fmt::format("must name the catalog where corpus.source is {}", corpus.source));
  c.require(!corpus.estimate_beats || corpus.source != "abc", "corpus.estimate_beats", "true",
            "is for MIDI files: tunes in ABC state their tempo or have none");
  c.require(!corpus.file_column.empty(), "corpus.file_column", "\"\"", "must name the column of the files");
  for (const auto& [key, column] :
       {std::pair{"corpus.title_column", corpus.title_column}, std::pair{"corpus.composer_column", corpus.composer_column}})
    c.require(column.empty() || column != corpus.file_column, key, column, "is corpus.file_column already");
}

void check(Checker& c, const Corpus& corpus) {
  check_source(c, corpus);
  const std::set<std::string> collections(corpus.collections.begin(), corpus.collections.end());
  c.require(collections.size() == corpus.collections.size(), "corpus.collections", fmt::format("[{}]", fmt::join(corpus.collections, ", ")),
            "must not name a collection twice");
  c.positive("corpus.clip_seconds", corpus.clip_seconds);
  c.at_least("corpus.min_clip_seconds", corpus.min_clip_seconds, 0.0);
  c.require(corpus.min_clip_seconds <= corpus.clip_seconds, "corpus.min_clip_seconds", corpus.min_clip_seconds,
            "must be at most corpus.clip_seconds");
  c.at_least<std::int64_t>("corpus.min_clip_notes", corpus.min_clip_notes, 1);
  c.at_least<std::int64_t>("corpus.clips_per_piece", corpus.clips_per_piece, 1);
  c.share("corpus.duplicate_similarity", corpus.duplicate_similarity);
  c.share("corpus.related_similarity", corpus.related_similarity);
  c.at_least<std::int64_t>("corpus.min_label_pieces", corpus.min_label_pieces, 1);
  c.require(!corpus.tag_file.empty(), "corpus.tag_file", "\"\"", "must name a file that declares the tags");
  const std::set<std::string> distinct(corpus.tags.begin(), corpus.tags.end());
  c.require(distinct.size() == corpus.tags.size(), "corpus.tags", fmt::format("[{}]", fmt::join(corpus.tags, ", ")),
            "must not name a tag twice");
  c.at_least<std::int64_t>("corpus.questions_per_tag", corpus.questions_per_tag, 0);
  c.at_least<std::int64_t>("corpus.captions", corpus.captions, 0);
  c.require(corpus.questions_per_tag > 0 || corpus.captions > 0, "corpus.captions", corpus.captions,
            "must be at least 1 where corpus.questions_per_tag is 0: else there is nothing to ask");
  c.below("corpus.middle_register_from", corpus.middle_register_from, "corpus.high_register_from", corpus.high_register_from);
  c.below("corpus.medium_density_from", corpus.medium_density_from, "corpus.dense_from", corpus.dense_from);
  c.below("corpus.moderate_tempo_from", corpus.moderate_tempo_from, "corpus.fast_tempo_from", corpus.fast_tempo_from);
  c.in_range("corpus.valid_fraction", corpus.valid_fraction, 0, 1);
  c.in_range("corpus.test_fraction", corpus.test_fraction, 0, 1);
  c.require(corpus.valid_fraction + corpus.test_fraction < 1, "corpus.valid_fraction", corpus.valid_fraction,
            "must leave room for training pieces beside corpus.test_fraction");
}

void check(Checker& c, const Retrieval& retrieval) {
  bool has_server = false;
  for (const std::string& endpoint : retrieval.endpoint) {
    const std::size_t scheme = endpoint.find("://");
    c.require(!endpoint.empty(), "retrieval.endpoint", "\"\"", "must be the address of an api.php or a folder");
    if (scheme == std::string::npos) continue;
    has_server = true;
    // What follows may be a secret: it is not shown.
    const std::string shown = endpoint.substr(0, endpoint.find_first_of("?#@"));
    c.require(endpoint.starts_with("http://") || endpoint.starts_with("https://"), "retrieval.endpoint", shown,
              "must begin with http:// or https://, or be a folder");
    c.require(shown == endpoint, "retrieval.endpoint", shown, "must have no name, query or fragment: up to and with api.php");
  }
  const std::set<std::string> distinct(retrieval.endpoint.begin(), retrieval.endpoint.end());
  c.require(distinct.size() == retrieval.endpoint.size(), "retrieval.endpoint", "", "must not name a source twice");
  c.require(!has_server || !retrieval.contact.empty(), "retrieval.contact", "\"\"",
            "must be a mail address or a page where retrieval.endpoint is a server, which is told who asks");
  const bool is_plain = std::ranges::all_of(retrieval.contact, [](char letter) { return letter >= ' ' && letter <= '~'; });
  c.require(is_plain && retrieval.contact.find_first_of("()") == std::string::npos, "retrieval.contact", retrieval.contact,
            "must be of ASCII letters without brackets: a mail address or a page");
  c.between("retrieval.seconds_between_requests", retrieval.seconds_between_requests, 0.0, kDay);
  c.between<std::int64_t>("retrieval.pages_per_work", retrieval.pages_per_work, 1, 100);
  c.at_least<std::int64_t>("retrieval.largest_page", retrieval.largest_page, 1000);
  c.seconds_to_wait("retrieval.timeout", retrieval.timeout);
}

void check(Checker& c, const Annotation& annotation) {
  c.at_least<std::int64_t>("annotation.max_characters", annotation.max_characters, 1);
  c.at_least<std::int64_t>("annotation.max_tokens", annotation.max_tokens, 1);
}

void check(Checker& c, const Writing& writing) {
  c.one_of("writing.by", writing.by, {"templates", "model"});
  c.between("writing.temperature", writing.temperature, 0.0, 2.0);
  c.at_least<std::int64_t>("writing.max_tokens", writing.max_tokens, 1);
  c.in_range("writing.held_out_fraction", writing.held_out_fraction, 0, 1);
  c.between("writing.shared_words", writing.shared_words, 0.0, 1.0);
}

void check(Checker& c, const Chat& chat) {
  c.between<std::int64_t>("chat.max_parallel", chat.max_parallel, 1, 1024);
  c.at_least<std::int64_t>("chat.requests_per_minute", chat.requests_per_minute, 0);
  c.at_least<std::int64_t>("chat.tokens_per_minute", chat.tokens_per_minute, 0);
  c.between<std::int64_t>("chat.tries", chat.tries, 1, 100);
  c.between<std::int64_t>("chat.tries_for_an_answer", chat.tries_for_an_answer, 1, 100);
  c.seconds_to_wait("chat.timeout", chat.timeout);
  c.at_least("chat.price_per_million_prompt_tokens", chat.price_per_million_prompt_tokens, 0.0);
  c.at_least("chat.price_per_million_completion_tokens", chat.price_per_million_completion_tokens, 0.0);
}

void check(Checker& c, const Compose& compose) {
  c.require(!compose.vocabulary.empty(), "compose.vocabulary", "\"\"", "must be paper, generator or a YAML file");
  c.between<std::int64_t>("compose.pieces", compose.pieces, 1, 1'000'000);
  c.one_of("compose.writer", compose.writer, {"fixed", "compatible"});
  c.between<std::int64_t>("compose.bars", compose.bars, 1, 256);
  for (const auto& [key, notes] :
       {std::pair{"compose.melody_notes", compose.melody_notes}, std::pair{"compose.chord_notes", compose.chord_notes},
        std::pair{"compose.bass_notes", compose.bass_notes}, std::pair{"compose.rhythm_notes", compose.rhythm_notes}})
    c.between<std::int64_t>(key, notes, 1, 4096);
  c.between("compose.temperature", compose.temperature, 0.0, 2.0);
  c.between("compose.temperature_step", compose.temperature_step, 0.0, 0.2);
  c.share("compose.top_p", compose.top_p);
  c.at_least<std::int64_t>("compose.max_tokens", compose.max_tokens, 1);
  c.between<std::int64_t>("compose.tries", compose.tries, 1, 1000);
}

void check(Checker& c, const std::string& key, const PieceSets& sets) {
  c.at_least<std::int64_t>(key + "folds", sets.folds, sets.test.empty() ? 2 : 1);
  c.between<std::int64_t>(key + "fold", sets.fold, 0, sets.folds - 1);
  c.in_range(key + "valid_fraction", sets.valid_fraction, 0, 1);
  c.at_least<std::int64_t>(key + "max_works", sets.max_works, 0);
}

void check(Checker& c, const PianoRoll& roll) {
  const std::string key = "classify.piano_roll.";
  c.one_of(key + "channels", roll.channels, {"roles", "one"});
  c.between<std::int64_t>(key + "steps_per_quarter", roll.steps_per_quarter, 1, 96);
  c.between<std::int64_t>(key + "quarters", roll.quarters, 1, 100'000);
  c.between<std::int64_t>(key + "lowest_pitch", roll.lowest_pitch, 0, 127);
  c.between<std::int64_t>(key + "pitches", roll.pitches, 1, 128 - std::clamp<std::int64_t>(roll.lowest_pitch, 0, 127));
}

void check(Checker& c, const Classify& classify) {
  c.one_of("classify.model", classify.model, {"cnn", "musicbert"});
  c.one_of("classify.task", classify.task, {"genre", "style"});
  c.require(!classify.genre.empty(), "classify.genre", "\"\"", "must name a label of pieces.jsonl");
  c.require(!classify.style.empty(), "classify.style", "\"\"", "must name a label of pieces.jsonl");
  c.at_least<std::int64_t>("classify.min_pieces", classify.min_pieces, 1);
  check(c, "classify.pieces.", classify.pieces);
  check(c, classify.piano_roll);
  c.require(!classify.channels.empty(), "classify.channels", "[]", "must have a number for each convolution");
  for (const std::int64_t channels : classify.channels) c.between<std::int64_t>("classify.channels", channels, 1, 4096);
  c.in_range("classify.dropout", classify.dropout, 0, 1);
  c.between<std::int64_t>("classify.max_shift", classify.max_shift, 0, 11);
  c.at_least<std::int64_t>("classify.max_start", classify.max_start, 0);
}

void check(Checker& c, const Melody& melody) {
  check(c, "melody.pieces.", melody.pieces);
  c.between<std::int64_t>("melody.phrase_bars", melody.phrase_bars, 1, 64);
  c.at_least<std::int64_t>("melody.min_phrase_notes", melody.min_phrase_notes, 1);
  c.between<std::int64_t>("melody.steps_per_quarter", melody.steps_per_quarter, 1, 96);
  c.between<std::int64_t>("melody.candidates", melody.candidates, 2, 10'000);
  c.between<std::int64_t>("melody.negatives", melody.negatives, 1, 1000);
  c.between<std::int64_t>("melody.max_shift", melody.max_shift, 0, 11);
  c.positive("melody.hidden_size", melody.hidden_size);
  c.positive("melody.num_hidden_layers", melody.num_hidden_layers);
  c.positive("melody.num_attention_heads", melody.num_attention_heads);
  c.require(melody.num_attention_heads <= 0 || melody.hidden_size % melody.num_attention_heads == 0, "melody.hidden_size",
            melody.hidden_size, "must be a multiple of num_attention_heads");
  c.at_least<std::int64_t>("melody.max_length", melody.max_length, 16);
  c.in_range("melody.dropout", melody.dropout, 0, 1);
  c.at_least("melody.language_model_weight", melody.language_model_weight, 0.0);
}

}  // namespace

std::vector<std::string> validate(const Config& config) {
  Checker checker;
  checker.one_of("system", config.system, system_names());
  check(checker, config.run);
  check(checker, config.data);
  check(checker, config.music_encoder);
  check(checker, config.projector, config.music_encoder);
  checker.one_of("llm.dtype", config.llm.dtype, {"float32", "bfloat16"});
  checker.one_of("llm.kind", config.llm.kind, {"auto", "base", "instruct"});
  check(checker, config.llm.pretrain);
  checker.require(!config.prompt.template_text.empty(), "prompt.template", "\"\"",
                  "must be plain, llama3, chatml, chat or the text of a template");
  checker.one_of("prompt.notes", config.prompt.notes, clip_text_names());
  checker.at_least<std::int64_t>("prompt.notes_tokens", config.prompt.notes_tokens, 0);
  checker.between<std::int64_t>("prompt.grid", config.prompt.grid, 1, 480);
  checker.at_least<std::int64_t>("prompt.max_length", config.prompt.max_length, 8);
  check(checker, config.lora);
  check_stages(checker, config);
  check(checker, config.generate);
  check(checker, config.eval);
  check(checker, config.corpus);
  check(checker, config.retrieval);
  check(checker, config.annotation);
  check(checker, config.writing);
  check(checker, config.chat);
  check(checker, config.compose);
  check(checker, config.classify);
  check(checker, config.melody);
  return checker.mistakes;
}

}  // namespace midillama::config

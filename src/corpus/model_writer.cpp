#include "midillama/corpus/model_writer.h"

#include "corpus/clip_author.h"
#include "midillama/core/log.h"
#include "midillama/core/parallel_for.h"
#include "midillama/records/words.h"
#include "midillama/works/annotate_works.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

namespace midillama::corpus {
namespace fs = std::filesystem;
namespace {

// What came of all clips.
struct Counts {
  std::size_t clips = 0, asked_again = 0, failed = 0;
  std::size_t texts = 0, held_out = 0;
  std::map<std::string, std::size_t> refused = {};

  void add(const ClipTexts& of_clip) {
    ++clips;
    asked_again += of_clip.is_asked_again ? 1 : 0;
    failed += of_clip.problem.empty() ? 0 : 1;
    texts += of_clip.texts.size();
    held_out += of_clip.held_out.size();
    for (const auto& [kind, count] : of_clip.refused) refused[kind] += count;
  }
};

OrderedJson to_json(const Counts& counts) {
  return {{"clips", counts.clips}, {"asked_again", counts.asked_again}, {"failed", counts.failed},
          {"texts", counts.texts}, {"held_out", counts.held_out},       {"refused", counts.refused}};
}

// A model that is not fit for this leaves a dataset of the templates.
void warn_of_refusals(const Counts& counts) {
  const std::size_t kept = counts.texts + counts.held_out;
  std::size_t refused = 0;
  for (const auto& [kind, count] : counts.refused) refused += count;
  if (kept >= refused) return;
  const auto main = std::ranges::max_element(counts.refused, {}, [](const auto& one) { return one.second; });
  log::warning("only {} of {} texts of the model hold: {} are refused, {} of these as \"{}\"; the templates write in their place", kept,
               kept + refused, refused, main->second, main->first);
}

// Of one tag alone, or a caption: what a model's text can stand for.
bool is_plain(const QuestionAnswer& text) {
  return text.also.empty() && text.yes_if.empty() && text.earlier.empty();
}

}  // namespace

class ModelWriter::Implementation {
 public:
  Implementation(const config::Config& config, const records::Tags& tags, fs::path directory, std::function<bool()> is_stopped)
      : config_(config),
        tags_(tags),
        templates_(config.corpus, tags),
        author_(config.corpus, config.writing, tags_),
        directory_(std::move(directory)),
        is_stopped_(std::move(is_stopped)) {}

  void prepare(std::span<const ClipFacts> clips) {
    templates_.prepare(clips);
    author_.prepare(clips);
    log_ = std::make_unique<chat::RequestLog>(directory_ / works::kRequestsFile);
    chat::Client client(config_.chat, *log_, is_stopped_);
    std::mutex mutex;
    const auto ask = [&](const chat::Call& call) { return std::optional(client.ask(call)); };
    const auto write = [&](std::size_t i) {
      const auto texts = *author_.write(clips[i], ask);
      client.require_an_answer();
      const std::lock_guard lock(mutex);
      counts_.add(texts);
    };
    parallel_for("asking about clips", clips.size(), write, static_cast<unsigned>(config_.chat.max_parallel));
    totals_ = client.totals();
    if (counts_.failed > 0)
      log::warning("the model's texts about {} clips are not complete, since calls failed: --overwrite makes these again", counts_.failed);
    warn_of_refusals(counts_);
  }

  std::vector<QuestionAnswer> write(const ClipFacts& clip, Random& random) const {
    const auto drafts = templates_.write(clip, random);
    std::map<std::string, std::vector<QuestionAnswer>> texts;  // by tag
    for (auto& text : texts_about(clip).texts) texts[text.tag].push_back(std::move(text));
    std::vector<QuestionAnswer> written;
    std::set<std::string> tags_done;
    for (const auto& draft : drafts) {
      if (!is_plain(draft)) {
        written.push_back(draft);
      } else if (tags_done.insert(draft.tag).second) {
        add_texts(texts[draft.tag], drafts_of(drafts, draft), author_.wanted(clip, draft.tag), written);
      }
    }
    return written;
  }

  std::vector<QuestionAnswer> write_unseen(const ClipFacts& clip, Random& random) const {
    auto written = templates_.write_unseen(clip, random);
    for (auto& text : texts_about(clip).held_out) written.push_back(std::move(text));
    return written;
  }

  OrderedJson description() const { return {{"settings", writing_settings(config_)}, {"counts", to_json(counts_)}}; }
  chat::Totals totals() const { return totals_; }
  std::size_t texts() const { return counts_.texts; }

 private:
  // From the log alone: a call that failed before is not made again between two clips.
  ClipTexts texts_about(const ClipFacts& clip) const {
    if (log_ == nullptr) throw Error("prepare() comes before the first clip is written about");
    return *author_.write(clip, [&](const chat::Call& call) -> std::optional<chat::Answer> {
      if (auto answer = log_->find(chat::key_of(chat::request_body(call, config_.chat.model)))) return answer;
      return chat::Answer{.problem = "was not answered"};
    });
  }

  // The drafts of the same tag.
  static std::vector<QuestionAnswer> drafts_of(const std::vector<QuestionAnswer>& drafts, const QuestionAnswer& one) {
    std::vector<QuestionAnswer> same;
    std::ranges::copy_if(drafts, std::back_inserter(same),
                         [&](const QuestionAnswer& draft) { return is_plain(draft) && draft.tag == one.tag && draft.task == one.task; });
    return same;
  }

  // The model's, then the templates' until there are as many as were wanted. A caption's question is the templates'.
  void add_texts(std::vector<QuestionAnswer> texts, const std::vector<QuestionAnswer>& drafts, std::size_t wanted,
                 std::vector<QuestionAnswer>& written) const {
    const bool are_captions = drafts.front().task == "caption";
    std::set<std::string> asked;
    std::size_t count = 0;
    for (auto& text : texts) {
      if (are_captions) text.question = drafts[count % drafts.size()].question;
      asked.insert(records::plain_words(text.question));
      written.push_back(std::move(text));
      ++count;
    }
    for (const auto& draft : drafts) {
      if (count == wanted) break;
      if (!asked.insert(records::plain_words(draft.question)).second) continue;
      written.push_back(draft);
      ++count;
    }
  }

  config::Config config_;
  records::Tags tags_;
  TemplateWriter templates_;
  ClipAuthor author_;
  fs::path directory_;
  std::function<bool()> is_stopped_;
  std::unique_ptr<chat::RequestLog> log_;
  Counts counts_;
  chat::Totals totals_;
};

ModelWriter::ModelWriter(const config::Config& config, const records::Tags& tags, fs::path directory, std::function<bool()> is_stopped)
    : implementation_(std::make_unique<Implementation>(config, tags, std::move(directory), std::move(is_stopped))) {}
ModelWriter::~ModelWriter() = default;

void ModelWriter::prepare(std::span<const ClipFacts> clips) {
  implementation_->prepare(clips);
}
std::vector<QuestionAnswer> ModelWriter::write(const ClipFacts& clip, Random& random) const {
  return implementation_->write(clip, random);
}
std::vector<QuestionAnswer> ModelWriter::write_unseen(const ClipFacts& clip, Random& random) const {
  return implementation_->write_unseen(clip, random);
}
OrderedJson ModelWriter::description() const {
  return implementation_->description();
}
chat::Totals ModelWriter::totals() const {
  return implementation_->totals();
}
std::size_t ModelWriter::texts() const {
  return implementation_->texts();
}

OrderedJson writing_settings(const config::Config& config) {
  if (config.writing.by == "templates") return nullptr;
  OrderedJson settings = {{"model", config.chat.model}};
  config::Writing::visit(config.writing, [&](const char* key, const auto& value) { settings[key] = value; });
  return settings;
}

chat::Requests waiting_texts(const config::Config& config, const records::Tags& tags, const fs::path& directory,
                             std::span<const ClipFacts> clips) {
  ClipAuthor author(config.corpus, config.writing, tags);
  author.prepare(clips);
  const chat::RequestLog log(directory / works::kRequestsFile);
  chat::Requests waiting;
  for (const ClipFacts& clip : clips) {
    author.write(clip, [&](const chat::Call& call) { return chat::find_or_wait(log, call, config.chat.model, waiting); });
  }
  return waiting;
}

}  // namespace midillama::corpus

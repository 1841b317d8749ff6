// Questions, answers and captions by a language model (chat.endpoint), each call of which is in requests.jsonl.
#pragma once

#include "midillama/chat/batch.h"
#include "midillama/chat/client.h"
#include "midillama/config/schema.h"
#include "midillama/corpus/dataset.h"
#include "midillama/corpus/question_writer.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace midillama::corpus {

// What a model wrote, by the rules of src/corpus/grounding.h; in place of what was refused or is not there the templates' texts, of which
// questions of yes or no and about several facts are always. A share of the model's wordings (writing.held_out_fraction) is for
// write_unseen() alone.
class ModelWriter : public QuestionWriter {
 public:
  // The log of `directory`, which nobody else writes from prepare() on. `is_stopped` as chat::Client's.
  ModelWriter(const config::Config& config, const records::Tags& tags, std::filesystem::path directory,
              std::function<bool()> is_stopped = nullptr);
  ~ModelWriter() override;

  // Asks about all clips, several at once. chat::ServerRefused, net::Stopped; InputError where chat.replay finds a call unanswered. A clip
  // of which a call fails has the templates' texts for what is missing, and is counted; a warning says so, and where most texts do not
  // hold.
  void prepare(std::span<const ClipFacts> clips) override;
  std::vector<QuestionAnswer> write(const ClipFacts& clip, Random& random) const override;
  std::vector<QuestionAnswer> write_unseen(const ClipFacts& clip, Random& random) const override;
  OrderedJson description() const override;

  // Of prepare().
  chat::Totals totals() const;
  // How many questions, answered, and captions of all splits are the model's.
  std::size_t texts() const;

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

// By what config.writing says questions are written: null for the templates, else what decides about the model's texts.
OrderedJson writing_settings(const config::Config& config);

// The calls of a model about these clips that wait for an answer. Second ones are known when the first have been answered.
chat::Requests waiting_texts(const config::Config& config, const records::Tags& tags, const std::filesystem::path& directory,
                             std::span<const ClipFacts> clips);

}  // namespace midillama::corpus

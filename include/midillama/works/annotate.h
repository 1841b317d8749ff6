// What texts about a work say of it (MIDI-LLaMA, section 2.1): genre, style, background of the composition, expressive intent and perceived
// emotion, read from the texts by a language model, each with the sentence that supports it.
//
// A model is believed where the sentence is in the text, and, of a field whose tag is closed (corpus.tag_file), where the value is one of
// the tag's. Other fields are asked for once more; what does not hold then is kept, without a URL, and is no label.
#pragma once

#include "midillama/chat/call.h"
#include "midillama/config/schema.h"
#include "midillama/records/tags.h"
#include "midillama/works/files.h"

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace midillama::works {

inline constexpr const char* kNotEnough = "Not Enough Information";
// Models write it in other cases, and with a full stop.
bool is_not_enough(const std::string& value);

// Of an annotation, which has fields.
inline constexpr const char* kAnnotated = "annotated";

// The fields, by their names in annotations.jsonl.
std::vector<std::string> field_names();
// Whether the paper counts a field among the categorical tags; the others are free-form. UsageError where there is no such field.
bool is_categorical(const std::string& field);

struct Finding {
  std::string value = {};     // a closed tag's in the tag's words; kNotEnough where the texts do not say
  std::string evidence = {};  // as the model quoted it
  std::string url = {};       // of the text that has it; empty where none has
  std::string problem = {};   // why it is no label; empty where it is one, or nothing is said

  bool is_label() const { return value != kNotEnough && problem.empty(); }
};

struct Annotation {
  std::string work;
  std::string status;                          // annotated, no text, failed
  std::string problem = {};                    // of one that failed
  std::map<std::string, Finding> fields = {};  // of one that is annotated: all of them
};

// A line of annotations.jsonl: {"work", "status", "fields": {name: {"value", "evidence", "url"} or "Not Enough Information"}}. A finding
// that is no label has the URL null and the key "problem".
OrderedJson to_line(const Annotation& annotation);

// The answer to a call; nothing where it is not known yet.
using Ask = std::function<std::optional<chat::Answer>(const chat::Call& call)>;

class Annotator {
 public:
  Annotator(const config::Annotation& config, const records::Tags& tags);

  // Asks once or twice. Nothing where `ask` has no answer to one of the calls: the same arguments give the same calls, so it can be asked
  // again when the answer is there. From several threads at once.
  std::optional<Annotation> annotate(const Work& work, std::span<const Text> texts, const Ask& ask) const;

 private:
  chat::Call first_call(const Work& work, const std::string& shown) const;
  chat::Call second_call(const chat::Call& first, const std::string& answer, const std::map<std::string, Finding>& doubtful) const;
  chat::Schema schema_of(const std::vector<std::string>& names) const;
  Finding judged(const std::string& name, const Json& answer, std::span<const Text> texts) const;
  const records::Tag* closed_tag(const std::string& name) const;

  config::Annotation config_;
  const records::Tags& tags_;
};

}  // namespace midillama::works

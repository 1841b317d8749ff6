#include "wordings.h"

#include "midillama/core/error.h"

#include <cctype>
#include <map>
#include <optional>

namespace midillama::corpus {
namespace {

std::string with_article(const std::string& noun) {
  const bool vowel = std::string_view("aeiou").find(noun.front()) != std::string_view::npos;
  return (vowel ? "an " : "a ") + noun;
}

std::string in_sentence(const std::string& country) {
  const bool plural = country == "United States" || country == "Netherlands";
  return plural ? "the " + country : country;
}

// What stands for a field; nothing where its fact is not known.
std::optional<std::string> field_text(std::string_view field, const Facts& facts) {
  const auto bar = field.find('|');
  const auto space = field.find(' ');
  const auto tag = space == std::string_view::npos ? field.substr(0, bar) : field.substr(space + 1);
  const auto known = facts.find(std::string(tag));
  if (field == "a dance") return with_article(known == facts.end() ? "tune" : known->second);
  if (known == facts.end()) return bar == std::string_view::npos ? std::nullopt : std::optional<std::string>(field.substr(bar + 1));
  return field == "the origin" ? in_sentence(known->second) : known->second;
}

// The text with its fields filled in; nothing where one of them is not known.
std::optional<std::string> fill_fields(std::string_view text, const Facts& facts) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '{') {
      out += text[i];
      continue;
    }
    const auto close = text.find('}', i);
    const auto value = field_text(text.substr(i + 1, close - i - 1), facts);
    if (!value) return std::nullopt;
    out += *value;
    i = close;
  }
  return out;
}

}  // namespace

std::string fill(std::string_view wording, const Facts& facts) {
  std::string out;
  while (!wording.empty()) {
    const auto open = wording.find('[');
    const auto plain = fill_fields(wording.substr(0, open), facts);
    if (!plain) throw Error("a wording needs a fact that is not known: " + std::string(wording));
    out += *plain;
    if (open == std::string_view::npos) break;
    const auto close = wording.find(']', open);
    if (const auto optional = fill_fields(wording.substr(open + 1, close - open - 1), facts)) out += *optional;
    wording.remove_prefix(close + 1);
  }
  if (!out.empty()) out[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(out[0])));
  return out;
}

const Wordings& wordings(std::string_view tag) {
  static const std::map<std::string_view, Wordings> kWordings = {
      {"dance",
       {{"What kind of dance is this?", "Which type of dance tune is this?", "What dance does this music belong to?",
         "Name the dance type of this tune.", "Which dance would you do to this tune?"},
        {"This is {a dance}.", "It is {a dance}.", "The tune is {a dance}.", "You would dance {a dance} to it."}}},
      {"key",
       {{"What key is this in?", "Which key is this tune in?", "What are the tonic and the mode of this music?",
         "Name the key of this clip.", "In which key is the melody written?"},
        {"It is in {key}.", "This is in {key}.", "The key is {key}.", "The melody is written in {key}."}}},
      {"meter",
       {{"What is the meter?", "Which time signature does this music have?", "What meter is this tune in?",
         "Name the time signature of this clip.", "How are the beats grouped in this music?"},
        {"The meter is {meter}.", "It is in {meter} time.", "The time signature is {meter}.", "This music is in {meter}."}}},
      {"origin",
       {{"Where was this tune collected?", "In which country was this tune collected?",
         "Which country does the collection of this tune come from?", "From where was this music handed down?"},
        {"It was collected in {the origin}.", "This tune was collected in {the origin}.",
         "It comes from a collection made in {the origin}."}}},
      {"tempo",
       {{"How fast is this music?", "What is the tempo?", "Is the tempo slow, moderate or fast?",
         "How would you describe the tempo of this clip?"},
        {"The tempo is {tempo}.", "It has a {tempo} tempo.", "This music moves at a {tempo} tempo."}}},
      {"register",
       {{"Which register does the melody lie in?", "How high does this music lie?", "Is the register low, middle or high?",
         "What is the pitch register of this clip?"},
        {"It lies in the {register} register.", "The register is {register}.", "The notes are in the {register} register."}}},
      {"density",
       {{"How dense are the notes?", "What is the note density?", "Is this music sparse, medium or dense?",
         "How many notes does this clip have for its length?"},
        {"The note density is {density}.", "It has a {density} flow of notes.", "The flow of notes is {density}."}}}};
  return kWordings.at(tag);
}

const std::vector<std::string_view>& caption_questions() {
  static const std::vector<std::string_view> kQuestions = {"Describe this music.", "Write a caption for this clip.",
                                                           "What do you hear in this music?", "Give a short description of this tune.",
                                                           "Summarize this clip in a few words."};
  return kQuestions;
}

const std::vector<std::string_view>& caption_openings() {
  static const std::vector<std::string_view> kOpenings = {
      "{a dance}[ in {key}][, in {meter} time][, at a {tempo} tempo].",
      "This is {a dance}[ in {key}][ with a meter of {meter}][ and a {tempo} tempo].",
      "The clip is {a dance}[ in {meter} time][, written in {key}][, and it is played at a {tempo} tempo].",
      "You hear {a dance}[ in {key}][; the meter is {meter}][ and the tempo is {tempo}].",
  };
  return kOpenings;
}

const std::vector<std::string_view>& caption_closings() {
  static const std::vector<std::string_view> kClosings = {
      "[ The melody lies in the {register} register][ and its note density is {density}].",
      "[ A {density} flow of notes stays][ in the {register} register].",
      "[ It keeps to the {register} register][ with a {density} flow of notes].",
  };
  return kClosings;
}

}  // namespace midillama::corpus

#include "text/special_names.h"

#include <initializer_list>
#include <vector>

namespace midillama::text {
namespace {

using Lookup = std::function<std::optional<TokenId>(const std::string&)>;

// What a source says: nothing at all, that there is no such token, or which one it is.
struct Answer {
  bool given = false;
  std::optional<TokenId> id;
};

// "<s>", {"content": "<s>", ...} or null.
Answer from_entry(const Json& object, const std::string& key, const Lookup& id) {
  if (!object.is_object() || !object.contains(key)) return {};
  const Json& value = object.at(key);
  if (value.is_null()) return {true, std::nullopt};
  const Json& name = value.is_object() && value.contains("content") ? value.at("content") : value;
  return name.is_string() ? Answer{true, id(name.get<std::string>())} : Answer{};
}

// The special tokens that a post-processor puts before and after a text.
struct Frame {
  std::vector<std::string> before, after;
};

void add_template(const Json& pieces, Frame& frame) {
  bool after = false;
  for (const Json& piece : pieces) {
    if (piece.contains("Sequence")) after = true;
    if (!piece.contains("SpecialToken")) continue;
    (after ? frame.after : frame.before).push_back(piece.at("SpecialToken").at("id").get<std::string>());
  }
}

void add_post_processor(const Json& processor, Frame& frame) {
  const std::string type = processor.at("type").get<std::string>();
  if (type == "Sequence") {
    for (const Json& step : processor.at("processors")) add_post_processor(step, frame);
  } else if (type == "TemplateProcessing") {
    add_template(processor.at("single"), frame);
  } else if (type == "RobertaProcessing" || type == "BertProcessing") {
    frame.before.push_back(processor.at("cls").at(0).get<std::string>());
    frame.after.push_back(processor.at("sep").at(0).get<std::string>());
  }
}

Frame frame_of(const std::filesystem::path& file, const Json& tokenizer) {
  Frame frame;
  const auto processor = tokenizer.find("post_processor");
  if (processor == tokenizer.end() || processor->is_null()) return frame;
  try {
    add_post_processor(*processor, frame);
  } catch (const Json::exception& error) {
    throw InputError(file.string(), "post_processor", std::string("is not understood (") + error.what() + ")");
  }
  return frame;
}

std::optional<TokenId> first_known(const std::vector<std::string>& names, const Lookup& id) {
  for (const std::string& name : names) {
    if (const auto found = id(name)) return found;
  }
  return std::nullopt;
}

}  // namespace

SpecialNames names_beside(const std::filesystem::path& directory, const Lookup& id, const SpecialNames& otherwise) {
  Answer bos, eos;
  std::optional<bool> adds_bos;
  for (const char* neighbour : {"tokenizer_config.json", "special_tokens_map.json"}) {
    const auto path = directory / neighbour;
    if (!std::filesystem::exists(path)) continue;
    const Json names = read_json(path);
    if (!bos.given) bos = from_entry(names, "bos_token", id);
    if (!eos.given) eos = from_entry(names, "eos_token", id);
    if (!adds_bos && names.is_object() && names.contains("add_bos_token") && names["add_bos_token"].is_boolean())
      adds_bos = names["add_bos_token"].get<bool>();
  }
  return {bos.given ? bos.id : otherwise.bos, eos.given ? eos.id : otherwise.eos, adds_bos.value_or(otherwise.adds_bos)};
}

SpecialNames find_special_names(const std::filesystem::path& file, const Json& tokenizer, const Lookup& id) {
  Frame frame = frame_of(file, tokenizer);
  const bool adds_bos = !frame.before.empty();
  for (const char* name : {"<|begin_of_text|>", "<s>", "<bos>", "<|endoftext|>"}) frame.before.emplace_back(name);
  for (const char* name : {"<|end_of_text|>", "</s>", "<eos>", "<|endoftext|>", "<|im_end|>"}) frame.after.emplace_back(name);
  return names_beside(file.parent_path(), id, {first_known(frame.before, id), first_known(frame.after, id), adds_bos});
}

}  // namespace midillama::text

// A tokenizer.json of BPE over characters.
#include "text/character_level.h"
#include "text/special_names.h"
#include "text/tokenizer_file.h"
#include "text/tokens_beside.h"

#include <fmt/format.h>

namespace midillama::text {
namespace {

class CharacterLevelReader : public TokenizerFile {
 public:
  using TokenizerFile::TokenizerFile;

  CharacterLevelModel model() {
    read_vocabulary();
    CharacterLevelModel result;
    result.tokens = spellings();
    result.merges = merges();
    result.options = options();
    result.options.characters = true;
    result.added = added_tokens();
    read_spaces(result);
    result.names = find_special_names(file_, root_, [&](const std::string& name) { return find(name, result.added); });
    return result;
  }

 private:
  void read_spaces(CharacterLevelModel& result) const {
    if (const auto anew = llama_spaces(directory())) {
      using Scheme = Spaces::Scheme;
      result.spaces.scheme = !anew->adds_prefix ? Scheme::never : anew->legacy ? Scheme::always : Scheme::first;
      result.strips = anew->adds_prefix;
      result.options.fuse_unknown = true;
      return;
    }
    read_normalizer(member(root_, "normalizer"), "normalizer", result.spaces);
    read_pre_tokenizer(result.spaces);
    result.strips = read_decoder();
  }

  void read_normalizer(const Json& step, const std::string& place, Spaces& spaces) const {
    const std::string type = type_of(step);
    if (step.is_null()) return;
    if (type == "Sequence") {
      const Json& steps = list(step, "normalizers", place + ".normalizers");
      for (std::size_t i = 0; i < steps.size(); ++i) read_normalizer(steps[i], fmt::format("{}.normalizers[{}]", place, i), spaces);
    } else if (type == "Prepend" && member(step, "prepend") == kMeta && !spaces.replaces) {
      spaces.prepends = true;
    } else if (type == "Replace" && member(member(step, "pattern"), "String") == " " && member(step, "content") == kMeta) {
      spaces.replaces = true;
    } else {
      fail(place, fmt::format("\"{}\" is not supported as it is here: \"Prepend\" of {} before \"Replace\" of spaces by {} is", type, kMeta,
                              kMeta));
    }
  }

  void read_pre_tokenizer(Spaces& spaces) const {
    const Json& step = member(root_, "pre_tokenizer");
    if (step.is_null()) return;
    if (type_of(step) != "Metaspace" || member(step, "replacement") != kMeta) {
      fail("pre_tokenizer", fmt::format("\"{}\" is not supported as it is here, \"Metaspace\" with {} is", type_of(step), kMeta));
    }
    const Json& named = member(step, "prepend_scheme");
    // Older files say it with a flag.
    const std::string scheme = named.is_string()                                       ? named.get<std::string>()
                               : flag(step, "add_prefix_space", "pre_tokenizer", true) ? "always"
                                                                                       : "never";
    using Scheme = Spaces::Scheme;
    if (scheme == "always") spaces.scheme = Scheme::always;
    if (scheme == "first") spaces.scheme = Scheme::first;
    if (scheme == "never") spaces.scheme = Scheme::never;
    if (spaces.scheme == Scheme::off) fail("pre_tokenizer.prepend_scheme", fmt::format("\"{}\" is not supported", scheme));
    spaces.splits = flag(step, "split", "pre_tokenizer", true);
  }

  // Whether a space at the start is taken off.
  bool read_decoder() const {
    const Json& decoder = member(root_, "decoder");
    const Json& steps = list(decoder, "decoders", "decoder.decoders");
    std::vector<std::string> types;
    for (const Json& step : steps) types.push_back(type_of(step));
    const std::vector<std::string> plain = {"Replace", "ByteFallback", "Fuse"};
    std::vector<std::string> stripping = plain;
    stripping.emplace_back("Strip");
    if (types != plain && types != stripping) {
      fail("decoder", "is not supported: a sequence of \"Replace\", \"ByteFallback\", \"Fuse\" and, if need be, \"Strip\" is");
    }
    if (types == plain) return false;
    const Json& strip = steps.back();
    if (member(strip, "content") != " " || member(strip, "start") != 1 || member(strip, "stop") != 0) {
      fail("decoder.decoders[3]", "\"Strip\" is supported for one space at the start");
    }
    return true;
  }
};

}  // namespace

std::unique_ptr<Tokenizer> load_character_level(const std::filesystem::path& file, Json root) {
  return std::make_unique<CharacterLevelTokenizer>(CharacterLevelReader(file, std::move(root)).model());
}

}  // namespace midillama::text

#include "midillama/core/base64.h"
#include "midillama/core/file.h"
#include "text/byte_level.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <set>

namespace midillama::text {
namespace {

constexpr std::size_t kLlama3Ranks = 128000;
constexpr TokenId kSpecialTokens = 256;

struct Rank {
  std::string bytes;
  std::size_t rank;
};

std::optional<Rank> parse_line(std::string_view line) {
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const auto bytes = from_base64(line.substr(0, space));
  std::size_t rank = 0;
  const auto [end, error] = std::from_chars(line.data() + space + 1, line.data() + line.size(), rank);
  if (!bytes || bytes->empty() || error != std::errc() || end != line.data() + line.size()) return std::nullopt;
  return Rank{*bytes, rank};
}

// Every text can be spelled, and each token has one rank.
void require_whole(const std::vector<std::string>& tokens, const std::filesystem::path& file) {
  std::set<std::string_view> different(tokens.begin(), tokens.end());
  if (different.size() != tokens.size()) throw InputError(file.string(), "", "has a token twice");
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    if (!different.contains(std::string_view(&c, 1))) {
      throw InputError(file.string(), "", fmt::format("has no token for the byte {}: it is cut, or no rank file", byte));
    }
  }
}

std::vector<std::string> read_ranks(const std::filesystem::path& file) {
  const std::string text = read_text(file);
  std::vector<std::string> tokens;
  std::size_t number = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    ++number;
    auto rank = parse_line(line);
    const std::string place = fmt::format("line {}", number);
    if (!rank) throw InputError(file.string(), place, "a base64 token, a space and its rank were expected");
    if (rank->rank != tokens.size())
      throw InputError(file.string(), place, fmt::format("rank {} was expected, ranks run without gaps", tokens.size()));
    tokens.push_back(std::move(rank->bytes));
  }
  require_whole(tokens, file);
  if (tokens.size() > kLlama3Ranks) {
    throw InputError(file.string(), "", fmt::format("has {} ranks; only Llama-3's rank file ({}) is known", tokens.size(), kLlama3Ranks));
  }
  return tokens;
}

// Two neighbours merge where their bytes together are a token; its rank is the merge's.
std::vector<Merge> merges_of(const std::vector<std::string>& tokens) {
  const TokenTable table(tokens);
  std::vector<Merge> merges;
  for (Symbol merged = 0; merged < tokens.size(); ++merged) {
    const std::string_view bytes = tokens[merged];
    for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
      const Symbol left = table.find(bytes.substr(0, cut));
      const Symbol right = left == kNoSymbol ? kNoSymbol : table.find(bytes.substr(cut));
      if (right != kNoSymbol) merges.push_back({left, right, merged, merged});
    }
  }
  return merges;
}

std::vector<AddedToken> special_tokens(TokenId first) {
  std::vector<AddedToken> tokens;
  int reserved = 0;
  for (TokenId i = 0; i < kSpecialTokens; ++i) {
    std::string name;
    switch (i) {
      case 0:
        name = "<|begin_of_text|>";
        break;
      case 1:
        name = "<|end_of_text|>";
        break;
      case 6:
        name = "<|start_header_id|>";
        break;
      case 7:
        name = "<|end_header_id|>";
        break;
      case 9:
        name = "<|eot_id|>";
        break;
      default:
        name = fmt::format("<|reserved_special_token_{}|>", reserved++);
    }
    tokens.push_back({.id = first + i, .content = std::move(name), .special = true});
  }
  return tokens;
}

}  // namespace

bool is_text(const std::filesystem::path& file) {
  std::array<char, 1024> start{};
  std::ifstream stream(file, std::ios::binary);
  stream.read(start.data(), start.size());
  std::string_view text(start.data(), static_cast<std::size_t>(stream.gcount()));
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return !text.empty() && std::ranges::all_of(text, [](char c) { return (c >= ' ' && c <= '~') || c == '\n' || c == '\r' || c == '\t'; });
}

std::unique_ptr<Tokenizer> load_tiktoken(const std::filesystem::path& file) {
  ByteLevelModel model;
  model.tokens = read_ranks(file);
  model.merges = merges_of(model.tokens);
  model.options.whole_tokens_first = true;
  model.pre_tokenizer.add_split(kLlama3Pattern, PreTokenizer::Keep::all);
  const auto first_special = static_cast<TokenId>(model.tokens.size());
  model.added = special_tokens(first_special);
  model.names = {first_special, first_special + 1};
  return std::make_unique<ByteLevelTokenizer>(std::move(model));
}

}  // namespace midillama::text

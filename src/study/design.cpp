#include "midillama/study/design.h"

#include "midillama/config/config.h"
#include "midillama/config/yaml_checker.h"
#include "midillama/core/error.h"
#include "study/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace midillama::study {
namespace {

constexpr std::int64_t kMost = 100'000;  // of anything that is counted

class Checker : public config::YamlChecker {
 public:
  using YamlChecker::YamlChecker;

  void require_number(std::int64_t value, std::int64_t least, const std::string& key) {
    require(least <= value && value <= kMost, key, fmt::format("{}, must be from {} to {}", value, least, kMost));
  }
  void require_text(const std::string& text, const std::string& key) { require(!text.empty(), key, "a text is expected"); }
};

void check_criteria(const Design& design, Checker& checker) {
  checker.require(!design.criteria.empty(), "criteria", "at least one is expected");
  std::set<std::string> names;
  for (std::size_t i = 0; i < design.criteria.size(); ++i) {
    const Criterion& criterion = design.criteria[i];
    const std::string key = fmt::format("criteria[{}]", i);
    checker.require(is_plain_name(criterion.name), key + ".name", "letters, digits, - and _ are expected");
    checker.require(names.insert(criterion.name).second, key + ".name", "is there twice");
    checker.require_text(criterion.label, key + ".label");
    checker.require_text(criterion.question, key + ".question");
    const Published& published = criterion.published;
    const std::int64_t stated = std::max<std::int64_t>(published.first, 0) + std::max<std::int64_t>(published.second, 0) +
                                std::max<std::int64_t>(published.undecided, 0);
    checker.require(stated <= published.clips, key + ".published.clips", "must be all clips, at least those that the other counts are of");
    checker.require(!published.is_stated() || !design.published_by.empty(), "published_by", "a text is expected where counts are stated");
  }
}

void check(const Design& design, Checker& checker) {
  checker.require_text(design.title, "title");
  checker.require_text(design.consent, "consent");
  checker.require_number(design.clips, 1, "clips");
  checker.require_number(design.participants, 1, "participants");
  checker.require_number(design.judges, 1, "judges");
  checker.require_number(design.checks, 0, "checks");
  checker.require(design.judges <= design.participants, "judges", "a clip cannot have more judges than there are participants");
  checker.require(design.checks == 0 || !design.check_text.empty(), "check_text", "a text is expected where there are checks");
  checker.require(design.checks <= design.clips, "checks", "there cannot be more than clips");
  checker.require(0 <= design.heard && design.heard <= 1, "heard", "must be from 0 to 1");
  check_criteria(design, checker);
}

}  // namespace

Design parse_design(const std::string& yaml, const std::string& name) {
  return config::read_checked<Design, Checker>(yaml, name, [](const Design& design, Checker& checker) { check(design, checker); });
}

Design read_design(const std::filesystem::path& file) {
  const std::filesystem::path found = config::find_file(file);
  Design design = parse_design(config::read_settings(found), file.string());
  design.consent = (found.parent_path() / design.consent).string();
  return design;
}

}  // namespace midillama::study

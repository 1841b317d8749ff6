// Facts by the declared tags: what a source's labels and a clip's notes say of each.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/records/question.h"
#include "midillama/records/tags.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace midillama::corpus {

using records::Facts;

class TagFacts {
 public:
  // Of the tags in `config.tags`, all declared ones where it is empty. ConfigError where it names others, or where a tag's bounds are not
  // increasing numbers or keys of `corpus` that hold such.
  TagFacts(const records::Tags& tags, const config::Corpus& config);

  const records::Tags& tags() const { return tags_; }
  // The tags that are asked about, in order.
  const std::vector<std::string>& asked() const { return asked_; }

  // What the labels of a source or a clip mean in the words of the tags; a label that is not understood is no fact.
  Facts of_labels(const Facts& labels) const;

  // The value of a closed tag of a number.
  std::string class_of(const std::string& tag, double number) const;

  // Whether some bounds are to be drawn from the clips; what a clip's labels say for each of them.
  bool wants_quantiles() const;
  void add_quantile_values(const Facts& clip_labels, std::map<std::string, std::vector<double>>& values) const;
  // Bounds between which lie equally many of the values, tag by tag.
  void set_quantiles(const std::map<std::string, std::vector<double>>& values);

  // The bounds of each tag that has some.
  const std::map<std::string, std::vector<double>>& bounds() const { return bounds_; }

 private:
  void read_bounds(const records::Tag& tag, const config::Corpus& config, std::vector<std::string>& mistakes);
  std::optional<std::string> value_of(const records::Tag& tag, const std::string& label) const;

  records::Tags tags_;
  std::vector<std::string> asked_;
  std::map<std::string, std::vector<double>> bounds_;
};

}  // namespace midillama::corpus

// What is known of a clip, tag by tag: the truth behind every question, answer and caption of a dataset.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace midillama::corpus {

// The tags that questions are asked about, in the order of a dataset's `facts`:
//   dance     reel, jig, slip jig, …                    from the source's labels
//   key       "G major", "F sharp minor", "A mixolydian" from the source's labels, or measured
//   meter     "6/8"                                     stated by the source
//   origin    the country where the piece was collected  from the source's labels
//   tempo     slow, moderate, fast                      stated by the source; a converter's default is no fact
//   register  low, middle, high                         measured on the clip
//   density   sparse, medium, dense                     measured on the clip
// The words of tempo, register and density are distinct, so that a caption states each without ambiguity.
const std::vector<std::string>& tag_names();

// Tag → value; a tag that is not known is absent.
using Facts = std::map<std::string, std::string>;

// The value of `tag` that a text states: the first in the text, the longest of those that begin at the same word. Reads what a model may
// write: any case, plurals, "F# minor", "Bb maj", "common time". Keys and values come back in the form of the facts.
// std::nullopt where none is stated; UsageError where `tag` is not one of tag_names().
std::optional<std::string> stated_fact(std::string_view tag, std::string_view text);

}  // namespace midillama::corpus

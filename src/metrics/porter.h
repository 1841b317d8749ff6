// The Porter stemmer with nltk's extensions (PorterStemmer's default mode, NLTK_EXTENSIONS, nltk 3.10.4).
#pragma once

#include <string>
#include <string_view>

namespace midillama::metrics {

// The stem of a lower-case word in valid UTF-8. Letters beyond ASCII count as consonants; words of one or two letters stay as they are.
std::string porter_stem(std::string_view word);

}  // namespace midillama::metrics

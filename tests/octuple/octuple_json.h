// Octuples in the form in which the goldens keep them.
#pragma once

#include "midillama/core/file.h"
#include "midillama/octuple/octuple.h"

#include <span>

namespace midillama::octuple {

inline Json to_json(std::span<const Octuple> octuples) {
  Json list = Json::array();
  for (const Octuple& octuple : octuples) list.push_back(octuple.codes());
  return list;
}

inline std::vector<Octuple> from_json(const Json& list) {
  std::vector<Octuple> octuples;
  for (const Json& codes : list) octuples.push_back({codes[0], codes[1], codes[2], codes[3], codes[4], codes[5], codes[6], codes[7]});
  return octuples;
}

}  // namespace midillama::octuple

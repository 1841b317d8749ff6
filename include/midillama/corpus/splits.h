// Training, validation and test sides: whole families of related pieces stand on one side.
#pragma once

#include "midillama/records/split.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace midillama::corpus {

using records::Split;

// The side of each piece. Families are taken in an order drawn from `seed` and their pieces' ids, so that adding a piece moves few others;
// each goes to the test side while it fits there, then to the validation side, else to the training side.
std::vector<Split> assign_splits(const std::vector<std::string>& ids, const std::vector<std::size_t>& family, double valid_fraction,
                                 double test_fraction, std::uint64_t seed);

}  // namespace midillama::corpus

// Training, validation and test sides: whole families of related pieces stand on one side.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace midillama::corpus {

enum class Split { train, valid, test };

// train, valid, test: the names of the .jsonl files.
const std::vector<Split>& all_splits();
std::string name(Split split);

// The side of each piece. Families are taken in an order drawn from `seed` and their pieces' ids, so that adding a piece moves few others;
// each goes to the test side while it fits there, then to the validation side, else to the training side.
std::vector<Split> assign_splits(const std::vector<std::string>& ids, const std::vector<std::size_t>& family, double valid_fraction,
                                 double test_fraction, std::uint64_t seed);

}  // namespace midillama::corpus

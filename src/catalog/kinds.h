// The forms of catalogs, a file each.
#pragma once

#include "midillama/catalog/catalog.h"

namespace midillama::catalog {

void read_giantmidi(const config::Corpus& config, const OnEntry& use);
void read_midicaps(const config::Corpus& config, const OnEntry& use);
void read_maestro(const config::Corpus& config, const OnEntry& use);
void read_atepp(const config::Corpus& config, const OnEntry& use);
void read_aria(const config::Corpus& config, const OnEntry& use);
void read_table(const config::Corpus& config, const OnEntry& use);
void read_lakh(const config::Corpus& config, const OnEntry& use);

// "123_0.mid" of "data/aa/000123_0.mid".
std::string aria_file_key(const std::string& path);

// "<md5>.mid", in whatever folder it lies.
std::string lakh_file_key(const std::string& path);
// The track that a file of LMD-matched was matched to; empty for others.
std::string lakh_work(const std::string& path);

}  // namespace midillama::catalog

#include "midillama/data/clip_embeddings.h"

#include "data/embedding_cache.h"
#include "data/tiny_dataset.h"
#include "midillama/data/clip_inputs.h"
#include "midillama/data/clip_notes.h"
#include "midillama/model/music_encoder.h"
#include "midillama/music/clip_text.h"
#include "support/binary.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace midillama::data {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Embeddings : public testing::Test {
 protected:
  Embeddings() {
    write_encoder(path("encoder"), 1);
    config_.run.dir = path("run");
    config_.music_encoder.path = path("encoder");
    config_.music_encoder.tokens = 2;
    for (int i = 0; i < 4; ++i) {
      clips_.push_back(path("clips") + "/" + std::to_string(i) + ".mid");
      write_clip(clips_.back(), 5 + 3 * i, 40 + 10 * i);
    }
  }

  std::string path(const std::string& name) const { return directory_.path() / name; }
  ClipEmbeddings embed() const { return {config_, clips_, torch::kCPU}; }
  fs::path cache() const { return cache_file(config_, encoder_key(config_.music_encoder)); }

  // Puts zeros for every embedding into the cache, by its own rules.
  void replace_cache_by_zeros() const {
    const auto key = encoder_key(config_.music_encoder);
    auto cached = read_cache(cache(), key);
    for (auto& [name, clip] : cached) clip.embedding = torch::zeros_like(clip.embedding);
    write_cache(cache(), key, cached);
  }

  TemporaryDirectory directory_;
  config::Config config_;
  std::vector<fs::path> clips_;
};

TEST_F(Embeddings, AreTheEncodersAndCountTheNotes) {
  clips_.push_back(clips_[0]);  // may repeat
  const auto embeddings = embed();
  EXPECT_EQ(embeddings.hidden_size(), 16);
  EXPECT_EQ(embeddings.tokens(), 2);
  EXPECT_EQ(embeddings.notes(), 5 + 8 + 11 + 14);
  const auto notes = read_clip_notes(clips_);
  model::MusicEncoder encoder(config_.music_encoder, torch::kCPU);
  for (std::size_t i = 0; i < clips_.size(); ++i) {
    const auto expected = encoder.encode(std::span(notes).subspan(i, 1))[0];
    EXPECT_TRUE(torch::allclose(embeddings.at(clips_[i]), expected, 1e-5, 1e-6));
  }
  EXPECT_THROW(embeddings.at("elsewhere.mid"), Error);
}

TEST_F(Embeddings, ASecondLookUsesTheCache) {
  const auto fresh = embed();
  replace_cache_by_zeros();
  EXPECT_TRUE(embed().at(clips_[1]).equal(torch::zeros({2, 16})));
}

TEST_F(Embeddings, AChangedClipIsEncodedAgain) {
  const auto before = embed();
  replace_cache_by_zeros();
  write_clip(clips_[1], 9, 30);
  const auto after = embed();
  EXPECT_TRUE(after.at(clips_[0]).equal(torch::zeros({2, 16})));
  EXPECT_FALSE(after.at(clips_[1]).equal(torch::zeros({2, 16})));
  EXPECT_NE(after.fingerprint(), before.fingerprint());
}

TEST_F(Embeddings, AnotherEncoderOrPoolingHasItsOwnCache) {
  const auto before = embed();
  replace_cache_by_zeros();
  config_.music_encoder.tokens = 1;
  EXPECT_FALSE(embed().at(clips_[0]).equal(torch::zeros({1, 16})));
  config_.music_encoder.tokens = 2;
  write_encoder(path("encoder"), 2);
  const auto after = embed();
  EXPECT_FALSE(after.at(clips_[0]).equal(torch::zeros({2, 16})));
  EXPECT_FALSE(after.at(clips_[0]).equal(before.at(clips_[0])));
}

TEST_F(Embeddings, ADamagedCacheIsNeverUsed) {
  const auto fresh = embed();
  const std::string good = read_binary(cache());
  const auto expect_fresh = [&](const std::string& bytes) {
    std::ofstream(cache(), std::ios::binary) << bytes;
    EXPECT_TRUE(embed().at(clips_[2]).equal(fresh.at(clips_[2])));
    EXPECT_EQ(read_binary(cache()), good);
  };
  std::string flipped = good;
  flipped[good.size() - 100] = static_cast<char>(flipped[good.size() - 100] ^ 1);
  expect_fresh(flipped);
  expect_fresh(good.substr(0, good.size() / 2));
  expect_fresh("");
  config_.music_encoder.tokens = 1;
  embed();
  const std::string other = read_binary(cache());
  config_.music_encoder.tokens = 2;
  expect_fresh(other);
}

TEST_F(Embeddings, ClipsThatCannotBeUsedAreListed) {
  std::ofstream(clips_[1]) << "no MIDI";
  write_clip(clips_[2], 0);
  try {
    embed();
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr("2 of the clips"), HasSubstr("1.mid"), HasSubstr("2.mid"), HasSubstr("no notes"), Not(HasSubstr("3.mid"))));
  }
  EXPECT_FALSE(fs::exists(cache()));
}

TEST_F(Embeddings, StatesBeforePoolingHaveAVectorANoteAndACacheOfTheirOwn) {
  config_.music_encoder.tokens = 1;
  const auto pooled = embed();
  config_.music_encoder.pooling = "none";
  const auto states = embed();
  EXPECT_EQ(states.tokens(), 0);
  EXPECT_EQ(states.at(clips_[2]).sizes(), at::IntArrayRef({11, 16}));
  for (const auto& clip : clips_) {
    EXPECT_TRUE(torch::allclose(states.at(clip).mean(0), pooled.at(clip)[0], 1e-5, 1e-6));
    EXPECT_TRUE(torch::allclose(states.pooled(clip), pooled.pooled(clip), 1e-5, 1e-6));
  }
  const auto key = encoder_key(config_.music_encoder);
  auto cached = read_cache(cache(), key);
  EXPECT_EQ(cached.size(), 4U);
  for (auto& [name, clip] : cached) clip.embedding = torch::zeros_like(clip.embedding);
  write_cache(cache(), key, cached, /*are_pooled=*/false);
  EXPECT_TRUE(embed().at(clips_[2]).equal(torch::zeros({11, 16})));
}

TEST_F(Embeddings, AClipIsHeardAsItsTemplateAsks) {
  const std::vector<std::string> texts = {"Which key is it in?"};
  text::train_sentencepiece(texts, 300, path("tokenizer.model"));
  const auto tokenizer = text::load_tokenizer(path("tokenizer.model"));
  config_.prompt.notes = "note-list";
  const auto hear = [&](const std::string& prompt) {
    return ClipInputs(config_, text::PromptTemplate(prompt, *tokenizer), clips_, torch::kCPU);
  };
  const ClipInputs text = hear("{notes}{question}{answer}");
  EXPECT_FALSE(text.music(clips_[0]).defined());
  EXPECT_FALSE(fs::exists(cache())) << "the encoder has nothing to do";
  EXPECT_THAT(text.notes(clips_[0]), HasSubstr("bar 1: 0 E2 0.83"));
  const ClipInputs music = hear("plain"), both = hear("{music}{notes}{question}{answer}");
  EXPECT_TRUE(both.music(clips_[0]).equal(embed().at(clips_[0])));
  EXPECT_EQ(both.notes(clips_[1]), text.notes(clips_[1]));
  EXPECT_EQ(music.notes(clips_[1]), "");
  EXPECT_EQ(music.fingerprint(), embed().fingerprint());
  EXPECT_NE(both.fingerprint(), music.fingerprint());
  EXPECT_THROW(text.notes("elsewhere.mid"), Error);
  write_clip(clips_[1], 0);
  EXPECT_THROW(hear("{notes}{question}{answer}"), Error);
}

TEST_F(Embeddings, TextsHaveAsManyMeasuresAsTheirBudgetHasRoomFor) {
  const auto write = [&](std::int64_t budget) {
    config_.prompt.notes_tokens = budget;
    return write_clips(config_.prompt, clips_, [](std::string_view text) { return std::ssize(text); });
  };
  const auto whole = write(0);
  EXPECT_THAT(whole[0], HasSubstr("X:1\nM:4/4\n"));
  const auto cut = write(std::ssize(whole[0]) - 1);
  EXPECT_LT(cut[0].size(), whole[0].size());
  EXPECT_EQ(cut[0], whole[0].substr(0, cut[0].size()));
  EXPECT_EQ(cut[0].back(), '|');
}

TEST_F(Embeddings, ClipsWhoseFirstMeasureIsTooLongAreNamed) {
  const auto warning = [&](std::int64_t budget) {
    config_.prompt.notes_tokens = budget;
    testing::internal::CaptureStderr();
    write_clips(config_.prompt, clips_, [](std::string_view text) { return std::ssize(text); });
    return testing::internal::GetCapturedStderr();
  };
  EXPECT_THAT(warning(1), HasSubstr(fmt::format("{0} of {0} clips are heard as nothing: their first measure alone is longer than "
                                                "prompt.notes_tokens 1; the first: {1}",
                                                clips_.size(), clips_[0].string())));
  EXPECT_THAT(warning(0), testing::Not(HasSubstr("heard as nothing")));
}

TEST(ClipTexts, EveryKindCanBeAskedForInAConfiguration) {
  std::vector<std::string> names;
  for (const auto& kind : music::clip_texts()) names.emplace_back(kind.name);
  EXPECT_EQ(names, config::clip_text_names());
}

}  // namespace
}  // namespace midillama::data

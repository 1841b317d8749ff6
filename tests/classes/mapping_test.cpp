#include "midillama/classes/mapping.h"

#include "midillama/core/file.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::classes {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_support::error_of;

class MappingFile : public testing::Test {
 protected:
  Mapping read(const std::string& yaml, const std::string& label = "genre") {
    write_atomically(file_, yaml);
    return read_mapping(file_, label);
  }
  std::string error(const std::string& yaml) {
    return error_of([&] { read(yaml); });
  }

  TemporaryDirectory folder_;
  std::filesystem::path file_ = folder_.path() / "names.yaml";
};

TEST_F(MappingFile, HasASectionALabel) {
  const std::string yaml = "genre:\n  Hip-Hop: Rap\n  Ambient: [New Age, Electronic]\n  Classical: []\nstyle:\n  Waltz: Dance\n";
  EXPECT_EQ(read(yaml), (Mapping{{"Hip-Hop", {"Rap"}}, {"Ambient", {"New Age", "Electronic"}}, {"Classical", {}}}));
  EXPECT_EQ(read(yaml, "style"), (Mapping{{"Waltz", {"Dance"}}}));
  EXPECT_THAT(read(yaml, "mood"), IsEmpty());
}

TEST_F(MappingFile, SaysWhatIsNone) {
  EXPECT_THAT(error("[a]"), AllOf(HasSubstr("names.yaml: line 1"), HasSubstr("is no map")));
  EXPECT_THAT(error("genre:\n  - Rap\n"), AllOf(HasSubstr("line 2"), HasSubstr("the section \"genre\"")));
  EXPECT_THAT(error("genre:\n  Pop: Rock\n  Folk: {a: b}\n"), AllOf(HasSubstr("line 3"), HasSubstr("is no name")));
  EXPECT_THAT(error("genre:\n  Pop: ~\n"), AllOf(HasSubstr("line 2"), HasSubstr("is no name")));
  EXPECT_THAT(error("genre:\n  Pop: Rock\n  Pop: Folk\n"), AllOf(HasSubstr("line 3"), HasSubstr("\"Pop\" is there twice")));
  EXPECT_THAT(error("genre: [\n"), HasSubstr("not valid YAML"));
}

TEST(GeneratorToPaper, SaysOfEveryNameWhatItIsCalledInThePaper) {
  const std::filesystem::path vocabularies = "configs/llm-midi/vocabularies";
  const std::string generator = read_text(vocabularies / "generator.yaml"), paper = read_text(vocabularies / "paper.yaml");
  for (const auto& [label, names] : {std::pair{"genre", 13U}, std::pair{"style", 25U}}) {
    const Mapping mapping = read_mapping(vocabularies / "generator-to-paper.yaml", label);
    EXPECT_EQ(mapping.size(), names);
    for (const auto& [name, called] : mapping) {
      EXPECT_THAT(generator, HasSubstr(name));
      for (const std::string& other : called) EXPECT_THAT(paper, HasSubstr(other));
    }
  }
}

TEST(Rename, GivesNewNamesAndKeepsOthers) {
  std::vector<pieces::Piece> pieces = {
      {.id = "a", .file = {}, .work = "a", .labels = {{"genre", {"Ambient", "Rap", "Rock"}}, {"style", {"Rap"}}}},
      {.id = "b", .file = {}, .work = "b", .labels = {}}};
  rename(pieces, "genre", {{"Ambient", {"Rock", "Electronic"}}, {"Rap", {}}});
  EXPECT_THAT(pieces[0].values("genre"), ElementsAre("Electronic", "Rock")) << "each once, sorted";
  EXPECT_THAT(pieces[0].values("style"), ElementsAre("Rap"));
  EXPECT_THAT(pieces[1].values("genre"), IsEmpty());
}

}  // namespace
}  // namespace midillama::classes

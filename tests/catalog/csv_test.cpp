#include "midillama/catalog/csv.h"

#include "midillama/core/file.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::catalog {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing_support::error_of;

class Csv : public testing::Test {
 protected:
  std::vector<CsvRow> rows(const std::string& text, const CsvFormat& format = {}, const std::vector<std::string>& required = {}) {
    write_atomically(file(), text);
    std::vector<CsvRow> result;
    for_each_csv_row(file(), format, required, [&](const CsvRow& row) {
      columns_ = *row.columns;
      result.push_back(row);
      result.back().columns = &columns_;
    });
    return result;
  }
  std::filesystem::path file() const { return folder_.path() / "x.csv"; }

  TemporaryDirectory folder_;
  std::vector<std::string> columns_;
};

TEST_F(Csv, CellsByColumn) {
  const auto read = rows("file, title ,year\na.mid, A ,1\nb.mid,,2\n");
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(read[0].cell("file"), "a.mid");
  EXPECT_EQ(read[0].cell("title"), "A") << "without the white space around it";
  EXPECT_EQ(read[1].cell("title"), "");
  EXPECT_EQ(read[1].cell("composer"), "") << "there is no such column";
  EXPECT_EQ(read[1].line, 3u);
}

TEST_F(Csv, QuotedCellsHoldSeparatorsLineEndsAndMarks) {
  const auto read = rows("a,b\n\"x, \"\"y\"\"\r\nz\",\"\"\n\n\"\n\n\",1\nplain \"quote\",2\n");
  ASSERT_EQ(read.size(), 3u);
  EXPECT_THAT(read[0].cells, ElementsAre("x, \"y\"\nz", ""));
  EXPECT_THAT(read[1].cells, ElementsAre("\n\n", "1")) << "empty lines within quotation marks belong to the cell";
  EXPECT_THAT(read[2].cells, ElementsAre("plain \"quote\"", "2"));
  EXPECT_EQ(read[0].line, 2u);
  EXPECT_EQ(read[1].line, 5u);
  EXPECT_EQ(read[2].line, 8u);
}

TEST_F(Csv, AnyLineEndAndAByteOrderMark) {
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    const auto read = rows(
        "\xef\xbb\xbf"
        "file,title" +
        end + "a,b" + end + end + "c,d");
    ASSERT_EQ(read.size(), 2u);
    EXPECT_EQ(read[0].cell("file"), "a");
    EXPECT_EQ(read[1].cell("title"), "d");
    EXPECT_EQ(read[1].line, 4u);
  }
}

TEST_F(Csv, TheFirstLineTellsTheSeparator) {
  EXPECT_THAT(rows("a;b;\"c,d,e,f\"\n1,5;2;3\n")[0].cells, ElementsAre("1,5", "2", "3"));
  EXPECT_THAT(rows("a\tb\n1,2,3\t4\n")[0].cells, ElementsAre("1,2,3", "4"));
  EXPECT_THAT(rows("file\na;b\n")[0].cells, ElementsAre("a;b")) << "one column";
}

TEST_F(Csv, WithoutQuotesAMarkIsACharacter) {
  const auto read = rows("a\tb\n\"x\t\"y\" z\n", {.separator = '\t', .has_quotes = false});
  EXPECT_THAT(read[0].cells, ElementsAre("\"x", "\"y\" z"));
  EXPECT_EQ(read[0].problem, "");
}

TEST_F(Csv, RowsOfAnotherLengthAreNamed) {
  const auto read = rows("a,b,c\n1,2\n1,2,3\n1,2,3,4\n");
  ASSERT_EQ(read.size(), 3u);
  EXPECT_EQ(read[0].problem, "has 2 cells, and the table has 3 columns");
  EXPECT_EQ(read[1].problem, "");
  EXPECT_EQ(read[2].problem, "has 4 cells, and the table has 3 columns");
  EXPECT_EQ(read[0].cell("c"), "");
}

TEST_F(Csv, TextAfterAClosingMarkIsNamedWithItsColumn) {
  const auto read = rows("a,b\n\u00e9,\"x\" y\nz,1\n");
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(read[0].problem, "column 6: text after a closing quotation mark") << "columns are characters";
  EXPECT_EQ(read[1].problem, "") << "the next row is a new one";
}

TEST_F(Csv, AMarkThatIsNotClosedIsAnErrorAtItsPlace) {
  EXPECT_THAT(error_of([&] { rows("a,b\n1,2\n3,\"x\ny\n"); }),
              EndsWith("x.csv: line 3, column 3: the quotation mark that begins here is not closed"));
  EXPECT_THAT(error_of([&] { rows("a,b\n\"x" + std::string(2 << 20, '\n')); }),
              EndsWith("line 2, column 1: the quotation mark that begins here is not closed"));
}

TEST_F(Csv, ColumnsMustBeThereOnce) {
  EXPECT_THAT(error_of([&] { rows("file,title\n", {}, {"title", "composer"}); }), EndsWith("line 1: names no column \"composer\""));
  EXPECT_THAT(error_of([&] { rows("file,compozer\n", {}, {"composer"}); }), EndsWith("(did you mean compozer?)"));
  EXPECT_THAT(error_of([&] { rows("\n\na,b,a\n"); }), EndsWith("line 3: names the column \"a\" twice"));
  EXPECT_THAT(error_of([&] { rows(""); }), EndsWith("is empty: a line with the columns' names is expected"));
  EXPECT_EQ(rows(",a,\n0,1,2\n").size(), 1u) << "columns without a name are no two of one";
  EXPECT_THAT(rows("a,b\n"), testing::IsEmpty());
}

TEST_F(Csv, BytesOfAnyEncodingStay) {
  const std::string shift_jis = "\x83\x5c\x83\x69\x83\x5e";  // holds a backslash
  EXPECT_EQ(rows("file,x\n" + shift_jis + ".mid,1\n")[0].cell("file"), shift_jis + ".mid");
}

}  // namespace
}  // namespace midillama::catalog

#include "midillama/study/report.h"
#include "midillama/text/xml.h"

#include <fmt/format.h>

#include <algorithm>

namespace midillama::study {
namespace {

constexpr double kWidth = 720, kLeft = 150, kRight = 24, kTop = 76;
constexpr double kBar = 24, kThin = 10, kRow = 56;
constexpr double kNarrow = 22;  // pixels that a number needs

constexpr const char* kFirst = "#17616b";
constexpr const char* kSecond = "#c2410c";
constexpr const char* kNeither = "#c9c6be";
constexpr const char* kInk = "#3b4249";
constexpr const char* kPale = "fill-opacity=\"0.45\"";
constexpr const char* kFrame = "stroke=\"#c9c6be\"";

std::string text(double x, double y, const std::string& content, const char* style) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" {}>{}</text>\n", x, y, style, text::xml_text(content));
}

// Parts of a bar, one after the other.
class Bar {
 public:
  Bar(double y, double height, double all) : y_(y), height_(height), scale_((kWidth - kLeft - kRight) / std::max(all, 1.0)) {}

  void add(double count, const char* colour, const char* ink, const char* style = "") {
    const double width = count * scale_;
    svg_ += fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"{}\" {}/>\n", x_, y_, width, height_,
                        colour, style);
    if (width >= kNarrow && *ink != '\0') {
      const bool is_thin = height_ < kBar;
      const std::string ink_style = fmt::format("text-anchor=\"middle\" fill=\"{}\" font-size=\"{}\"", ink, is_thin ? 9 : 12);
      svg_ += text(x_ + width / 2, y_ + height_ / 2 + (is_thin ? 3 : 4), fmt::format("{:.0f}", count), ink_style.c_str());
    }
    x_ += width;
  }
  const std::string& svg() const { return svg_; }

 private:
  double y_, height_, scale_;
  double x_ = kLeft;
  std::string svg_;
};

// What is not stated is left white.
std::string published_bar(const Published& counts, double y) {
  const auto clips = static_cast<double>(counts.clips);
  Bar bar(y, kThin, clips);
  if (counts.first >= 0 && counts.second >= 0) {
    const auto first = static_cast<double>(counts.first), second = static_cast<double>(counts.second);
    bar.add(first, kFirst, kInk, kPale);
    bar.add(clips - first - second, kNeither, kInk, kPale);
    bar.add(second, kSecond, kInk, kPale);
  } else {
    const double undecided = static_cast<double>(std::max<std::int64_t>(counts.undecided, 0)), side = (clips - undecided) / 2;
    bar.add(side, "none", "", kFrame);
    bar.add(undecided, kNeither, kInk, kPale);
    bar.add(side, "none", "", kFrame);
  }
  return bar.svg();
}

std::string legend(const StudyReport& report) {
  std::string svg;
  double x = kLeft;
  for (const auto& [colour, name] :
       {std::pair{kFirst, report.systems[0]}, std::pair{kNeither, std::string("undecided")}, std::pair{kSecond, report.systems[1]}}) {
    svg += fmt::format("<rect x=\"{:.1f}\" y=\"44\" width=\"12\" height=\"12\" fill=\"{}\"/>\n", x, colour);
    svg += text(x + 18, 54, name, "");
    x += 36 + 7.5 * static_cast<double>(name.size());
  }
  return svg;
}

}  // namespace

std::string draw_majorities(const StudyReport& report) {
  const bool has_published = std::ranges::any_of(report.criteria, [](const auto& row) { return row.criterion.published.is_stated(); });
  const double height = kTop + kRow * static_cast<double>(report.criteria.size()) + (has_published ? 28 : 8);
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" font-family=\"system-ui, "
      "sans-serif\" "
      "font-size=\"12\" fill=\"#3b4249\" role=\"img\">\n<title>{2}</title>\n<rect width=\"{0}\" height=\"{1}\" fill=\"#ffffff\"/>\n",
      kWidth, height, text::xml_text(fmt::format("Clips by majority: {}, undecided, {}", report.systems[0], report.systems[1])));
  svg += text(kLeft, 26, fmt::format("{} clips, by majority of their judges", report.clips), "font-size=\"15\" font-weight=\"600\"");
  svg += legend(report);
  double y = kTop;
  for (const CriterionReport& row : report.criteria) {
    svg += text(kLeft - 12, y + kBar / 2 + 4, row.criterion.label, "text-anchor=\"end\"");
    Bar bar(y, kBar, static_cast<double>(row.clips.all()));
    bar.add(static_cast<double>(row.clips.first), kFirst, "#ffffff");
    bar.add(static_cast<double>(row.clips.undecided), kNeither, kInk);
    bar.add(static_cast<double>(row.clips.second), kSecond, "#ffffff");
    svg += bar.svg();
    if (row.criterion.published.is_stated()) svg += published_bar(row.criterion.published, y + kBar + 3);
    y += kRow;
  }
  if (has_published) svg += text(kRight, y + 8, "Thin bars: " + report.published_by, "fill=\"#6b7178\"");
  return svg + "</svg>\n";
}

}  // namespace midillama::study

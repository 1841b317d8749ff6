#include "midillama/explain/piano_roll.h"

#include "midillama/text/utf8.h"
#include "midillama/text/xml.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <string_view>
#include <vector>

namespace midillama::explain {
namespace {

// Pixels.
constexpr double kLeft = 60, kRight = 24, kTop = 20, kRow = 11, kLine = 17, kBarNumbers = 22, kSeconds = 24;
constexpr double kPerSecond = 48, kNarrowest = 720, kWidest = 12000;
constexpr std::size_t kCharactersALine = 110;

constexpr const char* kStyle = R"(<style>
.roll { font-family: system-ui, sans-serif; font-size: 12px; }
.roll .paper { fill: #ffffff; } .roll text { fill: #1f2933; } .roll .faint { fill: #5d6875; }
.roll .black-key { fill: #f3f5f7; } .roll .bar { stroke: #c5ccd4; } .roll .beam { stroke: #e6eaee; }
.roll .note { fill: #e9ecef; stroke: #7a858f; stroke-width: 0.6; }
.roll .for { fill: #d9480f; stop-color: #d9480f; } .roll .against { fill: #1c6fd1; stop-color: #1c6fd1; }
@media (prefers-color-scheme: dark) {
.roll .paper { fill: #14181c; } .roll text { fill: #e6eaee; } .roll .faint { fill: #9aa5b1; }
.roll .black-key { fill: #1b2026; } .roll .bar { stroke: #48525c; } .roll .beam { stroke: #262d34; }
.roll .note { fill: #333b43; stroke: #8a96a3; }
.roll .for { fill: #ff8a4c; stop-color: #ff8a4c; } .roll .against { fill: #5aa7ff; stop-color: #5aa7ff; }
}
</style>
)";

// Lines of at most kCharactersALine characters, broken at spaces.
std::vector<std::string> wrapped(std::string_view text) {
  std::vector<std::string> lines(1);
  std::size_t length = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of(" \n"), text.size());
    const auto word = text.substr(0, end);
    const std::size_t characters = text::count_characters(word);
    if (length > 0 && length + 1 + characters > kCharactersALine) {
      lines.emplace_back();
      length = 0;
    }
    if (length > 0) lines.back() += ' ';
    lines.back() += word;
    length += characters + 1;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

bool is_black(int pitch) {
  return std::array{false, true, false, true, false, false, true, false, true, false, true, false}[static_cast<std::size_t>(pitch % 12)];
}

std::string pitch_name(int pitch) {
  static constexpr const char* kNames[] = {"C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B"};
  return fmt::format("{}{}", kNames[pitch % 12], pitch / 12 - 1);
}

// "+0.0123", with a minus sign that is as wide.
std::string signed_number(double value) {
  return (value < 0 ? "−" : "+") + fmt::format("{:.3g}", std::abs(value));
}

double value_of(const Note& note, Measure measure) {
  return measure == Measure::gradient ? note.gradient : note.left_out;
}

struct Legend {
  const char* colour;
  const char* says;
  const char* says_not;
};

constexpr Legend kLeftOut = {
    "Colour: log p(answer) with all notes minus log p(answer) with the note left out of the clip's mean, in nats",
    "It says how much of this answer's log-probability the note's part of the clip's mean vector carries beside the other notes.",
    "It does not say why a musician would answer so, nor what the model would say had the note not been played: a note's vector holds what "
    "the encoder read around it."};
constexpr Legend kGradient = {
    "Colour: the gradient of log p(answer) by the clip's vector times the note's part of that vector, in nats",
    "It says, to first order, how much of this answer's log-probability the note's part of the clip's mean vector carries, beginning with "
    "the zero vector.",
    "It does not say why a musician would answer so, nor what the model would say had the note not been played: a note's vector holds what "
    "the encoder read around it."};

class PianoRoll {
 public:
  PianoRoll(const Explanation& explanation, Measure measure) : explanation_(explanation), measure_(measure) {
    for (const Note& note : explanation.notes) {
      seconds_ = std::max(seconds_, note.end.value);
      largest_ = std::max(largest_, std::abs(value_of(note, measure)));
      if (note.is_drum) {
        drums_.insert(note.pitch);
      } else {
        lowest_ = std::max(std::min(lowest_, note.pitch - 1), 0);
        highest_ = std::min(std::max(highest_, note.pitch + 1), 127);
      }
    }
    if (!explanation.bars.empty()) seconds_ = std::max(seconds_, explanation.bars.back().value);
    width_ = std::clamp(seconds_ * kPerSecond, kNarrowest, kWidest);
    write_heading();
    write_rows();
    write_times();
    for (const Note& note : explanation.notes) write_note(note);
    write_legend();
  }

  std::string document() const {
    const double width = kLeft + width_ + kRight, height = y_ + kTop;
    return fmt::format(
               "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"roll\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" "
               "height=\"{1:.0f}\" role=\"img\">\n{2}<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n",
               width, height, kStyle) +
           body_ + "</svg>\n";
  }

 private:
  double x(midi::Seconds time) const { return kLeft + time.value / std::max(seconds_, 1e-9) * width_; }
  int pitched_rows() const { return std::max(0, highest_ - lowest_ + 1); }
  double height() const { return kRow * (pitched_rows() + static_cast<int>(drums_.size())); }
  double y(const Note& note) const {
    const auto row = note.is_drum ? pitched_rows() + std::distance(drums_.begin(), drums_.find(note.pitch)) : highest_ - note.pitch;
    return rows_top_ + kRow * static_cast<double>(row);
  }

  void write_text(double x, double y, const char* attributes, std::string_view content) {
    body_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" {}>{}</text>\n", x, y, attributes, text::xml_text(content));
  }
  void write_paragraph(const char* attributes, std::string_view content) {
    for (const std::string& line : wrapped(content)) write_text(kLeft, y_ += kLine, attributes, line);
  }
  void write_line(double x1, double y1, double x2, double y2, const char* kind) {
    body_ += fmt::format("<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>\n", kind, x1, y1, x2, y2);
  }

  void write_heading() {
    y_ = kTop;
    write_paragraph("font-weight=\"600\"", explanation_.question);
    write_paragraph("", explanation_.answer);
    write_paragraph("class=\"faint\"", fmt::format("log p(answer): {:.3f} nats; with the zero vector for the clip: {:.3f}",
                                                   explanation_.log_probability, explanation_.log_probability_zero_music));
    rows_top_ = y_ += kBarNumbers + 8;
  }

  void write_rows() {
    for (int pitch = highest_; pitch >= lowest_ && pitched_rows() > 0; --pitch) {
      const double top = rows_top_ + kRow * (highest_ - pitch);
      if (is_black(pitch)) {
        body_ += fmt::format("<rect class=\"black-key\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/>\n", kLeft, top,
                             width_, kRow);
      } else {
        write_text(kLeft - 8, top + kRow - 2, "class=\"faint\" text-anchor=\"end\" font-size=\"10\"", pitch_name(pitch));
      }
    }
    double top = rows_top_ + kRow * pitched_rows();
    for (const int drum : drums_) {
      write_line(kLeft, top, kLeft + width_, top, "beam");
      write_text(kLeft - 8, top + kRow - 2, "class=\"faint\" text-anchor=\"end\" font-size=\"10\"", fmt::format("drum {}", drum));
      top += kRow;
    }
    y_ = rows_top_ + height();
  }

  void write_times() {
    double free = 0;  // where the next number may begin
    for (std::size_t bar = 0; bar < explanation_.bars.size(); ++bar) {
      const double at = x(explanation_.bars[bar]);
      write_line(at, rows_top_, at, y_, "bar");
      if (bar + 1 == explanation_.bars.size() || at < free) continue;
      write_text(at + 3, rows_top_ - 6, "class=\"faint\" font-size=\"10\"", fmt::format("{}{}", bar == 0 ? "bar " : "", bar + 1));
      free = at + 36;
    }
    const double second = width_ / std::max(seconds_, 1e-9);
    double step = 1;
    for (const double longer : {2.0, 5.0, 10.0, 30.0, 60.0, 300.0}) {
      if (step * second < 44) step = longer;
    }
    y_ += kSeconds;
    for (double time = 0; time <= seconds_; time += step)
      write_text(x({time}), y_ - 9, "class=\"faint\" text-anchor=\"middle\" font-size=\"10\"", fmt::format("{:g} s", time));
  }

  void write_note(const Note& note) {
    const double value = value_of(note, measure_);
    const auto shape = fmt::format("x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"1.5\"", x(note.start), y(note) + 0.5,
                                   std::max(2.0, x(note.end) - x(note.start) - 0.5), kRow - 1);
    const auto name =
        note.is_drum ? fmt::format("drum {}", note.pitch) : fmt::format("{}, program {}", pitch_name(note.pitch), note.program);
    const auto numbers = fmt::format(
        "{}, {:.2f} s to {:.2f} s, velocity {}\nleft out: {} nats\ngradient: {} nats\nshare of its vector: {:.3g}", name, note.start.value,
        note.end.value, note.velocity, signed_number(note.left_out), signed_number(note.gradient), note.share);
    body_ += fmt::format("<g><title>{}</title><rect class=\"note\" {}/><rect class=\"{}\" fill-opacity=\"{:.3f}\" {}/></g>\n", numbers,
                         shape, value < 0 ? "against" : "for", largest_ > 0 ? std::abs(value) / largest_ : 0.0, shape);
  }

  void write_legend() {
    constexpr double kScale = 400, kThick = 10;
    const Legend& legend = measure_ == Measure::gradient ? kGradient : kLeftOut;
    write_paragraph("font-weight=\"600\"", legend.colour);
    y_ += 9;
    body_ += fmt::format(
        "<defs><linearGradient id=\"roll-scale\"><stop class=\"against\" offset=\"0\"/><stop class=\"against\" offset=\"0.5\" "
        "stop-opacity=\"0\"/><stop class=\"for\" offset=\"0.5\" stop-opacity=\"0\"/><stop class=\"for\" "
        "offset=\"1\"/></linearGradient></defs>\n"
        "<rect class=\"note\" x=\"{0}\" y=\"{1:.1f}\" width=\"{2}\" height=\"{3}\"/>\n"
        "<rect fill=\"url(#roll-scale)\" x=\"{0}\" y=\"{1:.1f}\" width=\"{2}\" height=\"{3}\"/>\n",
        kLeft, y_, kScale, kThick);
    y_ += kThick + 14;
    write_text(kLeft, y_, "", fmt::format("{} against the answer", signed_number(-largest_)));
    write_text(kLeft + kScale, y_, "text-anchor=\"end\"", fmt::format("{} for it", signed_number(largest_)));
    y_ += 4;
    write_paragraph("", legend.says);
    write_paragraph("", legend.says_not);
    if (explanation_.notes_left_out_at_once > 1)
      write_paragraph("",
                      fmt::format("{} neighbours were left out at once and share their difference.", explanation_.notes_left_out_at_once));
    if (explanation_.pearson && explanation_.spearman)
      write_paragraph("class=\"faint\"",
                      fmt::format("Gradient and leaving out agree over the notes with Pearson's r = {:.2f}, Spearman's ρ = {:.2f}.",
                                  *explanation_.pearson, *explanation_.spearman));
  }

  const Explanation& explanation_;
  Measure measure_;
  double seconds_ = 0;  // of the whole picture
  double largest_ = 0;  // absolute value of the measure
  int lowest_ = 127, highest_ = -1;
  std::set<int> drums_;
  double width_ = 0;
  double rows_top_ = 0;
  double y_ = 0;  // what is written reaches down to here
  std::string body_;
};

}  // namespace

std::string to_svg(const Explanation& explanation, Measure measure) {
  return PianoRoll(explanation, measure).document();
}

}  // namespace midillama::explain

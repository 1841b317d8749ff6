#include "midillama/runs/loss_curve.h"

#include "midillama/core/file.h"
#include "midillama/runs/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace midillama::runs {
namespace {

constexpr double kWidth = 720, kHeight = 420;
constexpr double kLeft = 64, kRight = 24, kTop = 48, kBottom = 52;
constexpr std::size_t kMostPoints = 2000;  // of a line; more cannot be told apart

// One axis: a range of values on a range of pixels, with ticks at round numbers.
struct Axis {
  double low, high;
  double from, to;  // pixels
  double tick;

  Axis(double least, double most, double from, double to) : low(least), high(most > least ? most : least + 1), from(from), to(to) {
    const double rough = (high - low) / 6;
    const double power = std::pow(10.0, std::floor(std::log10(rough)));
    tick = power * (rough <= power ? 1 : rough <= 2 * power ? 2 : rough <= 5 * power ? 5 : 10);
    low = std::floor(low / tick) * tick;
  }
  // Ends at a tick.
  Axis rounded_up() const {
    Axis axis = *this;
    axis.high = std::ceil(high / tick) * tick;
    return axis;
  }
  double pixel(double value) const { return from + (value - low) / (high - low) * (to - from); }
  int ticks() const { return static_cast<int>(std::floor((high - low) / tick + 1e-6)); }
  double tick_value(int i) const { return low + i * tick; }
};

// Means over neighbours, so that a long run's line stays small.
std::vector<Point> thinned(const std::vector<Point>& points) {
  const std::size_t group = (points.size() + kMostPoints - 1) / kMostPoints;
  if (group <= 1) return points;
  std::vector<Point> means;
  for (std::size_t begin = 0; begin < points.size(); begin += group) {
    const std::size_t count = std::min(group, points.size() - begin);
    Point mean;
    for (std::size_t i = begin; i < begin + count; ++i) {
      mean.step += points[i].step / static_cast<double>(count);
      mean.loss += points[i].loss / static_cast<double>(count);
    }
    means.push_back(mean);
  }
  return means;
}

// An exponential mean over about a fiftieth of the run, without a bias at its start.
std::vector<Point> smoothed(std::vector<Point> points) {
  const double keep = 1 - 1 / std::max(2.0, static_cast<double>(points.size()) / 50);
  double sum = 0, weight = 0;
  for (Point& point : points) {
    sum = keep * sum + point.loss;
    weight = keep * weight + 1;
    point.loss = sum / weight;
  }
  return points;
}

std::string polyline(const std::vector<Point>& points, const Axis& x, const Axis& y, const char* style) {
  std::string coordinates;
  for (const Point& point : points) coordinates += fmt::format("{:.1f},{:.1f} ", x.pixel(point.step), y.pixel(point.loss));
  return fmt::format("<polyline fill=\"none\" stroke-linejoin=\"round\" {} points=\"{}\"/>\n", style, coordinates);
}

std::string text(double x, double y, const char* anchor, const std::string& content, const char* more = "") {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" {}>{}</text>\n", x, y, anchor, more, content);
}

std::string grid(const Axis& x, const Axis& y) {
  std::string svg;
  for (int i = 0; i <= y.ticks(); ++i) {
    const double at = y.pixel(y.tick_value(i));
    svg += fmt::format("<line x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"#e3e6ea\"/>\n", kLeft, kWidth - kRight, at, at);
    svg += text(kLeft - 8, at + 4, "end", fmt::format("{:.4g}", std::abs(y.tick_value(i)) < y.tick / 2 ? 0.0 : y.tick_value(i)));
  }
  for (int i = 0; i <= x.ticks(); ++i) {
    const double at = x.pixel(x.tick_value(i));
    svg += fmt::format("<line x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{}\" y2=\"{}\" stroke=\"#8a929c\"/>\n", at, at, kHeight - kBottom,
                       kHeight - kBottom + 4);
    svg += text(at, kHeight - kBottom + 19, "middle", fmt::format("{:g}", x.tick_value(i)));
  }
  return svg +
         fmt::format("<line x1=\"{}\" x2=\"{}\" y1=\"{}\" y2=\"{}\" stroke=\"#8a929c\"/>\n", kLeft, kWidth - kRight, kHeight - kBottom,
                     kHeight - kBottom) +
         text((kLeft + kWidth - kRight) / 2, kHeight - 12, "middle", "step") +
         text(18, (kTop + kHeight - kBottom) / 2, "middle", "loss per target token",
              fmt::format("transform=\"rotate(-90 18 {})\"", (kTop + kHeight - kBottom) / 2).c_str());
}

std::string legend(bool with_validation) {
  const double y = kTop - 14, x = kWidth - kRight;
  std::string svg =
      fmt::format("<line x1=\"{}\" x2=\"{}\" y1=\"{}\" y2=\"{}\" stroke=\"#1f6fb2\" stroke-width=\"2\"/>\n", x - 70, x - 50, y - 4, y - 4) +
      text(x, y, "end", "training");
  if (with_validation)
    svg += fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"4\" fill=\"#d1603d\"/>\n", x - 160, y - 4) + text(x - 90, y, "end", "validation");
  return svg;
}

}  // namespace

std::string draw_loss_curve(const std::string& title, const std::vector<Point>& train, const std::vector<Point>& valid) {
  double least = 0, most = 0, last = 1;
  if (!train.empty()) least = most = train.front().loss;
  for (const auto* points : {&train, &valid}) {
    for (const Point& point : *points) {
      least = std::min(least, point.loss);
      most = std::max(most, point.loss);
      last = std::max(last, point.step);
    }
  }
  const Axis x(0, last, kLeft, kWidth - kRight);
  const Axis y = Axis(least, most, kHeight - kBottom, kTop).rounded_up();
  const auto line = thinned(train);
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" font-family=\"system-ui, "
      "sans-serif\" font-size=\"12\" "
      "fill=\"#3b4249\">\n<rect width=\"{0}\" height=\"{1}\" fill=\"#ffffff\"/>\n",
      kWidth, kHeight);
  svg += text(kLeft, kTop - 14, "start", title, "font-size=\"15\" font-weight=\"600\"") + grid(x, y) + legend(!valid.empty());
  svg += polyline(line, x, y, "stroke=\"#a8cbe8\" stroke-width=\"1\"") +
         polyline(smoothed(line), x, y, "stroke=\"#1f6fb2\" stroke-width=\"2\"");
  if (valid.size() > 1) svg += polyline(valid, x, y, "stroke=\"#d1603d\" stroke-width=\"1.5\"");
  for (const Point& point : valid)
    svg += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\" fill=\"#d1603d\"/>\n", x.pixel(point.step), y.pixel(point.loss));
  return svg + "</svg>\n";
}

void write_loss_curve(const std::filesystem::path& metrics, const std::string& title, const std::filesystem::path& svg) {
  std::vector<Point> train, valid;
  for (const Json& row : read_metrics(metrics)) {
    auto& points = row.value("split", "train") == "valid" ? valid : train;
    points.push_back({row.at("step").get<double>(), row.at("loss").get<double>()});
  }
  write_atomically(svg, draw_loss_curve(title, train, valid));
}

}  // namespace midillama::runs

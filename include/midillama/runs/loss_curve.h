// The loss over the steps of a run, as an SVG picture.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace midillama::runs {

struct Point {
  double step = 0;
  double loss = 0;
};

// Training losses as a thin line with their running mean, validation losses as dots; axes with ticks at round numbers.
std::string draw_loss_curve(const std::string& title, const std::vector<Point>& train, const std::vector<Point>& valid);

// From the rows of a metrics file.
void write_loss_curve(const std::filesystem::path& metrics, const std::string& title, const std::filesystem::path& svg);

}  // namespace midillama::runs

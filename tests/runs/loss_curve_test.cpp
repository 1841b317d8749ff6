#include "midillama/runs/loss_curve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::runs {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(LossCurve, ShowsBothCurvesWithLabelledAxes) {
  std::vector<Point> train;
  for (int step = 1; step <= 5000; ++step) train.push_back({static_cast<double>(step), 1 + 3.0 / step});
  const std::string svg = draw_loss_curve("sft", train, {{2500, 1.4}, {5000, 1.3}});
  EXPECT_THAT(svg, AllOf(HasSubstr("<svg"), HasSubstr("</svg>"), HasSubstr(">sft<"), HasSubstr(">5000<"), HasSubstr(">1.5<"),
                         HasSubstr("validation"), HasSubstr("loss per target token"), HasSubstr(">step<")));
  EXPECT_LT(svg.size(), 120000u);
  EXPECT_THAT(draw_loss_curve("align", train, {}), Not(HasSubstr("validation")));
  EXPECT_THAT(draw_loss_curve("one step", {{1, 2.5}}, {}), Not(HasSubstr("nan")));
}

}  // namespace
}  // namespace midillama::runs

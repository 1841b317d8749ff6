#include "midillama/study/judgment.h"

#include "midillama/core/json_text.h"
#include "study/names.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <string_view>

namespace midillama::study {
namespace {

namespace chrono = std::chrono;

constexpr Time kSecond = 1000, kDay = 86'400'000;

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string all = "\"";
  for (const char letter : text) all += letter == '"' ? std::string("\"\"") : std::string(1, letter);
  return all + "\"";
}

std::string uncomputed(const std::string& text) {
  constexpr std::string_view kBegins = "=+-@\t\r";
  return !text.empty() && kBegins.find(text.front()) != std::string_view::npos ? "'" + text : text;
}

}  // namespace

bool Judgment::is_check() const {
  return left == kCheck || right == kCheck;
}

bool Judgment::is_failed_check() const {
  return is_check() && choice != kCheck;
}

std::string text_of(Time time) {
  const Time days = time / kDay, rest = time % kDay;
  const chrono::year_month_day date{chrono::sys_days(chrono::days(days))};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()), rest / (3600 * kSecond), rest / (60 * kSecond) % 60, rest / kSecond % 60,
                     rest % kSecond);
}

bool read_time(const std::string& text, Time& time) {
  int year = 0, hour = 0, minute = 0, second = 0, milliseconds = 0, end = 0;
  unsigned month = 0, day = 0;
  const int count =
      std::sscanf(text.c_str(), "%4d-%2u-%2uT%2d:%2d:%2d.%3dZ%n", &year, &month, &day, &hour, &minute, &second, &milliseconds, &end);
  if (count != 7 || static_cast<std::size_t>(end) != text.size()) return false;
  const auto date = chrono::year(year) / chrono::month(month) / chrono::day(day);
  if (!date.ok()) return false;
  time = chrono::sys_days(date).time_since_epoch().count() * kDay + ((hour * 60 + minute) * 60 + second) * kSecond + milliseconds;
  return text_of(time) == text;
}

std::string to_csv(std::span<const Judgment> judgments) {
  std::string csv = "participant,item,clip,criterion,left,right,choice,shown,judged,heard_seconds,note\r\n";
  for (const Judgment& j : judgments) {
    csv += fmt::format("{},{},{},{},{},{},{},{},{},{:.2f},{}\r\n", j.participant, j.item, j.clip, j.criterion, j.left, j.right, j.choice,
                       text_of(j.shown), text_of(j.judged), j.heard_seconds, csv_field(uncomputed(j.note)));
  }
  return csv;
}

std::string to_jsonl(std::span<const Judgment> judgments) {
  std::string lines;
  for (const Judgment& j : judgments) {
    lines += json_line({{"participant", j.participant},
                        {"item", j.item},
                        {"clip", j.clip},
                        {"criterion", j.criterion},
                        {"left", j.left},
                        {"right", j.right},
                        {"choice", j.choice},
                        {"shown", text_of(j.shown)},
                        {"judged", text_of(j.judged)},
                        {"heard_seconds", j.heard_seconds},
                        {"note", j.note}});
  }
  return lines;
}

std::vector<Judgment> read_judgments(const std::filesystem::path& jsonl) {
  std::vector<Judgment> judgments;
  const std::string file = jsonl.string();
  for_each_json_line(jsonl, [&](const Json& line, std::size_t number) {
    const std::string place = fmt::format("line {}", number);
    const auto text = [&](const char* key) { return json_get<std::string>(line, key, file, place); };
    const auto time = [&](const char* key) {
      Time read = 0;
      if (!read_time(text(key), read)) throw InputError(file, place, fmt::format("\"{}\" is no time as 2026-01-31T09:05:00.000Z", key));
      return read;
    };
    judgments.push_back({.participant = text("participant"),
                         .item = text("item"),
                         .clip = text("clip"),
                         .criterion = text("criterion"),
                         .left = text("left"),
                         .right = text("right"),
                         .choice = text("choice"),
                         .shown = time("shown"),
                         .judged = time("judged"),
                         .heard_seconds = json_get<double>(line, "heard_seconds", file, place),
                         .note = text("note")});
    const Judgment& last = judgments.back();
    if (last.choice != last.left && last.choice != last.right && last.choice != kUndecided)
      throw InputError(file, place, fmt::format("the choice \"{}\" is neither left nor right nor \"{}\"", last.choice, kUndecided));
  });
  return judgments;
}

}  // namespace midillama::study

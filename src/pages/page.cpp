#include "midillama/pages/page.h"

#include "midillama/core/base64.h"
#include "midillama/core/error.h"
#include "midillama/core/page_file.h"
#include "midillama/core/replaceable.h"
#include "midillama/web/page.h"
#include "pages/markup.h"
#include "pages/page_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <span>
#include <string_view>

namespace midillama::pages {
namespace {

// The page may run what is in it and load nothing.
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'unsafe-inline' data:; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

std::string_view content_of(std::span<const PageFile> files, std::string_view path) {
  const auto file = std::ranges::find(files, path, &PageFile::path);
  if (file == files.end()) throw Error(fmt::format("no page file {} is compiled in", path));
  return file->content;
}

std::string html_of(const Paragraph& paragraph) {
  return fmt::format("<p{}>{}</p>\n", paragraph.is_notice ? " class=\"notice\"" : "", escaped(paragraph.text));
}

std::string html_of(const Cell& cell) {
  std::string html = escaped(cell.text);
  if (!cell.note.empty()) html += fmt::format(" <small>{}</small>", escaped(cell.note));
  if (cell.share)
    html += fmt::format("<span class=\"bar\"><span style=\"width: {:.1f}%\"></span></span>", 100 * std::clamp(*cell.share, 0.0, 1.0));
  return html;
}

std::string html_of(const Table& table) {
  // Wide ones scroll inside the page, by the keyboard, too.
  std::string html = fmt::format(
      "<div class=\"scrolled\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\">\n<table>\n<caption>{0}</caption>\n<thead><tr>",
      escaped(table.caption));
  for (const std::string& name : table.header) html += fmt::format("<th scope=\"col\">{}</th>", escaped(name));
  html += "</tr></thead>\n<tbody>\n";
  for (const auto& row : table.rows) {
    if (row.size() != table.header.size()) throw UsageError(fmt::format("the table \"{}\" has a row of another length", table.caption));
    html += "<tr>";
    for (const Cell& cell : row) {
      const bool is_name = &cell == row.data();
      html += fmt::format("<{0}>{1}</{2}>", is_name ? "th scope=\"row\"" : "td", html_of(cell), is_name ? "th" : "td");
    }
    html += "</tr>\n";
  }
  return html + "</tbody>\n</table>\n</div>\n";
}

std::string html_of(const Figure& figure) {
  return fmt::format(
      "<figure>\n<div class=\"scrolled\" tabindex=\"0\" role=\"img\" "
      "aria-label=\"{0}\">{1}</div>\n<figcaption>{0}</figcaption>\n</figure>\n",
      escaped(figure.description), figure.svg);
}

std::string html_of(const Code& code) {
  return fmt::format("<details>\n<summary>{}</summary>\n<pre tabindex=\"0\"><code>{}</code></pre>\n</details>\n", escaped(code.title),
                     escaped(code.text));
}

std::string html_of(const std::vector<Block>& blocks) {
  std::string html;
  for (const Block& block : blocks) html += std::visit([](const auto& kind) { return html_of(kind); }, block);
  return html;
}

std::string section_html(const std::string& id, const std::string& heading, const std::string& content) {
  return fmt::format("<section id=\"{0}\" aria-labelledby=\"{0}-heading\">\n<h2 id=\"{0}-heading\">{1}</h2>\n{2}</section>\n", id,
                     escaped(heading), content);
}

// Texts that many examples share, such as the names of systems, are there once.
class Names {
 public:
  std::size_t index_of(const std::string& name) {
    const auto [place, is_new] = places_.emplace(name, names_.size());
    if (is_new) names_.push_back(name);
    return place->second;
  }
  const OrderedJson& names() const { return names_; }

 private:
  std::map<std::string, std::size_t> places_;
  OrderedJson names_ = OrderedJson::array();
};

const char* name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::right:
      return "right";
    case Verdict::wrong:
      return "wrong";
    default:
      return "";
  }
}

OrderedJson turns_of(const Example& example) {
  OrderedJson turns = OrderedJson::array();
  for (const auto& [question, answer] : example.earlier) turns.push_back({{"question", question}, {"answer", answer}});
  return turns;
}

// What examples.js reads.
OrderedJson data_of(const Examples& examples) {
  Names systems, tasks, tags, clip_names;
  OrderedJson clips = OrderedJson::array(), items = OrderedJson::array();
  for (const auto& [name, clip] : examples.clips) {
    clip_names.index_of(name);
    clips.push_back(clip);
  }
  for (const Example& example : examples.items) {
    OrderedJson of_tags = OrderedJson::array(), answers = OrderedJson::array();
    for (const std::string& tag : example.tags) of_tags.push_back(tags.index_of(tag));
    for (const Answer& answer : example.answers) {
      OrderedJson json = {{"system", systems.index_of(answer.system)}, {"text", answer.text}, {"verdict", name_of(answer.verdict)}};
      if (!answer.note.empty()) json["note"] = answer.note;
      answers.push_back(std::move(json));
    }
    OrderedJson item = {{"id", example.id}, {"task", tasks.index_of(example.task)}, {"tags", of_tags}};
    if (examples.clips.contains(example.clip)) item["clip"] = clip_names.index_of(example.clip);
    if (!example.earlier.empty()) item["earlier"] = turns_of(example);
    item["question"] = example.question;
    item["reference"] = example.reference;
    item["answers"] = std::move(answers);
    items.push_back(std::move(item));
  }
  return {{"systems", systems.names()}, {"tasks", tasks.names()}, {"tags", tags.names()}, {"clips", clips}, {"items", items}};
}

// The modules, which find each other by name, and what they show.
std::string scripts_of(const Examples& examples) {
  OrderedJson modules = OrderedJson::object();
  for (const char* name : {"clip.js", "player.js", "roll.js"})
    modules[name] = module_url(content_of(web::page_files(), std::string("/") + name));
  modules["examples.js"] = module_url(content_of(page_files(), "/examples.js"));
  return fmt::format(
      "<script type=\"importmap\">{}</script>\n<script type=\"application/json\" id=\"data\">{}</script>\n<script type=\"module\">import "
      "'examples.js';</script>\n",
      script_json({{"imports", modules}}), script_json(data_of(examples)));
}

std::string head_of(const Page& page) {
  const std::string icon = to_base64(content_of(web::page_files(), "/icon.svg"));
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n"
      "<title>{}</title>\n<link rel=\"icon\" href=\"data:image/svg+xml;base64,{}\">\n<style>\n{}{}</style>\n</head>\n",
      kPolicy, escaped(page.title), icon, content_of(web::page_files(), "/base.css"), content_of(page_files(), "/page.css"));
}

}  // namespace

std::string to_html(const Page& page) {
  std::string links, sections;
  const auto add = [&](const std::string& id, const std::string& heading, const std::string& content) {
    links += fmt::format("<li><a href=\"#{}\">{}</a></li>\n", id, escaped(heading));
    sections += section_html(id, heading, content);
  };
  for (std::size_t i = 0; i < page.sections.size(); ++i)
    add(fmt::format("section-{}", i + 1), page.sections[i].heading, html_of(page.sections[i].blocks));
  const bool has_examples = !page.examples.items.empty();
  if (has_examples) add("examples", "Examples", html_of(page.examples.blocks) + std::string(content_of(page_files(), "/examples")));
  const std::string subtitle = page.subtitle.empty() ? "" : fmt::format("<p class=\"quiet\">{}</p>\n", escaped(page.subtitle));
  return fmt::format(
      "{}<body>\n<a class=\"skip\" href=\"#content\">Skip to the content</a>\n<header>\n<h1>{}</h1>\n{}"
      "<nav aria-label=\"Sections\"><ul>\n{}</ul></nav>\n</header>\n<main id=\"content\">\n{}</main>\n{}</body>\n</html>\n",
      head_of(page), escaped(page.title), subtitle, links, sections, has_examples ? scripts_of(page.examples) : "");
}

void write_page(const Page& page, const std::filesystem::path& file) {
  require_replaceable(file, "page", "<!doctype html");
  write_atomically(file, to_html(page));
}

}  // namespace midillama::pages

// skep reference: the pages of docs/reference/ as the tables of the program say them. For ./dev and
// the test that holds the pages against the code; not in the help.
#include "apps/setting_text.hpp"
#include "apps/subcommand.hpp"
#include "base/settings.hpp"
#include "event/schema.hpp"
#include "persona/template.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace skep::apps::reference {
namespace {

constexpr std::string_view notice =
    "<!-- Written by `./dev docs` from the tables of the program. -->\n\n";

/// A `|` would end the cell of a Markdown table.
std::string cell(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '|') out += '\\';
        out += c;
    }
    return out;
}

void print_settings(std::string_view title, bool limits) {
    fmt::print("## {}\n\n| key | value | default | meaning |\n|---|---|---|---|\n", title);
    for (const auto& row : setting_rows())
        if (row.key.starts_with("limits.") == limits)
            fmt::print("| `{}` | {} | `{}` | {} |\n", row.key, cell(type_words(row)),
                       cell(default_toml(row)), cell(row.sentence));
}

void configuration() {
    fmt::print(
        "# Configuration keys\n\n{}"
        "A deployment reads `skep.toml` in its state directory and then `conf.d/*.toml` in the "
        "order of "
        "their names; a later file wins. `*` stands for a name that you choose. A key that is not "
        "here, "
        "or a value that its row does not allow, stops the start with file, line and what would be "
        "right.\n\n",
        notice);
    print_settings("Settings", false);
    fmt::print("\n");
    print_settings("Limits", true);
}

void events() {
    fmt::print("# Events\n\n{}"
               "One JSON object a line. Every event has `id`, `eventid`, `timestamp` and `sensor`; "
               "the fields that "
               "an event always has besides are in its row, others appear where they are known. "
               "Text is UTF-8: a "
               "text that is not has its bad bytes replaced by U+FFFD, and `FIELD_b64` holds the "
               "exact bytes.\n\n"
               "## Kinds\n\n| eventid | fields | meaning |\n|---|---|---|\n",
               notice);
    for (const auto& type : event::types())
        fmt::print("| `{}` | {} | {} |\n", type.eventid, type.fields, cell(type.sentence));
    fmt::print("\n## Fields\n\n| field | kind | meaning |\n|---|---|---|\n");
    for (const auto& field : event::fields())
        fmt::print("| `{}` | {} | {} |\n", field.name, event::name(field.kind),
                   cell(field.sentence));
}

void personas() {
    fmt::print("# Persona files\n\n{}"
               "What a machine claims to be: `personas/NAME.toml` in the state directory. `skep "
               "init` draws one "
               "from each built-in template ({}). Every key must be there. Keys of a table "
               "`[extra]` are free "
               "texts for later services.\n\n| key | kind | meaning |\n|---|---|---|\n",
               notice, fmt::join(persona::template_names(), ", "));
    for (const auto& key : persona::keys())
        fmt::print("| `{}` | {} | {} |\n", key.name, key.kind, cell(key.sentence));
}

void commands() {
    fmt::print(
        "# Commands\n\n{}"
        "Exit status: 0 done, 1 it failed, 2 the arguments or the configuration are wrong.\n",
        notice);
    for (const auto* entry : all_subcommands()) {
        if (entry->summary.empty()) continue;
        fmt::print("\n## skep {}{}{}\n\n{}\n\n", entry->name, entry->words.empty() ? "" : " ",
                   entry->words, entry->summary);
        if (!entry->options.empty()) fmt::print("| option | meaning |\n|---|---|\n");
        for (const auto& option : entry->options)
            fmt::print("| `{}{}{}` | {} |\n", option.name, option.value.empty() ? "" : " ",
                       cell(option.value), cell(option.sentence));
        fmt::print("{}Example: `{}`\n", entry->options.empty() ? "" : "\n", entry->example);
    }
}

struct Page {
    std::string_view name;
    void (*print)();
};

constexpr std::array pages{Page{"configuration", configuration}, Page{"events", events},
                           Page{"personas", personas}, Page{"commands", commands}};

int run(const Arguments& arguments) {
    const auto name = arguments.words.empty() ? std::string{} : arguments.words.front();
    const auto* page = std::ranges::find(pages, name, &Page::name);
    if (page == pages.end())
        return complain("`skep reference` needs one of configuration, events, personas, commands",
                        2);
    page->print();
    return 0;
}

} // namespace

// No summary: `skep --help` leaves it out.
extern const Subcommand entry{.name = "reference",
                              .summary = {},
                              .words = "PAGE",
                              .options = {},
                              .example = "skep reference configuration",
                              .run = run};

} // namespace skep::apps::reference

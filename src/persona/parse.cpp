// Persona files: reading them with messages that say what would be right, and writing them.
#include "base/toml.hpp"
#include "persona/template.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <variant>

namespace skep::persona {
namespace {

using Member = std::variant<std::string Persona::*, std::int64_t Persona::*, bool Persona::*>;

struct Row {
    Key key;
    Member member;
    std::int64_t min = 0, max = 0;

    bool is_lines() const { return key.kind == "lines"; }

    bool may_miss() const { return key.kind == "maybe"; }
};

constexpr std::array rows{
#define TEXT(name, sentence) Row{Key{#name, "text", sentence}, &Persona::name},
#define MAYBE(name, sentence) Row{Key{#name, "maybe", sentence}, &Persona::name},
#define LINES(name, sentence) Row{Key{#name, "lines", sentence}, &Persona::name},
#define NUMBER(name, low, high, sentence)                                                          \
    Row{Key{#name, "number", sentence}, &Persona::name, low, high},
#define FLAG(name, sentence) Row{Key{#name, "flag", sentence}, &Persona::name},
#include "persona/fields.def"
#undef TEXT
#undef MAYBE
#undef LINES
#undef NUMBER
#undef FLAG
};

template <class... Cases> struct Overloaded : Cases... {
    using Cases::operator()...;
};

/// One persona file while it is read.
struct Reader {
    const std::string& file;
    Persona& persona;

    std::unexpected<Error> error(const toml::node& node, std::string_view what) const {
        return fail(Fault::refused, fmt::format("{}:{}: {}", file, node.source().begin.line, what));
    }

    Result<void>
    read_text(const Row& row, const toml::node& node, std::string Persona::* member) const {
        const auto* text = node.as_string();
        if (text == nullptr)
            return error(node, fmt::format("`{}` must be a text in quotes", row.key.name));
        const auto& value = text->get();
        const bool several = value.find('\n') != std::string::npos;
        if (!row.is_lines() && (value.empty() || several))
            return error(node, fmt::format("`{}` must be one line of text", row.key.name));
        const auto is_odd = [](char c) { return (c >= 0 && c < ' ' && c != '\n') || c == 127; };
        if (std::ranges::any_of(value, is_odd))
            return error(node, fmt::format("`{}` must have no control characters", row.key.name));
        persona.*member = value;
        return {};
    }

    Result<void>
    read_number(const Row& row, const toml::node& node, std::int64_t Persona::* member) const {
        const auto* number = node.as_integer();
        if (number == nullptr || number->get() < row.min || number->get() > row.max)
            return error(node, fmt::format("`{}` must be a whole number from {} to {}",
                                           row.key.name, row.min, row.max));
        persona.*member = number->get();
        return {};
    }

    Result<void> read_flag(const Row& row, const toml::node& node, bool Persona::* member) const {
        const auto* flag = node.as_boolean();
        if (flag == nullptr)
            return error(node, fmt::format("`{}` must be true or false", row.key.name));
        persona.*member = flag->get();
        return {};
    }

    Result<void> read_row(const Row& row, const toml::node& node) const {
        return std::visit(
            Overloaded{[&](std::string Persona::* m) { return read_text(row, node, m); },
                       [&](std::int64_t Persona::* m) { return read_number(row, node, m); },
                       [&](bool Persona::* m) { return read_flag(row, node, m); }},
            row.member);
    }

    Result<void> read_extra(const toml::node& node) const {
        const auto* table = node.as_table();
        if (table == nullptr) return error(node, "`extra` must be a table: [extra]");
        for (const auto& [name, value] : *table) {
            const auto* text = value.as_string();
            if (text == nullptr)
                return error(value, fmt::format("`extra.{}` must be a text in quotes", name.str()));
            persona.extra.insert_or_assign(std::string{name.str()}, text->get());
        }
        return {};
    }
};

/// How many characters at the start two words share, plus one point for each that they share at
/// all: enough to find the key that a misspelt one was meant to be.
std::size_t likeness(std::string_view a, std::string_view b) {
    const auto same = std::ranges::mismatch(a, b);
    auto points = 2 * static_cast<std::size_t>(same.in1 - a.begin());
    for (const char c : a)
        points += b.contains(c) ? 1 : 0;
    return points;
}

std::string_view nearest_key(std::string_view wrong) {
    return std::ranges::max_element(rows, {},
                                    [&](const Row& row) { return likeness(wrong, row.key.name); })
        ->key.name;
}

std::string toml_text(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '\n')
            out += "\\n";
        else if (c == '"' || c == '\\')
            out += {'\\', c};
        else
            out += c;
    }
    return out + '"';
}

} // namespace

std::vector<Key> keys() {
    std::vector<Key> all;
    std::ranges::transform(rows, std::back_inserter(all), &Row::key);
    return all;
}

Result<Persona> parse(std::string_view toml, const std::string& file) {
    TRY(const auto parsed, parse_toml(toml, file));
    Persona persona;
    persona.name = std::filesystem::path{file}.stem().string();
    const Reader reader{file, persona};
    for (const auto& [name, node] : parsed) {
        if (name.str() == "extra") {
            if (auto read = reader.read_extra(node); !read) return std::unexpected{read.error()};
            continue;
        }
        const auto row =
            std::ranges::find(rows, name.str(), [](const Row& r) { return r.key.name; });
        if (row == rows.end())
            return reader.error(node, fmt::format("there is no key `{}`; did you mean `{}`?",
                                                  name.str(), nearest_key(name.str())));
        if (auto read = reader.read_row(*row, node); !read) return std::unexpected{read.error()};
    }
    for (const auto& row : rows)
        if (!row.may_miss() && !parsed.contains(row.key.name))
            return fail(Fault::refused, fmt::format("{}:1: the key `{}` is missing. {}", file,
                                                    row.key.name, row.key.sentence));
    if (const auto wrong = contradiction(persona); !wrong.empty()) {
        const auto* node = parsed.get(wrong.substr(1, wrong.find('`', 1) - 1));
        return fail(
            Fault::refused,
            fmt::format("{}:{}: {}", file, node == nullptr ? 1 : node->source().begin.line, wrong));
    }
    return persona;
}

Result<Persona> load(const std::string& file) {
    std::ifstream stream{file, std::ios::binary};
    if (!stream) return fail(Fault::refused, fmt::format("{}: cannot be read", file));
    return parse(std::string{std::istreambuf_iterator<char>{stream}, {}}, file);
}

std::string to_toml(const Persona& persona) {
    std::string out = fmt::format("# Persona `{}`: what this machine claims to be. Made unique; "
                                  "change what you like, `skep check` says if it is consistent.\n",
                                  persona.name);
    for (const auto& row : rows) {
        const auto value = std::visit(
            Overloaded{[&](std::string Persona::* m) { return toml_text(persona.*m); },
                       [&](std::int64_t Persona::* m) { return fmt::to_string(persona.*m); },
                       [&](bool Persona::* m) { return fmt::to_string(persona.*m); }},
            row.member);
        if (row.may_miss() && value == toml_text("")) continue;
        out += fmt::format("\n# {}\n{} = {}\n", row.key.sentence, row.key.name, value);
    }
    if (!persona.extra.empty()) out += "\n[extra]\n";
    for (const auto& [name, value] : persona.extra)
        out += fmt::format("{} = {}\n", toml_text(name), toml_text(value));
    return out;
}

} // namespace skep::persona

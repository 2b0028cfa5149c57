// The shipped templates, and personas as values and as text.
#pragma once

#include "persona/persona.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace skep::persona {

/// Names of the built-in templates, sorted: `generate` takes one of them.
std::vector<std::string_view> template_names();

/// The TOML text of one, empty if there is none of that name.
std::string_view template_text(std::string_view name);

/// One machine drawn from the text of a template. `name` becomes Persona::name. Fault::refused with
/// `name:line: what is wrong` where the template itself is wrong.
Result<Persona> draw(std::string_view name, std::string_view toml, std::int64_t now_seconds);

/// A persona as a file that `parse` reads back to the same value, every key with its sentence.
std::string to_toml(const Persona& persona);

/// What `load` does with the text of a file; `file` is for messages, and its stem is the name.
Result<Persona> parse(std::string_view toml, const std::string& file);

/// A contradiction inside a persona, as a sentence that says what would be right; empty if there is
/// none.
std::string contradiction(const Persona& persona);

/// A key of a persona file with the sentence that documents it, in the order of the file.
struct Key {
    std::string_view name;
    std::string_view kind; ///< text, maybe, lines, number or flag
    std::string_view sentence;
};

std::vector<Key> keys();

} // namespace skep::persona

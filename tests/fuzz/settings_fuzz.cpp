// The files that an owner writes: a mistake is a message, never an end of the process.
#include "base/settings.hpp"
#include "persona/template.hpp"

#include <cstdint>
#include <cstdlib>

using namespace skep;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    Settings settings;
    if (const auto read = settings.read(text, "skep.toml"); !read) {
        if (!read.error().detail().starts_with("skep.toml:")) std::abort();
        if (!settings.values().empty()) std::abort(); // all or nothing
    }
    (void)Settings{}.assign(text);
    if (const auto persona = persona::parse(text, "debian.toml")) {
        const auto again = persona::parse(persona::to_toml(*persona), "debian.toml");
        if (!again) std::abort();
    }
    return 0;
}

#include "cell/boot_time.hpp"

#include "process/descriptor.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <fcntl.h>
#include <unistd.h>

namespace skep::cell {
namespace {

std::string path_of(const std::string& id) {
    return fmt::format("cells/{}/boot", id);
}

} // namespace

std::int64_t read_boot_time(const std::string& id) {
    const process::Descriptor file{::open(path_of(id).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    std::array<char, 24> text{};
    const auto size = file.valid() ? ::read(file.get(), text.data(), text.size()) : 0;
    std::int64_t seconds = 0;
    if (size > 0) std::from_chars(text.data(), text.data() + size, seconds);
    return seconds;
}

void write_boot_time(const std::string& id, std::int64_t seconds) {
    const process::Descriptor file{
        ::open(path_of(id).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)};
    const auto text = std::to_string(seconds);
    if (file.valid() &&
        ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        ::unlink(path_of(id).c_str());
}

} // namespace skep::cell

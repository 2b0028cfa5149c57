// `skep password`: a new password for the dashboard.
#include "base/crypto/password.hpp"

#include "apps/subcommand.hpp"
#include "base/settings.hpp"
#include "process/user.hpp"

#include <fmt/format.h>

#include <array>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>

namespace skep::apps::password {
namespace {

constexpr const char* hash_file = "hub/password";

/// Replaces the hash whole, readable by its owner only.
bool write_hash(const std::string& hash) {
    const std::string temporary = std::string{hash_file} + ".new";
    ::umask(077);
    {
        std::ofstream file{temporary, std::ios::trunc};
        file << hash << '\n';
        if (!file.flush()) return false;
    }
    std::error_code error;
    std::filesystem::rename(temporary, hash_file, error);
    return !error;
}

int run(const Arguments& arguments) {
    const auto state = state_directory(arguments);
    const auto settings = Settings::load(state);
    if (!settings) return complain(settings.error().detail(), 2);
    if (auto become = process::become_user(settings->text("run.user"), state); !become)
        return complain(become.error().detail(), 1);
    const auto password = crypto::make_password();
    if (!write_hash(crypto::hash_password(password)))
        return complain(fmt::format("{}/{} cannot be written", state, hash_file));
    fmt::print("password: {}\n", password);
    return 0;
}

constexpr std::array options{state_option};

} // namespace

extern const Subcommand entry{.name = "password",
                              .summary = "Set a new password for the dashboard and print it once.",
                              .words = "",
                              .options = options,
                              .example = "skep password --state ./state",
                              .run = run};

} // namespace skep::apps::password

#include "cell/tar_writer.hpp"

#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace skep;
using namespace skep::cell;

namespace {

/// What GNU tar says of an archive: its listing, or one member's content.
std::string tar_says(const std::string& archive, const std::string& arguments) {
    const auto file = "/tmp/skep-tar-" + std::to_string(::getpid());
    std::ofstream{file, std::ios::binary} << archive;
    auto* const pipe = ::popen(("TZ=UTC tar --numeric-owner --quoting-style=literal -f " + file +
                                ' ' + arguments + " 2>&1")
                                   .c_str(),
                               "r");
    std::string text;
    for (int c = 0; pipe != nullptr && (c = std::fgetc(pipe)) != EOF;)
        text += static_cast<char>(c);
    CHECK(::pclose(pipe) == 0);
    ::unlink(file.c_str());
    return text;
}

} // namespace

TEST_CASE("GNU tar reads what the writer writes") {
    std::string archive;
    TarWriter tar{[&](std::string_view bytes) {
        archive += bytes;
        return Result<void>{};
    }};
    const std::string deep = std::string(120, 'd') + '/' + std::string(200, 'f');
    const TarEntry file{.path = deep,
                        .mode = S_IFREG | 0755U,
                        .uid = 1000,
                        .gid = 5,
                        .size = 700,
                        .mtime = 86400,
                        .link = {}};
    REQUIRE(tar.add(file));
    REQUIRE(tar.content(std::string(300, 'x')));
    const TarEntry link{.path = "link", .mode = S_IFLNK | 0777U, .link = std::string(150, 't')};
    REQUIRE(tar.add(link)); // the missing 400 bytes of the file are zeros
    REQUIRE(tar.add({.path = "fifo", .mode = S_IFIFO | 0600U, .link = {}}));
    REQUIRE(tar.add({.path = "old", .mode = S_IFDIR | 01777U, .mtime = -5, .link = {}}));
    CHECK_FALSE(tar.content("x"));
    REQUIRE(tar.finish());
    CHECK(archive.size() % 512 == 0);
    CHECK(tar_says(archive, "-tv") ==
          "-rwxr-xr-x 1000/5          700 1970-01-02 00:00 " + deep +
              "\nlrwxrwxrwx 0/0               0 1970-01-01 00:00 link -> " + std::string(150, 't') +
              "\nprw------- 0/0               0 1970-01-01 00:00 fifo\n"
              "drwxrwxrwt 0/0               0 1969-12-31 23:59 old\n");
    CHECK(tar_says(archive, "-xO " + deep) == std::string(300, 'x') + std::string(400, '\0'));
}

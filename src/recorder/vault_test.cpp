#include "base/crypto/sha256.hpp"
#include "process/channel.hpp"
#include "recorder/testing.hpp"
#include "recorder/vault.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace skep;
using namespace skep::recorder;
using namespace skep::recorder::testing;
namespace fs = std::filesystem;

namespace {

process::Descriptor content(std::string_view bytes) {
    process::Descriptor memory{::memfd_create("content", MFD_CLOEXEC)};
    REQUIRE(write_all(system_files(), memory.get(), bytes, 0));
    return memory;
}

VaultOptions options(const Scratch& scratch) {
    return {.directory = scratch.path("vault"),
            .artifact_bytes_max = 1024,
            .bytes_max = 4096,
            .session_bytes_max = 2048};
}

std::string reason(const Result<Kept>& kept) {
    return kept ? "kept" : kept.error().detail();
}

std::size_t kept_files(const Scratch& scratch) {
    std::size_t count = 0;
    for (const auto& entry : fs::recursive_directory_iterator{scratch.path("vault")})
        if (entry.is_regular_file()) ++count;
    return count;
}

} // namespace

TEST_CASE("a file is kept under its SHA-256, readable only, once") {
    const Scratch scratch;
    auto vault = Vault::open(options(scratch));
    REQUIRE(vault);
    const auto bytes = std::string{"#!/bin/sh\0echo\n", 15};
    const auto first = vault->keep(content(bytes).get(), "s1", false);
    REQUIRE(first);
    CHECK(first->shasum == crypto::sha256_hex(bytes));
    CHECK(first->outfile == "vault/" + first->shasum.substr(0, 2) + '/' + first->shasum);
    CHECK(first->size == bytes.size());
    CHECK_FALSE(first->duplicate);
    CHECK(read_file(scratch.path(first->outfile)) == bytes);
    CHECK(fs::status(scratch.path(first->outfile)).permissions() == fs::perms::owner_read);
    const auto again = vault->keep(content(bytes).get(), "s2", true); // costs no space
    REQUIRE(again);
    CHECK(again->duplicate);
    CHECK(again->outfile == first->outfile);
    CHECK(vault->bytes() == bytes.size());
    CHECK(kept_files(scratch) == 1);
    const auto empty = vault->keep(content("").get(), "s1", false);
    REQUIRE(empty);
    CHECK(empty->size == 0);
}

TEST_CASE("artifact_bytes, vault_bytes and vault_bytes_per_session hold to the byte") {
    const Scratch scratch;
    auto vault = Vault::open(options(scratch));
    REQUIRE(vault);
    const auto keep = [&](std::size_t size, char fill, const std::string& session) {
        return reason(vault->keep(content(std::string(size, fill)).get(), session, false));
    };
    CHECK(keep(1025, 'a', "s1") == "artifact_bytes");
    CHECK(keep(1024, 'a', "s1") == "kept");
    CHECK(keep(1024, 'b', "s1") == "kept");
    CHECK(keep(1, 'c', "s1") == "vault_bytes_per_session");
    CHECK(keep(1024, 'a', "s1") == "kept"); // a duplicate
    CHECK(keep(1024, 'd', "s2") == "kept");
    CHECK(keep(1023, 'e', "s2") == "kept");
    CHECK(keep(2, 'f', "s3") == "vault_bytes");
    CHECK(keep(1, 'f', "s3") == "kept");
    CHECK(vault->bytes() == 4096);
    vault = Vault::open(options(scratch)); // counted anew
    REQUIRE(vault);
    CHECK(vault->bytes() == 4096);
    CHECK(keep(1, 'g', "s4") == "vault_bytes");
    CHECK(kept_files(scratch) == 5);
}

TEST_CASE("descriptors that are no finite readable file are refused at once") {
    const Scratch scratch;
    auto vault = Vault::open(options(scratch));
    REQUIRE(vault);
    const auto keep = [&](int fd) { return reason(vault->keep(fd, "s", false)); };
    CHECK(keep(-1) == "no_content");
    const auto fifo = scratch.path("fifo");
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    CHECK(keep(process::Descriptor{::open(fifo.c_str(), O_RDWR | O_CLOEXEC)}.get()) ==
          "not_a_file");
    const process::Descriptor directory{::open(scratch.path().c_str(), O_RDONLY | O_CLOEXEC)};
    CHECK(keep(directory.get()) == "not_a_file");
    const process::Descriptor zero{::open("/dev/zero", O_RDONLY | O_CLOEXEC)};
    CHECK(keep(zero.get()) == "not_a_file");
    const auto pair = process::make_channel_pair();
    REQUIRE(pair);
    CHECK(keep(pair->first.get()) == "not_a_file");
    write_file(scratch.path("file"), "x");
    const process::Descriptor write_only{
        ::open(scratch.path("file").c_str(), O_WRONLY | O_CLOEXEC)};
    CHECK(keep(write_only.get()) == "unreadable");
    const process::Descriptor sparse{::memfd_create("sparse", MFD_CLOEXEC)};
    REQUIRE(::ftruncate(sparse.get(), off_t{1} << 50) == 0);
    CHECK(keep(sparse.get()) == "artifact_bytes");
    // /proc files say that they are empty and go on when they are read.
    const process::Descriptor endless{::open("/proc/kallsyms", O_RDONLY | O_CLOEXEC)};
    if (endless.valid()) CHECK(keep(endless.get()) == "artifact_bytes");
    CHECK(kept_files(scratch) == 0);
}

TEST_CASE("a file that takes too long is dropped") {
    const Scratch scratch;
    auto slow = options(scratch);
    slow.within = std::chrono::milliseconds{-1};
    auto vault = Vault::open(slow);
    REQUIRE(vault);
    CHECK(reason(vault->keep(content("x").get(), "s", false)) == "too_slow");
}

namespace {

int growing = -1;

ssize_t write_while_it_grows(int fd, const void* bytes, std::size_t count, off_t offset) {
    (void)write_all(system_files(), growing, std::string(64, 'z'), 64);
    return ::pwrite(fd, bytes, count, offset);
}

ssize_t full_disk(int, const void*, std::size_t, off_t) {
    errno = ENOSPC;
    return -1;
}

int broken_disk(int) {
    errno = EIO;
    return -1;
}

} // namespace

TEST_CASE("a file that grows while it is copied is not kept beyond what was admitted") {
    const Scratch scratch;
    auto hostile = options(scratch);
    hostile.calls.write_at = write_while_it_grows;
    auto vault = Vault::open(hostile);
    REQUIRE(vault);
    const auto file = content(std::string(64, 'y'));
    growing = file.get();
    CHECK(reason(vault->keep(file.get(), "s", false)) == "artifact_bytes");
    CHECK(vault->bytes() == 0);
    CHECK(kept_files(scratch) == 0);
}

TEST_CASE("a full or broken disk and the floor drop the file and leave nothing behind") {
    const Scratch scratch;
    auto wanted = options(scratch);
    wanted.calls.write_at = full_disk;
    auto vault = Vault::open(wanted);
    REQUIRE(vault);
    CHECK(reason(vault->keep(content("x").get(), "s", false)) == "disk_full");
    wanted.calls = {.write_at = ::pwrite, .sync = broken_disk};
    vault = Vault::open(wanted);
    REQUIRE(vault);
    CHECK(reason(vault->keep(content("x").get(), "s", false)) == "write_error");
    CHECK(reason(vault->keep(content("x").get(), "s", true)) == "disk_floor");
    CHECK(kept_files(scratch) == 0);
    write_file(scratch.path("vault/.incoming"), "half of a file");
    REQUIRE(Vault::open(wanted));
    CHECK(kept_files(scratch) == 0);
}

// Only code of the base image executes: every way around the rule that we know of is tried from
// inside a real cell.
#include "cell/can_run.hpp"
#include "cell/harness.hpp"

#include <catch2/catch.hpp>
#include <elf.h>
#include <fstream>

using namespace skep;
using namespace skep::cell;
using test::can_run;

namespace {

/// One cell for all sections of a test case.
struct Place {
    test::TestCells cells;
    test::TestCell cell = cells.launch(1);

    Place() {
        REQUIRE(cells.error.empty());
        REQUIRE(cell.open("root") == "");
    }
};

/// A static program that writes "FOREIGN" and ends with 7, as `printf` arguments: what a loader
/// types.
std::string foreign_program() {
    const std::string code =
        std::string{"\xb8\x01\x00\x00\x00\xbf\x01\x00\x00\x00\x48\x8d\x35\x15\x00\x00\x00\xba\x08"
                    "\x00\x00\x00\x0f\x05",
                    24} +
        std::string{"\xb8\xe7\x00\x00\x00\xbf\x07\x00\x00\x00\x0f\x05\x90\x90", 14} + "FOREIGN\n";
    Elf64_Ehdr head{};
    std::copy_n(ELFMAG, SELFMAG, head.e_ident);
    head.e_ident[EI_CLASS] = ELFCLASS64;
    head.e_ident[EI_DATA] = ELFDATA2LSB;
    head.e_ident[EI_VERSION] = EV_CURRENT;
    head.e_type = ET_EXEC;
    head.e_machine = EM_X86_64;
    head.e_version = EV_CURRENT;
    head.e_entry = 0x400000 + sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr);
    head.e_phoff = sizeof head;
    head.e_ehsize = sizeof head;
    head.e_phentsize = sizeof(Elf64_Phdr);
    head.e_phnum = 1;
    Elf64_Phdr part{};
    part.p_type = PT_LOAD;
    part.p_flags = PF_R | PF_X;
    part.p_vaddr = part.p_paddr = 0x400000;
    part.p_filesz = part.p_memsz = sizeof head + sizeof part + code.size();
    part.p_align = 4096;
    return std::string{reinterpret_cast<const char*>(&head), sizeof head} +
           std::string{reinterpret_cast<const char*>(&part), sizeof part} + code;
}

/// Drops `content` as `path`, as an echo loader does.
void drop(test::TestCell& cell, const std::string& path, const std::string& content) {
    for (std::size_t at = 0; at < content.size(); at += 64) {
        std::string line = "printf '";
        for (const char byte : content.substr(at, 64)) {
            constexpr std::string_view digits = "01234567";
            const auto value = static_cast<unsigned char>(byte);
            line += {'\\', digits[value >> 6U], digits[(value >> 3U) & 7U], digits[value & 7U]};
        }
        cell.run(line + "' " + (at == 0 ? ">" : ">>") + ' ' + path);
    }
    cell.run("chmod 755 " + path);
}

} // namespace

TEST_CASE("the foreign program of these tests would run outside of a cell") {
    const auto file = std::string{"/tmp/skep-foreign-"} + std::to_string(::getpid());
    std::ofstream{file, std::ios::binary} << foreign_program();
    const auto status =
        std::system(("chmod 755 " + file + "; test \"$(" + file + ")\" = FOREIGN").c_str());
    std::remove(file.c_str());
    REQUIRE(status == 0);
}

TEST_CASE(
    "a dropped program is kept, does not run, and ends as one that went into the background") {
    if (!can_run()) return;
    Place place;
    auto& cell = place.cell;
    const auto program = foreign_program();
    drop(cell, "/tmp/bot", program);

    SECTION("by its name") {
        REQUIRE(cell.run("/tmp/bot; echo rc=$?") == "rc=0\n");
        REQUIRE(cell.await([&] { return cell.kept(program); }));
        REQUIRE(cell.exec("/tmp/bot") != nullptr);
        CHECK(cell.exec("/tmp/bot")->text_of("verdict") == "foreign");
    }
    SECTION("even if it deletes itself at once") {
        REQUIRE(cell.run("cd /tmp; ./bot & rm -f bot; wait; ls bot").contains("No such file"));
        REQUIRE(cell.await([&] { return cell.kept(program); }));
    }
    SECTION("deleted without being run") {
        cell.run("rm -f /tmp/bot");
        REQUIRE(cell.await([&] { return cell.kept(program); }));
    }
    SECTION("through a link, a hard link, a renamed directory and /proc") {
        cell.run("ln -s /tmp/bot /tmp/a; ln /tmp/bot /tmp/b; mkdir -p /tmp/d; cp /tmp/bot "
                 "/tmp/d/c; mv /tmp/d /tmp/e");
        for (const char* name : {"/tmp/a", "/tmp/b", "/tmp/e/c", "/proc/self/cwd/tmp/bot",
                                 "/proc/self/root/tmp/bot", "/tmp/../tmp/./bot"})
            CHECK(cell.run(std::string{"cd /; "} + name + "; echo rc=$?") == "rc=0\n");
    }
    SECTION("through a descriptor") {
        CHECK(cell.run("exec 9</tmp/bot; /proc/self/fd/9; echo rc=$?; exec 9<&-") == "rc=0\n");
        CHECK(cell.run("exec 9</tmp/bot; rm /tmp/bot; /proc/$$/fd/9; echo rc=$?; exec 9<&-") ==
              "rc=0\n");
    }
    SECTION("in place of a program of the image") {
        CHECK(cell.run("cat /tmp/bot > /bin/busybox; echo rc=$?")
                  .contains("rc=1")); // it runs: ETXTBSY
        cell.run("cp /tmp/bot /sbin/newtool; rm /bin/nc; cp /tmp/bot /bin/nc");
        CHECK(cell.run("/sbin/newtool; echo rc=$?") == "rc=0\n");
        CHECK(cell.run("/bin/nc; echo rc=$?") == "rc=0\n");
    }
    SECTION("on another file system of the cell") {
        cell.run("cp /tmp/bot /dev/shm/bot; chmod 755 /dev/shm/bot");
        const auto said = cell.run("/dev/shm/bot; echo rc=$?");
        CHECK_FALSE(said.contains("FOREIGN"));
    }
    SECTION("as the interpreter of a script") {
        cell.run("printf '#!/tmp/bot\\n' > /tmp/s; chmod 755 /tmp/s");
        CHECK(cell.run("/tmp/s; echo rc=$?") == "rc=0\n");
    }
    place.cell.stop();
}

TEST_CASE("what the image has may be copied, renamed and run under another name") {
    if (!can_run()) return;
    Place place;
    auto& cell = place.cell;
    // The name must still begin with "busybox": the program looks at it.
    CHECK(cell.run("cp /bin/busybox /tmp/busybox.x; /tmp/busybox.x echo copied") == "copied\n");
    CHECK(cell.run("cd /tmp; mv busybox.x busybox-2; ./busybox-2 echo again; rm busybox-2") ==
          "again\n");
    cell.listen(std::chrono::milliseconds{300});
    CHECK(cell.files.empty());
    CHECK(cell.run("mv /bin/busybox /bin/busybox2; /bin/busybox2 echo moved; /bin/busybox2 mv "
                   "/bin/busybox2 /bin/busybox") == "moved\n");
    CHECK(cell.run("chmod 777 /bin/busybox; /bin/busybox echo touched") == "touched\n");
    cell.stop();
}

TEST_CASE("a program changed by one byte is not the image's") {
    if (!can_run()) return;
    Place place;
    auto& cell = place.cell;
    cell.run("cp /bin/busybox /tmp/xx; printf X >> /tmp/xx");
    CHECK(cell.run("/tmp/xx echo changed; echo rc=$?") == "rc=0\n");
    CHECK(cell.await([&] { return !cell.files.empty(); }));
    cell.stop();
}

TEST_CASE("scripts run and are kept, and other machines' programs fail as they do everywhere") {
    if (!can_run()) return;
    Place place;
    auto& cell = place.cell;
    const std::string script = "#!/bin/sh\necho ran $1\nrm -f $0\n";
    cell.run("printf '#!/bin/sh\\necho ran $1\\nrm -f $0\\n' > /tmp/s.sh; chmod +x /tmp/s.sh");
    CHECK(cell.run("/tmp/s.sh once") == "ran once\n");
    CHECK(cell.await([&] { return cell.kept(script); }));
    REQUIRE(cell.exec("/tmp/s.sh") != nullptr);
    CHECK(cell.exec("/tmp/s.sh")->text_of("verdict") == "script");
    auto arm = foreign_program();
    arm[18] = static_cast<char>(EM_ARM);
    drop(cell, "/tmp/arm", arm);
    CHECK_FALSE(cell.run("/tmp/arm; echo rc=$?") == "rc=0\n");
    CHECK(cell.await([&] { return cell.kept(arm); }));
    cell.stop();
}

TEST_CASE("what is written and removed at once is kept, on each file system") {
    if (!can_run()) return;
    Place place;
    auto& cell = place.cell;
    for (const std::string directory : {"/", "/tmp/", "/var/", "/run/", "/dev/", "/dev/shm/"}) {
        CAPTURE(directory);
        const auto file = directory + ".nippon";
        CHECK(cell.run("echo kami" + file + " > " + file + "; cat " + file + "; rm " + file) ==
              "kami" + file + "\n");
        CHECK(cell.await([&] { return cell.kept("kami" + file + "\n"); }));
    }
    cell.stop();
}

TEST_CASE("the persona's /proc is found from directories that are gone or seem to be") {
    if (!can_run()) return;
    Place place;
    auto& cell = place.cell;
    const auto version = cell.run("cat /proc/version");
    REQUIRE(version.starts_with("Linux version "));
    CHECK(cell.run("mkdir -p /tmp/a/b; cd /tmp/a/b; rmdir /tmp/a/b; cat ../../../proc/version") ==
          version);
    CHECK(cell.run("rmdir /tmp/a; cat ./..//../../proc/version") == version);
    CHECK(cell.run("mkdir '/tmp/c (deleted)'; cd '/tmp/c (deleted)'; cat ../../proc/version") ==
          version);
    cell.run("echo from-c > x; rm x");
    CHECK(cell.await([&] { return cell.kept("from-c\n"); }));
    // Deeper than the kernel can say.
    cell.run("cd /tmp; n=" + std::string(250, 'n') +
             "; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17; do mkdir $n; cd $n; done");
    const auto deep =
        cell.run("cat ../../../../../../../../../../../../../../../../../../proc/version");
    CHECK((deep == version || !deep.contains("Linux version ")));
    cell.run("cd /");
    cell.stop();
}

TEST_CASE("a file written again with the same size and time is kept again") {
    if (!can_run()) return;
    Place place;
    auto& cell = place.cell;
    cell.run("echo one > /tmp/f; touch -d '2024-01-01 00:00' /tmp/f; sh /tmp/f");
    CHECK(cell.await([&] { return cell.kept("one\n"); }));
    cell.run("echo two > /tmp/f; touch -d '2024-01-01 00:00' /tmp/f; rm /tmp/f");
    CHECK(cell.await([&] { return cell.kept("two\n"); }));
    cell.stop();
}

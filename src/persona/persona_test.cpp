#include "persona/persona.hpp"
#include "persona/template.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <unistd.h>

namespace skep::persona {
namespace {

constexpr std::int64_t now = 1795000000; // 2026-11-18

Persona drawn(std::string_view name, std::int64_t at = now) {
    const auto text = generate(name, at);
    REQUIRE(text);
    const auto persona = parse(*text, fmt::format("personas/{}.toml", name));
    INFO(*text);
    REQUIRE(persona);
    return *persona;
}

/// The text of a drawn persona with the value of one key replaced.
std::string with(std::string_view key, std::string_view value) {
    auto text = generate("debian", now).value_or("");
    const auto line = text.find(fmt::format("\n{} = ", key)) + 1;
    REQUIRE(line != 0);
    text.replace(line, text.find('\n', line) - line, fmt::format("{} = {}", key, value));
    return text;
}

std::string refusal(std::string_view key, std::string_view value) {
    const auto text = with(key, value);
    const auto persona = parse(text, "personas/web.toml");
    REQUIRE_FALSE(persona);
    const auto lines_before = std::count(
        text.begin(),
        text.begin() + static_cast<std::ptrdiff_t>(text.find(fmt::format("\n{} = ", key))), '\n');
    const auto place = fmt::format("personas/web.toml:{}: ", lines_before + 2);
    const auto& detail = persona.error().detail();
    INFO(detail);
    REQUIRE(detail.starts_with(place));
    return detail.substr(place.size());
}

} // namespace

TEST_CASE("a thousand drawn machines are consistent and all different") {
    std::set<std::string> texts;
    std::set<std::string> macs;
    std::set<std::string> hostnames;
    const std::regex known{R"(\b(svr0[34]|srv04|nas3)\b)"};
    for (int i = 0; i < 500; ++i) {
        for (const auto name : template_names()) {
            const auto persona = drawn(name);
            CHECK(contradiction(persona).empty());
            CHECK_FALSE(std::regex_search(persona.hostname, known));
            CHECK(persona.boot_time < now);
            CHECK(persona.boot_time > now - 400LL * 86400);
            CHECK(persona.memory_kib % 4 == 0);
            CHECK(persona.disk_used_kib < persona.disk_kib * 8 / 10);
            CHECK(persona.proc_version.find('{') == std::string::npos);
            CHECK(persona.cmdline.find('{') == std::string::npos);
            CHECK(persona.motd.find('{') == std::string::npos);
            texts.insert(to_toml(persona));
            macs.insert(persona.mac);
            hostnames.insert(persona.hostname);
        }
    }
    CHECK(texts.size() == 1000);
    CHECK(macs.size() > 990); // 24 random bits below each of five prefixes
    CHECK(hostnames.size() > 300);
}

TEST_CASE("a machine was booted after its kernel was uploaded") {
    for (int i = 0; i < 100; ++i) {
        const auto persona = drawn("debian");
        std::smatch date;
        REQUIRE(std::regex_search(persona.kernel_version, date,
                                  std::regex{R"(\((\d{4})-(\d\d)-(\d\d)\)$)"}));
        const std::chrono::year_month_day built{
            std::chrono::year{std::stoi(date[1])},
            std::chrono::month{static_cast<unsigned>(std::stoi(date[2]))},
            std::chrono::day{static_cast<unsigned>(std::stoi(date[3]))}};
        const auto built_seconds =
            std::chrono::sys_days{built}.time_since_epoch().count() * std::int64_t{86400};
        CHECK(persona.boot_time > built_seconds);
        CHECK(persona.boot_time - built_seconds < 250LL * 86400);
    }
}

TEST_CASE("a processor's name and numbers belong together") {
    const std::map<std::string, std::tuple<std::string, int, int>> known{
        {"AMD EPYC-Rome Processor", {"AuthenticAMD", 23, 49}},
        {"AMD EPYC-Milan Processor", {"AuthenticAMD", 25, 1}},
        {"Intel Core Processor (Haswell, no TSX)", {"GenuineIntel", 6, 60}},
        {"Intel Xeon Processor (Skylake, IBRS, no TSX)", {"GenuineIntel", 6, 85}},
        {"AMD GX-412TC SOC", {"AuthenticAMD", 22, 48}},
        {"Intel(R) Celeron(R) CPU  J1900  @ 1.99GHz", {"GenuineIntel", 6, 55}},
    };
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) {
        for (const auto name : template_names()) {
            const auto persona = drawn(name);
            const auto found = known.find(persona.cpu_model);
            REQUIRE(found != known.end());
            CHECK(std::tuple{persona.cpu_vendor, persona.cpu_family, persona.cpu_model_number} ==
                  found->second);
            const bool is_pc_engines = persona.mac.starts_with("00:0d:b9");
            CHECK(is_pc_engines == (persona.cpu_model == "AMD GX-412TC SOC"));
            seen.insert(persona.cpu_model);
        }
    }
    CHECK(seen.size() == known.size());
}

TEST_CASE("a clock before every kernel still gives a machine") {
    CHECK(drawn("debian", 1600000000).kernel_release == "6.1.0-9-amd64");
}

TEST_CASE("a persona is written and read without a change") {
    const auto first = drawn("router");
    const auto again = parse(to_toml(first), "router.toml");
    REQUIRE(again);
    CHECK(to_toml(*again) == to_toml(first));
    CHECK(again->motd == first.motd);
    CHECK(again->every_user_is_root);
    CHECK(again->name == "router");
}

TEST_CASE("a machine may have no SSH server, but no line of one that it has not") {
    auto text = generate("debian", now).value_or("");
    const auto drop = [&](std::string_view key) {
        const auto line = text.find(fmt::format("\n{} = ", key)) + 1;
        REQUIRE(line != 0);
        text.erase(line, text.find('\n', line) - line + 1);
    };
    drop("ssh_server");
    const auto orphan = parse(text, "web.toml");
    REQUIRE_FALSE(orphan);
    CHECK(orphan.error().detail().contains("`ssh_identification` says nothing without"));
    drop("ssh_identification");
    const auto persona = parse(text, "web.toml");
    REQUIRE(persona);
    CHECK(persona->ssh_server.empty());
    CHECK_FALSE(to_toml(*persona).contains("ssh_"));
    CHECK(refusal("ssh_identification", "\"SSH-1.99-x\"").starts_with("`ssh_identification` must"));
    CHECK(refusal("ssh_identification", "\"\"") == "`ssh_identification` must be one line of text");
}

TEST_CASE("extra keys are kept as text") {
    const auto persona =
        parse(with("every_user_is_root", "false\n[extra]\nsmtp_banner = \"ready\""), "web.toml");
    REQUIRE(persona);
    CHECK(persona->extra.at("smtp_banner") == "ready");
}

TEST_CASE("a wrong value is refused with its line and what would be right") {
    CHECK(refusal("cpus", "\"two\"") == "`cpus` must be a whole number from 1 to 256");
    CHECK(refusal("cpus", "0") == "`cpus` must be a whole number from 1 to 256");
    CHECK(refusal("hostname", "7") == "`hostname` must be a text in quotes");
    CHECK(refusal("hostname", "\"a b\"").starts_with("`hostname` must be letters"));
    CHECK(refusal("hostname", "\"\"") == "`hostname` must be one line of text");
    CHECK(refusal("cmdline", "\"ro\\nquiet\"") == "`cmdline` must be one line of text");
    CHECK(refusal("motd", "\"\\u001b[2J\"") == "`motd` must have no control characters");
    CHECK(refusal("every_user_is_root", "1") == "`every_user_is_root` must be true or false");
    CHECK(refusal("mac", "\"53:54:00:11:22:33\"").starts_with("`mac` must be six bytes"));
    CHECK(refusal("address", "\"10.0.0.300/24\"").starts_with("`address` must be an IPv4"));
    CHECK(refusal("gateway", "\"1.2.3.4\"").starts_with("`gateway` must be an IPv4"));
    CHECK(refusal("machine", "\"mips\"").starts_with("`machine` must be x86_64"));
    CHECK(refusal("telnet_server", "\"linux\"") ==
          "`telnet_server` must be one of inetutils-2.4, busybox-1.30");
    CHECK(refusal("disk_used_kib", "999999999").starts_with("`disk_used_kib` must not be more"));
}

TEST_CASE("a missing key and an unknown key are named") {
    auto text = generate("debian", now).value_or("");
    const auto line = text.find("\nhostname = ") + 1;
    text.erase(line, text.find('\n', line) - line + 1);
    const auto missing = parse(text, "web.toml");
    REQUIRE_FALSE(missing);
    CHECK(missing.error().detail() == "web.toml:1: the key `hostname` is missing. Host name, as "
                                      "`uname -n` prints it.");
    const auto unknown = parse("host_name = \"web01\"\n", "web.toml");
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error().detail() ==
          "web.toml:1: there is no key `host_name`; did you mean `hostname`?");
    const auto broken = parse("hostname = \n", "web.toml");
    REQUIRE_FALSE(broken);
    CHECK(broken.error().detail().starts_with("web.toml:1: "));
}

TEST_CASE("load reads a file and names it where it cannot") {
    const auto path = std::filesystem::temp_directory_path() /
                      fmt::format("skep-persona-test-{}.toml", ::getpid());
    std::ofstream{path} << generate("debian", now).value_or("");
    const auto persona = load(path.string());
    std::filesystem::remove(path);
    REQUIRE(persona);
    CHECK(persona->name == path.stem().string());
    const auto absent = load(path.string());
    REQUIRE_FALSE(absent);
    CHECK(absent.error().detail() == path.string() + ": cannot be read");
}

TEST_CASE("there is no template of another name") {
    const auto text = generate("windows", now);
    REQUIRE_FALSE(text);
    CHECK(text.error().detail() ==
          "there is no persona template `windows`; there are debian, router");
}

TEST_CASE("a mistake in a template is told, not drawn") {
    const auto without_kernels = draw("x", "boot_days = [1, 2]\n", now);
    REQUIRE_FALSE(without_kernels);
    CHECK(without_kernels.error().detail() == "template x: `platform` must be a list");
    std::string text{template_text("router")};
    text.replace(text.find("{linux}"), 7, "{linus}");
    const auto unknown_word = draw("router", text, now);
    REQUIRE_FALSE(unknown_word);
    CHECK(unknown_word.error().detail() == "template router: nothing stands for {linus}");
}

} // namespace skep::persona

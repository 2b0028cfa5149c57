#include "base/settings.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

using namespace skep;
namespace fs = std::filesystem;

namespace {

/// What is said about `toml`; empty if it is right.
std::string complaint(std::string_view toml) {
    Settings settings;
    const auto read = settings.read(toml, "skep.toml");
    if (read) return {};
    CHECK(settings.values().empty()); // all or nothing
    return read.error().detail();
}

} // namespace

TEST_CASE("every row has a default that it would accept itself, and says what it means") {
    std::set<std::string_view> keys;
    for (const auto& row : setting_rows()) {
        INFO(row.key);
        CHECK(keys.insert(row.key).second);
        CHECK(row.sentence.ends_with('.'));
        if (row.kind == SettingKind::number) {
            CHECK(row.number_default >= row.min);
            CHECK(row.number_default <= row.max);
            CHECK(row.min <= row.max);
            CHECK_FALSE(row.unit_or_choices.empty());
        }
        if (row.kind == SettingKind::text && !row.unit_or_choices.empty())
            CHECK(("|" + std::string{row.unit_or_choices} + "|")
                      .contains("|" + std::string{row.text_default} + "|"));
        CHECK(find_setting(row.key) == &row);
    }
}

TEST_CASE("defaults stand until a file says otherwise") {
    Settings settings;
    CHECK(settings.text("auth.policy") == "after");
    CHECK(settings.limit("journal_commit_ms") == 200);
    CHECK(settings.flag("hub.enabled"));
    CHECK(settings.list("auth.accept").front() == "root:*");
    CHECK(settings.names("service").empty());
    REQUIRE(settings.read(R"(
sensor.name = "edge"
[auth]
policy = "list"
accept = ["root:toor", "!root:root"]
[service.telnet]
address = "0.0.0.0:23"
[service.router]
persona = "router"
enabled = false
[limits]
journal_commit_ms = 5000
)",
                          "skep.toml"));
    CHECK(settings.text("sensor.name") == "edge");
    CHECK(settings.text("auth.policy") == "list");
    CHECK(settings.list("auth.accept") == std::vector<std::string>{"root:toor", "!root:root"});
    CHECK(settings.limit("journal_commit_ms") == 5000);
    CHECK(settings.names("service") == std::vector<std::string>{"router", "telnet"});
    CHECK_FALSE(settings.flag("service.router.enabled"));
    CHECK(settings.flag("service.telnet.enabled"));
    CHECK_THROWS(settings.text("no.such.key"));
    CHECK_THROWS(settings.number("auth.policy"));
}

TEST_CASE("what is wrong is refused with file, line and what would be right") {
    CHECK(complaint("").empty());
    CHECK(complaint("\nsensor.nmae = \"x\"") ==
          "skep.toml:2: there is no key `sensor.nmae`; did you mean `sensor.name`?");
    CHECK(complaint("[auth]\npolicy = \"sometimes\"") ==
          "skep.toml:2: `auth.policy` must be one of list, any, never, after");
    CHECK(complaint("auth.policy = 1") == "skep.toml:1: `auth.policy` must be a text in quotes");
    CHECK(complaint("hub.enabled = 1") == "skep.toml:1: `hub.enabled` must be true or false");
    CHECK(complaint("auth.accept = [1]") == "skep.toml:1: `auth.accept` must be a list of texts");
    CHECK(complaint("limits.journal_commit_ms = 0") ==
          "skep.toml:1: `limits.journal_commit_ms` must be from 1 to 5000 milliseconds");
    CHECK(complaint("limits.journal_commit_ms = 5001").contains("from 1 to 5000"));
    CHECK(complaint("limits.journal_commit_ms = 1.5").contains("a whole number"));
    CHECK(complaint("limits.journal_commit_ms = 99999999999999999999").contains("skep.toml:1"));
    CHECK(complaint("a = 1\nb = ").contains("skep.toml:2"));
    CHECK(complaint("auth.policy = \"any\"\nauth.policy = \"any\"").contains("skep.toml:2"));
    CHECK(complaint("service.telnet = 1").contains("there is no key `service.telnet`"));
    CHECK(complaint("[[service]]\nkind = \"telnet\"").contains("there is no key `service`"));
    CHECK(complaint("[hubb]\n").contains("there is no key `hubb`"));
    CHECK(complaint("auth.policy = {}").contains("`auth.policy`"));
    CHECK(complaint("[service.telnet]\n").empty());
    CHECK(complaint("[service]\n").empty());
    CHECK_FALSE(complaint(std::string(100'000, '[')).empty());
    for (const auto* header :
         {"[[[", "[.a]", "[[=", "[[#", "[[", "[", "[ [", "[[\n", "[a.[", "[]"}) {
        INFO(header);
        CHECK(complaint("hub.enabled = true\n" + std::string{header}).starts_with("skep.toml:2: "));
    }
    CHECK_FALSE(complaint("sensor.name = \"\xff\"").empty());
}

TEST_CASE("one assignment is TOML or a bare word, and is checked like a file") {
    Settings settings;
    REQUIRE(settings.assign("auth.policy=any"));
    REQUIRE(settings.assign("sensor.name=\"a b\""));
    REQUIRE(settings.assign("limits.cells=5"));
    REQUIRE(settings.assign("auth.accept=[\"a:b\"]"));
    REQUIRE(settings.assign("service.telnet.address=\"[::1]:23\""));
    CHECK(settings.text("auth.policy") == "any");
    CHECK(settings.text("sensor.name") == "a b");
    CHECK(settings.limit("cells") == 5);
    CHECK(settings.list("auth.accept") == std::vector<std::string>{"a:b"});
    for (const auto* wrong : {"", "auth.policy", "=any", "auth.polcy=any", "auth.policy=sometimes",
                              "limits.cells=0", "limits.cells=many", "auth.policy=any\nx=1"}) {
        INFO(wrong);
        CHECK_FALSE(settings.assign(wrong));
        CHECK_FALSE(Settings::to_toml(wrong));
    }
    const auto line = Settings::to_toml("auth.policy=never");
    REQUIRE(line);
    CHECK(*line == "auth.policy = \"never\"\n");
}

TEST_CASE("conf.d is read after skep.toml, in the order of its names") {
    std::string name = (fs::temp_directory_path() / "skep-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    const fs::path directory{name};
    fs::create_directory(directory / "conf.d");
    const auto write = [&](const char* file, std::string_view text) {
        std::ofstream{directory / file} << text;
    };
    write("skep.toml", "sensor.name = \"a\"\nauth.policy = \"any\"\n");
    write("conf.d/20.toml", "sensor.name = \"c\"\n");
    write("conf.d/10.toml", "sensor.name = \"b\"\n");
    write("conf.d/30.txt", "nonsense");
    const auto settings = Settings::load(name);
    REQUIRE(settings);
    CHECK(settings->text("sensor.name") == "c");
    CHECK(settings->text("auth.policy") == "any");
    write("conf.d/15.toml", "\n\nauth.policy = 1\n");
    const auto wrong = Settings::load(name);
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().detail().contains("conf.d/15.toml:3"));
    fs::remove(directory / "skep.toml");
    CHECK_FALSE(Settings::load(name));
    fs::remove_all(directory);
}

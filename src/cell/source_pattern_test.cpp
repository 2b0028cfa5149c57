#include "cell/source_pattern.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace skep::cell;

TEST_CASE("from= is matched as sshd matches it") {
    constexpr auto no = SourceMatch::no, yes = SourceMatch::yes, invalid = SourceMatch::invalid;

    struct Row {
        std::string patterns;
        std::string_view address;
        SourceMatch match;
    };

    const Row rows[] = {
        {"192.0.2.7", "192.0.2.7", yes},
        {"192.0.2.8", "192.0.2.7", no},
        {"192.0.2.*", "192.0.2.7", yes},
        {"192.0.2.?", "192.0.2.77", no},
        {"192.0.2.0/24", "192.0.2.7", yes},
        {"192.0.2.1/24", "192.0.2.7", invalid},
        {"192.0.2.0/33", "192.0.2.7", invalid},
        {"192.0.2.0/129", "192.0.2.7", no},
        {"192.0.2.0/", "192.0.2.7", no},
        {"0.0.0.0/0", "192.0.2.7", yes},
        {"0.0.0.0/0", "2001:db8::1", no},
        {"2001:db8::/32", "2001:db8::1", yes},
        {"2001:DB8::1", "2001:db8::1", yes},
        {"2001:DB8:*", "2001:db8::1", yes},
        {"*", "192.0.2.7", yes},
        {"*,!192.0.2.7", "192.0.2.7", no},
        {"!192.0.2.0/24,*", "192.0.2.7", no},
        {"!192.0.2.0/24", "198.51.100.1", no},
        {"*,!10.0.0.0/8", "192.0.2.7", yes},
        {"host.example,192.0.2.7", "192.0.2.7", yes},
        {"", "192.0.2.7", invalid},
        {"*,", "192.0.2.7", invalid},
        {"*,,x", "192.0.2.7", invalid},
        {"!", "192.0.2.7", invalid},
        {"!192.0.2.7,,", "192.0.2.7", no},
        {"3221225991", "192.0.2.7", yes},
        {std::string(2000, '*'), "192.0.2.7", yes},
        {std::string(2000, 'x'), "192.0.2.7", no},
        {"192.0.2.7", "", no},
        {"*", "no address", yes},
    };
    for (const auto& row : rows) {
        INFO(row.patterns.substr(0, 60) << " of " << row.address);
        CHECK(match_source(row.patterns, row.address) == row.match);
    }
}

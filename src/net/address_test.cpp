#include "net/address.hpp"

#include <catch2/catch.hpp>
#include <unistd.h>

using namespace skep;

TEST_CASE("addresses are literals with a port") {
    const auto v4 = net::parse_address("0.0.0.0:23");
    REQUIRE(v4.has_value());
    CHECK(v4->host == "0.0.0.0");
    CHECK(v4->port == 23);
    const auto v6 = net::parse_address("[::1]:2323");
    REQUIRE(v6.has_value());
    CHECK(net::to_text(*v6) == "[::1]:2323");
    for (const char* wrong :
         {"", ":23", "23", "localhost:23", "1.2.3:23", "1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:-1",
          "::1:23", "[1.2.3.4:23", "1.2.3.4:23 "}) {
        INFO(wrong);
        const auto parsed = net::parse_address(wrong);
        REQUIRE_FALSE(parsed.has_value());
        CHECK(parsed.error().detail().find("must be like") != std::string::npos);
    }
}

TEST_CASE("port 0 takes a free port, and a taken one is refused by name") {
    net::Address address{"127.0.0.1", 0};
    const auto socket = net::listen_on(address);
    REQUIRE(socket.has_value());
    const auto bound = net::bound_address(*socket);
    REQUIRE(bound.has_value());
    CHECK(bound->port != 0);
    const auto again = net::listen_on(*bound);
    REQUIRE_FALSE(again.has_value());
    CHECK(again.error().detail().find(net::to_text(*bound)) != std::string::npos);
    ::close(*socket);
}

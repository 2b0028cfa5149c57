#include "base/settings.hpp"
#include "service/service.hpp"

#include <catch2/catch.hpp>

using namespace skep;

TEST_CASE("the configuration offers the protocols that there are") {
    const auto choices = split_bars(find_setting("service.*.kind")->unit_or_choices);
    std::vector<std::string> names;
    for (const auto* service : service::all())
        names.emplace_back(service->name);
    CHECK(choices == names);
}

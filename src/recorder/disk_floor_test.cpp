#include "recorder/disk_floor.hpp"

#include <catch2/catch.hpp>

using namespace skep::recorder;

TEST_CASE("disk_free_bytes_artifacts and disk_free_bytes_sessions are reached to the byte, and "
          "left a twentieth above") {
    DiskFloor floor{1000, 200};
    floor.update(1000);
    CHECK_FALSE(floor.no_artifacts());
    floor.update(999);
    CHECK(floor.no_artifacts());
    CHECK_FALSE(floor.no_sessions());
    floor.update(1049);
    CHECK(floor.no_artifacts());
    floor.update(199);
    CHECK(floor.no_sessions());
    floor.update(210);
    CHECK_FALSE(floor.no_sessions());
    CHECK(floor.no_artifacts());
    floor.update(1050);
    CHECK_FALSE(floor.no_artifacts());
}

TEST_CASE("a floor of zero is never reached") {
    DiskFloor floor{0, 0};
    floor.update(0);
    CHECK_FALSE(floor.no_artifacts());
    CHECK_FALSE(floor.no_sessions());
}

#include "cell/image_finish.hpp"
#include "process/descriptor.hpp"

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <unistd.h>

using namespace skep;
using process::Descriptor;
namespace fs = std::filesystem;

namespace {

struct Image {
    fs::path path = fs::temp_directory_path() / ("skep-image-test-" + std::to_string(::getpid()));

    Image() { fs::create_directories(path / "rootfs/var/lib/dpkg"); }

    Image(const Image&) = delete;
    Image& operator=(const Image&) = delete;

    ~Image() { fs::remove_all(path); }

    Descriptor make(const char* name) const {
        return Descriptor{::open((path / name).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)};
    }

    std::string packages() const {
        const Descriptor root{::open((path / "rootfs").c_str(), O_RDONLY | O_DIRECTORY)};
        const cell::ImageHead head{.name = "debian", .recipe = "1", .init = "/sbin/init"};
        REQUIRE(cell::write_manifest(root.get(), head, make("manifest.json").get(),
                                     make("programs").get(), make("packages").get()));
        std::ifstream in{path / "packages"};
        return std::string{std::istreambuf_iterator<char>{in}, {}};
    }
};

} // namespace

TEST_CASE("an image lists the packages that are installed, not those that are removed") {
    const Image image;
    std::ofstream{image.path / "rootfs/var/lib/dpkg/status"}
        << "Package: openssh-server\nStatus: install ok installed\nSource: openssh\n"
           "Version: 1:9.2p1-2+deb12u10\nDescription: secure shell\n Version: no field\n\n"
           "Package: gone\nStatus: deinstall ok config-files\nVersion: 1.0\n\n"
           "Package: zlib1g\nStatus: install ok installed\nVersion: 1:1.2.13.dfsg-1\n";
    CHECK(image.packages() == "openssh-server 1:9.2p1-2+deb12u10\nzlib1g 1:1.2.13.dfsg-1\n");
}

TEST_CASE("an image without dpkg has no packages") {
    const Image image;
    CHECK(image.packages().empty());
}

#include "cell/image.hpp"

#include "base/bytes.hpp"
#include "base/crypto/sha256.hpp"
#include "base/time.hpp"
#include "cell/id_space.hpp"
#include "cell/image_finish.hpp"
#include "cell/manifest.hpp"
#include "process/descriptor.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <linux/fs.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace skep::cell {
namespace fs = std::filesystem;

namespace {

using process::Descriptor;

fs::path program_directory() {
    std::error_code error;
    return fs::read_symlink("/proc/self/exe", error).parent_path();
}

/// Beside this program, or in `lib/skep` of an installation.
std::string cell_init_file() {
    const auto here = program_directory();
    for (const auto& place : {here / "skep-cell-init", here / "../lib/skep/skep-cell-init",
                              here / "../skep-cell-init"}) {
        std::error_code error;
        if (fs::is_regular_file(place, error)) return fs::canonical(place).string();
    }
    return {};
}

std::string why(std::string_view what) {
    return fmt::format("{}: {}", what, std::strerror(errno)); // NOLINT(concurrency-mt-unsafe)
}

Result<std::string> read_file(const fs::path& path) {
    std::ifstream in{path, std::ios::binary};
    if (!in) return fail(Fault::refused, fmt::format("cannot read {}", path.string()));
    return std::string{std::istreambuf_iterator<char>{in}, {}};
}

/// Runs `recipe/build` with its standard output going to `archive`.
Result<void> run_recipe(const ImageRecipe& recipe, int archive) {
    const auto program = recipe.directory + "/build";
    const pid_t child = ::fork();
    if (child < 0) return fail(Fault::refused, why("fork"));
    if (child == 0) {
        ::dup2(archive, 1);
        // mmdebstrap's helpers change into the current directory as other users.
        if (::chdir("/") != 0) ::_exit(127);
        ::umask(022);
        ::setenv("HOME", "/nonexistent", 1); // NOLINT(concurrency-mt-unsafe): one thread
        ::execl("/bin/sh", "sh", program.c_str(), static_cast<char*>(nullptr));
        ::_exit(127);
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return fail(Fault::refused,
                    fmt::format("recipe {} failed; what it wrote is above", recipe.name));
    return {};
}

Result<void> remove_trees(int images, const std::vector<std::string>& names) {
    return run_as_namespace_root([&]() -> Result<void> {
        if (::fchdir(images) != 0) return fail(Fault::refused, why("images"));
        for (const auto& name : names) {
            std::error_code error;
            fs::remove_all(name, error);
            if (error) return fail(Fault::refused, fmt::format("{}: {}", name, error.message()));
        }
        return {};
    });
}

/// Makes `work` and, in the user namespace, `work/rootfs` with the owner that a cell's root has.
Result<void> make_places(int images, const std::string& work) {
    return run_as_namespace_root([&]() -> Result<void> {
        if (::fchdir(images) != 0) return fail(Fault::refused, why("images"));
        const auto root = work + "/rootfs";
        if (::mkdir(work.c_str(), 0755) != 0 || ::mkdir(root.c_str(), 0755) != 0 ||
            ::chown(root.c_str(), 1, 1) != 0)
            return fail(Fault::refused, why(root));
        return {};
    });
}

std::string work_name(const ImageRecipe& recipe) {
    return ".new-" + recipe.name;
}

Result<void>
unpack_and_finish(int images, const ImageRecipe& recipe, int archive, const ImageHead& head) {
    const auto work = work_name(recipe);
    const Descriptor place{::openat(images, work.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    const Descriptor root{
        ::openat(images, (work + "/rootfs").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    const Descriptor init{::open(recipe.init_program.c_str(), O_RDONLY | O_CLOEXEC)};
    const Descriptor manifest{
        ::openat(place.get(), "manifest.json", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644)};
    const Descriptor programs{
        ::openat(place.get(), "programs", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644)};
    const Descriptor packages{
        ::openat(place.get(), "packages", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644)};
    if (!root.valid() || !manifest.valid() || !programs.valid() || !packages.valid())
        return fail(Fault::refused, why(work));
    if (!init.valid())
        return fail(Fault::refused, "the program skep-cell-init is missing beside skep");
    return run_with_cell_ids([&]() -> Result<void> {
        if (auto unpacked = unpack_archive(archive, root.get()); !unpacked) return unpacked;
        if (auto finished = finish_root(root.get(), init.get(), head); !finished) return finished;
        return write_manifest(root.get(), head, manifest.get(), programs.get(), packages.get());
    });
}

/// `images/NAME` becomes the new tree; the old one, which running cells may still use, waits for
/// the next start of skep.
Result<void> put_in_place(int images, const std::string& work, const std::string& name) {
    if (::renameat2(images, work.c_str(), images, name.c_str(), RENAME_NOREPLACE) == 0) return {};
    if (errno != EEXIST) return fail(Fault::refused, why(name));
    const auto old = fmt::format(".old-{}-{}", name, system_clock().now());
    if (::renameat2(images, work.c_str(), images, name.c_str(), RENAME_EXCHANGE) != 0 ||
        ::renameat(images, work.c_str(), images, old.c_str()) != 0)
        return fail(Fault::refused, why(name));
    return {};
}

} // namespace

std::vector<ImageRecipe> image_recipes() {
    const auto init = cell_init_file();
    const auto here = program_directory();
    std::vector<ImageRecipe> found;
    for (const auto& place :
         {here / "../share/skep/images", here / "../../images", here / "../../../images"}) {
        std::error_code error;
        for (const auto& entry : fs::directory_iterator{place, error})
            if (fs::exists(entry.path() / "build") && fs::exists(entry.path() / "init"))
                found.push_back(
                    {entry.path().filename().string(), fs::canonical(entry.path()).string(), init});
        if (!found.empty()) break;
    }
    std::ranges::sort(found, {}, &ImageRecipe::name);
    return found;
}

Result<ImageRecipe> stage_recipe(const ImageRecipe& recipe) {
    auto place = (fs::temp_directory_path() / "skep-recipe-XXXXXX").string();
    if (::mkdtemp(place.data()) == nullptr) return fail(Fault::refused, why(place));
    std::error_code error;
    fs::copy(recipe.directory, place + '/' + recipe.name, fs::copy_options::recursive, error);
    const ImageRecipe staged{recipe.name, place + '/' + recipe.name, place + "/skep-cell-init"};
    if (!error && !recipe.init_program.empty())
        fs::copy_file(recipe.init_program, staged.init_program, error);
    constexpr auto readable =
        fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read;
    constexpr auto enter = fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec;
    if (!error) fs::permissions(place, readable | enter | fs::perms::owner_write, error);
    for (const auto& entry : fs::recursive_directory_iterator{place, error}) {
        const bool runs = (entry.status().permissions() & fs::perms::owner_exec) != fs::perms::none;
        fs::permissions(entry.path(), runs ? readable | enter : readable, fs::perm_options::add,
                        error);
    }
    if (error) return fail(Fault::refused, fmt::format("{}: {}", place, error.message()));
    return staged;
}

Result<ImageInfo> image_info(const std::string& images_directory, const std::string& name) {
    std::ifstream in{fs::path{images_directory} / name / "manifest.json"};
    std::string line;
    if (!std::getline(in, line))
        return fail(
            Fault::refused,
            fmt::format("there is no image {}; `skep image build {}` makes it", name, name));
    // The first line is the manifest's head with the list of files left open.
    boost::system::error_code error;
    const auto value = boost::json::parse(line + "]}", error);
    if (error || !value.is_object())
        return fail(Fault::malformed, fmt::format("the manifest of image {} is damaged", name));
    const auto& head = value.as_object();
    ImageInfo info;
    const auto text = [&](const char* key) {
        const auto* found = head.if_contains(key);
        return found != nullptr && found->is_string() ? std::string{found->as_string()}
                                                      : std::string{};
    };
    const auto number = [&](const char* key) -> std::uint64_t {
        const auto* found = head.if_contains(key);
        return found != nullptr && found->is_int64() ? static_cast<std::uint64_t>(found->as_int64())
                                                     : 0;
    };
    info.name = text("name");
    info.recipe = text("recipe");
    info.built = text("built");
    info.init = text("init");
    info.files = number("files_count");
    info.bytes = number("bytes");
    return info;
}

Result<std::string> recipe_hash(const ImageRecipe& recipe) {
    std::vector<fs::path> files;
    std::error_code error;
    for (const auto& entry : fs::recursive_directory_iterator{recipe.directory, error})
        if (entry.is_regular_file()) files.push_back(entry.path());
    if (files.empty())
        return fail(Fault::refused, fmt::format("no recipe in {}", recipe.directory));
    std::ranges::sort(files);
    if (!recipe.init_program.empty()) files.emplace_back(recipe.init_program);
    crypto::Sha256 digest;
    for (const auto& file : files) {
        TRY(const auto content, read_file(file));
        digest.update(fmt::format("{}\n{}\n", file.filename().string(), content.size()));
        digest.update(content);
    }
    return hex(digest.finish());
}

Result<void> build_image(const ImageRecipe& recipe,
                         const std::string& images_directory,
                         bool force,
                         const std::function<void(std::string_view)>& progress) {
    TRY(const auto hash, recipe_hash(recipe));
    if (const auto present = image_info(images_directory, recipe.name);
        !force && present && present->recipe == hash) {
        progress(fmt::format("{}: up to date", recipe.name));
        return {};
    }
    std::error_code error;
    fs::create_directories(images_directory, error);
    const Descriptor images{::open(images_directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!images.valid()) return fail(Fault::refused, why(images_directory));
    const Descriptor archive{::openat(images.get(), ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600)};
    if (!archive.valid()) return fail(Fault::refused, why("a temporary file"));
    TRY(auto init, read_file(recipe.directory + "/init"));
    init.erase(init.find_last_not_of(" \n") + 1);
    progress(fmt::format("{}: making the root file system", recipe.name));
    if (auto built = run_recipe(recipe, archive.get()); !built) return built;
    progress(fmt::format("{}: unpacking and measuring it", recipe.name));
    const auto work = work_name(recipe);
    const ImageHead head{
        .name = recipe.name, .recipe = hash, .init = init, .built = system_clock().now()};
    if (auto removed = remove_trees(images.get(), {work}); !removed) return removed;
    if (auto made = make_places(images.get(), work); !made) return made;
    if (auto done = unpack_and_finish(images.get(), recipe, archive.get(), head); !done)
        return done;
    if (auto placed = put_in_place(images.get(), work, recipe.name); !placed) return placed;
    progress(fmt::format("{}: ready", recipe.name));
    return {};
}

Result<std::vector<std::string>> verify_image(const std::string& images_directory,
                                              const std::string& name) {
    if (auto info = image_info(images_directory, name); !info) return std::unexpected{info.error()};
    const auto place = fs::path{images_directory} / name;
    const Descriptor root{::open((place / "rootfs").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    const Descriptor manifest{::open((place / "manifest.json").c_str(), O_RDONLY | O_CLOEXEC)};
    const Descriptor report{static_cast<int>(::syscall(SYS_memfd_create, "differences", 1U))};
    const auto done = run_with_cell_ids(
        [&] { return compare_with_manifest(root.get(), manifest.get(), report.get()); });
    if (!done) return std::unexpected{done.error()};
    std::ifstream in{fmt::format("/proc/self/fd/{}", report.get())};
    std::vector<std::string> differences;
    for (std::string line; std::getline(in, line);)
        differences.push_back(line);
    return differences;
}

} // namespace skep::cell

#include "cell/harness.hpp"

#include "base/wire.hpp"
#include "cell/call_filter.hpp"
#include "cell/id_space.hpp"
#include "cell/image.hpp"
#include "process/channel.hpp"
#include "process/user_namespace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <poll.h>
#include <signal.h>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

namespace skep::cell::test {
namespace fs = std::filesystem;

namespace {

using process::Message;
using process::MessageKind;
using Clock = std::chrono::steady_clock;

constexpr std::string_view prompt = "@@ ";

int left_ms(Clock::time_point end) {
    return static_cast<int>(std::max<std::int64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count(), 0));
}

std::string read_all(int file) {
    std::string text;
    std::array<char, 65536> part{};
    off_t at = 0;
    for (ssize_t count = 0; (count = ::pread(file, part.data(), part.size(), at)) > 0; at += count)
        text.append(part.data(), static_cast<std::size_t>(count));
    return text;
}

} // namespace

std::string cells_unavailable() {
    static const std::string reason = [] {
        const auto done = run_with_cell_ids([]() -> Result<void> { return {}; });
        return done ? std::string{} : done.error().detail();
    }();
    return reason;
}

void TestCell::take(Message message) {
    WireReader in{message.payload};
    switch (message.kind) {
    case MessageKind::cell_event:
    case MessageKind::cell_artifact:
        if (auto sent = decode_event(message.payload)) {
            if (message.kind == MessageKind::cell_artifact)
                files.push_back({std::string{sent->event.text_of("destfile")},
                                 std::string{sent->event.text_of("reason")},
                                 read_all(message.descriptor.get())});
            events.push_back(std::move(sent->event));
        }
        return;
    case MessageKind::cell_opened:
        terminal_ = std::move(message.descriptor);
        outputs_ = std::move(message.more);
        return;
    case MessageKind::cell_key_answer:
        in.u64();
        if (auto answer = process::decode_key_answer(message.payload))
            held_ = std::move(answer->verdict);
        return;
    case MessageKind::cell_failed:
        in.u64();
        failure_ = in.bytes();
        return;
    case MessageKind::cell_closed:
        if (const auto told = process::decode_cell_exit(message.payload);
            told && told->request == request_) {
            exit = *told;
            status = exit.signal == 0 ? exit.status : 128 + exit.signal;
            closed = true;
        }
        return;
    case MessageKind::notice: failure_ = message.payload; return;
    default: return;
    }
}

bool TestCell::await(const std::function<bool()>& wanted, std::chrono::milliseconds within) {
    const auto end = Clock::now() + within;
    while (!wanted()) {
        pollfd wait{supervisor_.get(), POLLIN, 0};
        if (gone_ || ::poll(&wait, 1, left_ms(end)) <= 0) return wanted();
        auto message = process::receive_now(supervisor_.get());
        if (!message) gone_ = true;
        if (message) take(std::move(*message));
    }
    return true;
}

void TestCell::listen(std::chrono::milliseconds within) {
    await([] { return false; }, within);
}

std::string TestCell::ask(const std::string& user, std::chrono::milliseconds within) {
    process::CellRequest request;
    request.username = user;
    request.term = "xterm";
    return start(std::move(request), within);
}

std::string TestCell::start(process::CellRequest request, std::chrono::milliseconds within) {
    request.request = ++request_;
    request.session = "test";
    request.src_ip = "192.0.2.7";
    request.src_port = 4711;
    request.dst_ip = "192.0.2.1";
    request.dst_port = 22;
    request.remote_host = request.src_ip;
    failure_.clear();
    closed = false;
    if (terminal_.valid()) older_.push_back(std::move(terminal_));
    if (!process::send_now(supervisor_.get(), MessageKind::cell_open, process::encode(request)))
        return "the supervisor is gone";
    if (!await([&] { return terminal_.valid() || !failure_.empty(); }, within))
        failure_ = gone_ ? "the supervisor is gone" : "no answer";
    if (failure_.empty()) ::fcntl(terminal_.get(), F_SETFL, O_NONBLOCK);
    return failure_;
}

std::string TestCell::open_quick(const std::string& user) {
    if (const auto failed = ask(user, std::chrono::seconds{20}); !failed.empty()) return failed;
    return read_until("# ").contains("# ") ? "" : "no prompt";
}

std::string TestCell::open(const std::string& user, std::chrono::milliseconds within) {
    if (ask(user, within).empty()) {
        type("PS1='@''@ '; stty -echo 2>/dev/null\n");
        read_until(std::string{prompt}, within);
        type("\n");
        read_until(std::string{prompt}, within);
    }
    return failure_;
}

void TestCell::type(const std::string& bytes) {
    std::string_view rest{bytes};
    while (!rest.empty()) {
        const auto count = ::write(terminal_.get(), rest.data(), rest.size());
        if (count > 0) {
            rest.remove_prefix(static_cast<std::size_t>(count));
            continue;
        }
        pollfd wait{terminal_.get(), POLLOUT, 0};
        if (::poll(&wait, 1, 5000) <= 0) return;
    }
}

std::string TestCell::read_until(const std::string& text, std::chrono::milliseconds within) {
    const auto end = Clock::now() + within;
    std::string got;
    std::array<char, 4096> part{};
    while (!got.contains(text)) {
        std::array<pollfd, 2> waits{pollfd{terminal_.get(), POLLIN, 0},
                                    pollfd{gone_ ? -1 : supervisor_.get(), POLLIN, 0}};
        if (::poll(waits.data(), waits.size(), left_ms(end)) <= 0) break;
        if (waits[1].revents != 0) {
            auto message = process::receive_now(supervisor_.get());
            if (!message) gone_ = true;
            if (message) take(std::move(*message));
        }
        if (waits[0].revents == 0) continue;
        const auto count = ::read(terminal_.get(), part.data(), part.size());
        if (count <= 0) break;
        got.append(part.data(), static_cast<std::size_t>(count));
    }
    return got;
}

std::string TestCell::run(const std::string& line, std::chrono::milliseconds within) {
    type(line + "\n");
    auto text = read_until(std::string{prompt}, within);
    text.resize(std::min(text.rfind(prompt), text.size()));
    std::erase(text, '\r');
    return text;
}

void TestCell::stop() {
    static_cast<void>(process::send_now(supervisor_.get(), MessageKind::cell_stop, {}));
    await([&] { return gone_; });
}

bool TestCell::kept(const std::string& content) const {
    return std::ranges::any_of(files, [&](const auto& file) { return file.content == content; });
}

const event::Event* TestCell::exec(const std::string& path) const {
    const event::Event* found = nullptr;
    for (const auto& event : events)
        if (event.eventid() == "process.exec" && event.text_of("path") == path) found = &event;
    return found;
}

namespace {

/// Removes a directory with files of cells in it.
void remove_tree(const std::string& directory) {
    const auto done = run_as_namespace_root([&]() -> Result<void> {
        std::error_code failed;
        fs::remove_all(directory, failed);
        return {};
    });
    static_cast<void>(done);
}

/// Images that all tests of this process share.
struct SharedImages {
    std::string directory;

    SharedImages() {
        std::string pattern = "/tmp/skep-images-XXXXXX";
        directory = ::mkdtemp(pattern.data());
    }

    ~SharedImages() { remove_tree(directory); }
};

const std::string& shared_images() {
    static const SharedImages images;
    return images.directory;
}

/// `text` with each `key = value` of `lines` in the place of the line with that key.
std::string with_lines(const std::string& text, const std::vector<std::string>& lines) {
    std::istringstream in{text};
    std::string out;
    for (std::string line; std::getline(in, line);) {
        const auto key = line.substr(0, line.find('='));
        const auto other = std::ranges::find_if(
            lines, [&](const auto& one) { return !key.empty() && one.starts_with(key + '='); });
        out += (other == lines.end() ? line : *other) + '\n';
    }
    return out;
}

} // namespace

TestCells::TestCells(CellLimits limits,
                     std::string directory,
                     std::vector<std::string> images,
                     const std::string& built_images,
                     const std::vector<std::string>& persona_lines)
    : directory_{std::move(directory)}, temporary_{directory_.empty()} {
    if (temporary_) {
        std::string pattern = "/tmp/skep-cells-XXXXXX";
        directory_ = ::mkdtemp(pattern.data());
        fs::create_symlink(built_images.empty() ? shared_images() : built_images,
                           directory_ + "/images");
    }
    ::setenv("SKEP_IMAGE_OFFLINE", "1", 1); // NOLINT(concurrency-mt-unsafe): one thread
    plan_.limits = limits;
    for (const auto& recipe : image_recipes()) {
        if (std::ranges::find(images, recipe.name) == images.end()) continue;
        const bool there = (!temporary_ || !built_images.empty()) &&
                           image_info(directory_ + "/images", recipe.name);
        if (there) {
            // A deployment's images are taken as they are.
        } else if (auto built =
                       build_image(recipe, directory_ + "/images", false, [](std::string_view) {});
                   !built)
            error = built.error().detail();
        auto text = persona::generate(recipe.name, std::time(nullptr));
        if (!text) continue;
        const auto file = directory_ + '/' + recipe.name + ".toml";
        std::ofstream{file} << with_lines(*text, persona_lines);
        if (auto loaded = persona::load(file))
            plan_.personas.emplace(recipe.name, std::move(*loaded));
        else
            error = loaded.error().detail();
    }
    if (plan_.personas.size() != images.size() && error.empty())
        error = "image recipes are missing beside this program";
    if (error.empty()) start();
}

void TestCells::start() {
    auto filter = make_call_filter();
    auto ends = process::make_channel_pair();
    if (!filter || !ends) {
        error = "no filter or socket";
        return;
    }
    filter_ = std::move(*filter);
    plan_.filter = filter_.get();
    launcher_ = ::fork();
    if (launcher_ == 0) {
        ends->first.reset();
        if (::chdir(directory_.c_str()) != 0 || !process::enter_user_namespace()) ::_exit(3);
        ::_exit(run_launcher(plan_, std::move(ends->second)));
    }
    socket_ = std::move(ends->first);
    ends->second.reset();
    const auto ready = process::receive_now(socket_.get());
    if (!ready || ready->kind != MessageKind::ready)
        error = ready ? ready->payload : "the launcher did not start";
}

TestCells::~TestCells() {
    socket_.reset();
    if (launcher_ > 0) {
        ::kill(launcher_, SIGKILL);
        ::waitpid(launcher_, nullptr, 0);
    }
    if (!temporary_) return;
    remove_tree(directory_);
}

TestCell TestCells::launch(unsigned number, const std::string& persona) {
    const auto id = fmt::format("{:016x}", number);
    WireWriter out;
    out.bytes(id).bytes(persona).u8(0);
    static_cast<void>(
        process::send_now(socket_.get(), MessageKind::cell_launch, std::move(out).take()));
    auto answer = process::receive_now(socket_.get());
    if (!answer || answer->kind != MessageKind::cell_launched) {
        error = answer ? answer->payload : "the launcher is gone";
        return TestCell{{}, id};
    }
    return TestCell{std::move(answer->descriptor), id};
}

} // namespace skep::cell::test

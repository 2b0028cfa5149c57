#include "support/session_fakes.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <utility>

namespace skep::tests {
namespace asio = boost::asio;

namespace {

class FakeProgram final : public service::Program {
  public:
    FakeProgram(const asio::any_io_executor& executor, service::ProgramRequest request)
        : request_{std::move(request)}, output_{executor}, errors_{executor}, ended_{executor} {
        using Kind = service::ProgramRequest::Kind;
        if (request_.kind == Kind::shell)
            prompt();
        else if (request_.kind == Kind::command)
            run_command(request_.command);
    }

    Task<Result<std::string>> read_output(std::size_t bytes_max) override {
        return read(output_, bytes_max);
    }

    Task<Result<std::string>> read_errors(std::size_t bytes_max) override {
        return read(errors_, bytes_max);
    }

    Task<Result<void>> write(std::string_view bytes) override {
        if (exit_) co_return fail(Fault::closed);
        if (request_.kind != service::ProgramRequest::Kind::shell)
            print(output_, bytes);
        else
            for (const char byte : bytes)
                type(byte);
        co_return Result<void>{};
    }

    void end_input() override {
        if (!request_.terminal) end({});
    }

    void resize(std::uint32_t columns, std::uint32_t rows) override {
        print(output_, "[" + std::to_string(columns) + "x" + std::to_string(rows) + "]");
    }

    void drain() override {} // its end is that of its outlets

    void signal(std::string_view name) override { end({0, std::string{name}, false}); }

    void hang_up() override { end({0, "HUP", false}); }

    Task<Result<service::Exit>> exited() override {
        while (!exit_)
            CO_CHECK(co_await wait(ended_));
        co_return *exit_;
    }

  private:
    /// Bytes that wait to be read, and who waits for them.
    struct Outlet {
        std::string bytes;
        asio::steady_timer ready;

        explicit Outlet(const asio::any_io_executor& executor) : ready{executor} {}
    };

    static Task<Result<void>> wait(asio::steady_timer& timer) {
        timer.expires_at(asio::steady_timer::time_point::max());
        boost::system::error_code error;
        auto token = asio::redirect_error(asio::use_awaitable, error);
        co_await timer.async_wait(token);
        const auto state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() != asio::cancellation_type::none) co_return fail(Fault::cancelled);
        co_return Result<void>{};
    }

    Task<Result<std::string>> read(Outlet& from, std::size_t bytes_max) {
        const bool none = &from == &errors_ && request_.terminal;
        while (from.bytes.empty() && !exit_ && !none)
            CO_CHECK(co_await wait(from.ready));
        if (from.bytes.empty()) co_return fail(Fault::closed);
        auto bytes = from.bytes.substr(0, bytes_max);
        from.bytes.erase(0, bytes.size());
        co_return bytes;
    }

    static void print(Outlet& to, std::string_view text) {
        to.bytes += text;
        to.ready.cancel();
    }

    void end(service::Exit exit) {
        if (exit_) return;
        exit_ = std::move(exit);
        output_.ready.cancel();
        errors_.ready.cancel();
        ended_.cancel();
    }

    void prompt() {
        if (request_.terminal) print(output_, "$ ");
    }

    void type(char byte) {
        if (byte != '\r' && byte != '\n') {
            line_ += byte;
            if (request_.terminal) print(output_, {&byte, 1});
            return;
        }
        if (request_.terminal) print(output_, "\r\n");
        run_line(std::exchange(line_, {}));
        if (!exit_) prompt();
    }

    void run_line(const std::string& line) {
        const std::string line_end = request_.terminal ? "\r\n" : "\n";
        const auto tell = [&](const std::string& text) { print(output_, text + line_end); };
        if (line == "exit" || line.starts_with("exit ")) {
            service::Exit exit;
            exit.status = std::atoi(line.c_str() + std::string_view{"exit"}.size());
            end(exit);
        } else if (line == "env") {
            tell("TERM=" + request_.term + " USER=" + request_.username);
            for (const auto& [name, value] : request_.environment)
                tell(std::string{name}.append("=").append(value));
        } else if (line == "size") {
            tell(std::to_string(request_.rows) + " " + std::to_string(request_.columns));
        } else {
            tell("<" + line + ">");
        }
    }

    void run_command(const std::string& command) {
        constexpr std::string_view errors = "errors ", kill = "kill ";
        service::Exit exit;
        if (command == "cat") return;
        if (command.starts_with(errors))
            print(errors_, command.substr(errors.size()) + "\n");
        else if (command.starts_with(kill))
            exit.signal = command.substr(kill.size());
        else
            run_line(command);
        end(std::move(exit));
    }

    service::ProgramRequest request_;
    Outlet output_, errors_;
    asio::steady_timer ended_;
    std::optional<service::Exit> exit_;
    std::string line_;
};

} // namespace

service::Verdict FakeAuthenticator::try_password(std::string_view user, std::string_view password) {
    const bool accepted = user != "nobody" && password == password_;
    event::Event event{accepted ? "login.success" : "login.failed", events_.now()};
    event.text("username", user).text("password", password);
    events_.record(std::move(event));
    return accepted ? service::Verdict::accepted : service::Verdict::refused;
}

void FakeAuthenticator::accept_key(std::string_view user, std::string_view fingerprint) {
    event::Event event{"login.success", events_.now()};
    event.text("username", user).text("password", "").text("fingerprint", fingerprint);
    events_.record(std::move(event));
}

Task<Result<std::unique_ptr<service::Program>>> FakeMachine::open(service::ProgramRequest request) {
    if (refuse_) co_return fail(Fault::refused);
    const auto executor = co_await asio::this_coro::executor;
    std::unique_ptr<service::Program> program =
        std::make_unique<FakeProgram>(executor, std::move(request));
    co_return program;
}

Task<Result<KeyVerdict>> FakeMachine::judge_key(std::string_view user, std::string_view blob) {
    KeyVerdict verdict;
    verdict.held = std::ranges::any_of(
        keys, [&](const auto& key) { return key.first == user && key.second == blob; });
    co_return verdict;
}

persona::Persona debian_persona(const std::string& hostname) {
    persona::Persona persona;
    persona.name = "debian";
    persona.hostname = hostname;
    persona.kernel_release = "6.1.0-25-amd64";
    persona.machine = "x86_64";
    persona.telnet_server = "inetutils-2.4";
    persona.ssh_server = "openssh-9.2p1";
    persona.ssh_identification = "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10";
    persona.issue = "Debian GNU/Linux 12\n";
    persona.motd = "Linux " + hostname + " 6.1.0-25-amd64\n";
    return persona;
}

persona::Persona router_persona(const std::string& hostname) {
    auto persona = debian_persona(hostname);
    persona.name = "router";
    persona.telnet_server = "busybox-1.30";
    persona.ssh_server = "dropbear-2022.83";
    persona.ssh_identification = "SSH-2.0-dropbear_2022.83";
    persona.issue = "";
    persona.motd = "Welcome\n";
    persona.every_user_is_root = true;
    return persona;
}

} // namespace skep::tests

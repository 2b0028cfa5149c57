#include "support/session_fakes.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace skep::tests {
namespace asio = boost::asio;

namespace {

class FakeTerminal final : public service::Terminal {
  public:
    FakeTerminal(const asio::any_io_executor& executor, service::TerminalRequest request)
        : request_{std::move(request)}, ready_{executor} {
        print("$ ");
    }

    Task<Result<std::string>> read_some(std::size_t bytes_max) override {
        while (output_.empty() && !ended_) {
            ready_.expires_at(asio::steady_timer::time_point::max());
            boost::system::error_code error;
            auto token = asio::redirect_error(asio::use_awaitable, error);
            co_await ready_.async_wait(token);
            const auto state = co_await asio::this_coro::cancellation_state;
            if (state.cancelled() != asio::cancellation_type::none)
                co_return fail(Fault::cancelled);
        }
        if (output_.empty()) co_return fail(Fault::closed);
        auto bytes = output_.substr(0, bytes_max);
        output_.erase(0, bytes.size());
        co_return bytes;
    }

    Task<Result<void>> write(std::string_view bytes) override {
        for (const char byte : bytes)
            type(byte);
        co_return Result<void>{};
    }

    void resize(std::uint32_t columns, std::uint32_t rows) override {
        print("[" + std::to_string(columns) + "x" + std::to_string(rows) + "]");
    }

  private:
    void type(char byte) {
        if (byte != '\r' && byte != '\n') {
            line_ += byte;
            print({&byte, 1});
            return;
        }
        print("\r\n");
        run(std::exchange(line_, {}));
        if (!ended_) print("$ ");
    }

    void run(const std::string& line) {
        if (line == "exit") {
            ended_ = true;
            ready_.cancel();
        } else if (line == "env") {
            print("TERM=" + request_.term + " USER=" + request_.username + "\r\n");
            for (const auto& [name, value] : request_.environment)
                print(name + "=" + value + "\r\n");
        } else if (line == "size") {
            print(std::to_string(request_.rows) + " " + std::to_string(request_.columns) + "\r\n");
        } else {
            print("<" + line + ">\r\n");
        }
    }

    void print(std::string_view text) {
        output_ += text;
        ready_.cancel();
    }

    service::TerminalRequest request_;
    asio::steady_timer ready_;
    std::string output_, line_;
    bool ended_ = false;
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

Task<Result<std::unique_ptr<service::Terminal>>>
FakeShells::open(service::TerminalRequest request) {
    if (refuse_) co_return fail(Fault::refused);
    const auto executor = co_await asio::this_coro::executor;
    std::unique_ptr<service::Terminal> terminal =
        std::make_unique<FakeTerminal>(executor, std::move(request));
    co_return terminal;
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

// What the sensor knows about a protocol that it can offer, and what a session of it may use.
#pragma once

#include "base/key_verdict.hpp"
#include "event/event.hpp"
#include "net/stream.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace skep::persona {
struct Persona;
}

namespace skep::crypto {
class HostKey;
}

namespace skep::service {

/// Where a session puts what it learned. Adds session, src_ip, protocol, service and sensor to
/// every event.
class Events {
  public:
    virtual ~Events() = default;
    virtual void record(event::Event event) = 0;
    /// The time that events and recordings of this session carry.
    virtual Micros now() const = 0;
};

/// What the policy said to one try. Both kinds are already recorded as login.success or
/// login.failed.
enum class Verdict : std::uint8_t { refused, accepted };

/// The authentication policy of the deployment (settings `auth.*`), shared by all services.
class Authenticator {
  public:
    virtual ~Authenticator() = default;
    /// Judges and records one try of this session's source.
    virtual Verdict try_password(std::string_view user, std::string_view password) = 0;
    /// The peer has proved that it owns a key that the cell lets in as `user`: recorded as
    /// login.success.
    virtual void accept_key(std::string_view user, std::string_view fingerprint) = 0;
};

/// What to run in the attacker's cell for a logged-in peer.
struct ProgramRequest {
    enum class Kind : std::uint8_t {
        shell,    ///< The user's login shell.
        command,  ///< The user's shell with -c and `command`.
        subsystem ///< The subsystem named `command`: sftp.
    };

    Kind kind = Kind::shell;
    std::string username;
    std::string command;
    bool terminal = true; ///< On a pseudo-terminal; else on three pipes.
    std::string term;
    std::uint32_t columns = 80; ///< 0 if the client did not tell: so the programs see it.
    std::uint32_t rows = 24;
    std::string modes; ///< Encoded terminal modes (RFC 4254 section 8); may be empty.
    std::vector<std::pair<std::string, std::string>> environment;
    bool user_rc = false; ///< sshd(8): ~/.ssh/rc runs before it.
};

/// How a program ended.
struct Exit {
    int status = 0;     ///< If it exited.
    std::string signal; ///< If one ended it: its name in RFC 4254 section 6.10, else
                        ///< OpenSSH's SIG@openssh.com.
    bool core = false;
};

/// A program in the attacker's cell, from its start to its end. Its destruction hangs up.
///
/// The recording, `cell_output_bytes` and the input limits are kept behind it. Each coroutine may
/// be awaited beside the others, but not twice at once.
class Program {
  public:
    virtual ~Program() = default;
    /// What it printed to standard output or its terminal, 1 to `bytes_max` bytes. Fault::closed
    /// when all who could print have closed it (a terminal: when its processes are gone) and all
    /// was read, Fault::over_limit after limits.cell_output_bytes.
    virtual Task<Result<std::string>> read_output(std::size_t bytes_max) = 0;
    /// As read_output, of standard error; Fault::closed at once if it has a terminal.
    virtual Task<Result<std::string>> read_errors(std::size_t bytes_max) = 0;
    /// Both reads, also a pending one, end with Fault::closed once they would have to wait, though
    /// what it started may print more.
    virtual void drain() = 0;
    /// What the peer sent, with the protocol's own bytes already removed. Fault::closed if nobody
    /// reads any more.
    virtual Task<Result<void>> write(std::string_view bytes) = 0;
    /// Nothing more comes from the peer. Nothing happens on a terminal.
    virtual void end_input() = 0;
    virtual void resize(std::uint32_t columns, std::uint32_t rows) = 0;
    /// A signal by its name without SIG (RFC 4254 section 6.9) for the program's process group;
    /// other names are ignored.
    virtual void signal(std::string_view name) = 0;
    /// Closes the terminal (the kernel sends SIGHUP), or the pipes, and then the program goes on;
    /// pending reads and writes end with Fault::cancelled, further ones with Fault::closed.
    /// exited() still tells how it ends.
    virtual void hang_up() = 0;
    /// Completes when the program itself has ended; what it started may go on to print.
    /// Fault::closed if its cell ended before it.
    virtual Task<Result<Exit>> exited() = 0;
};

/// The attacker's machine, as one session of it sees it.
class Machine {
  public:
    virtual ~Machine() = default;
    /// Fault::refused where the level is `low` or no cell can be had.
    virtual Task<Result<std::unique_ptr<Program>>> open(ProgramRequest request) = 0;
    /// What `user`'s authorized keys in the cell that this source has already say about the public
    /// key `blob` (RFC 4253 section 6.6). No cell is made for the question.
    virtual Task<Result<KeyVerdict>> judge_key(std::string_view user, std::string_view blob) = 0;
};

namespace ssh {
class Startups;
}

/// What the settings, limits and host keys say about SSH.
struct SshSettings {
    bool sink = true;                        ///< ssh.forward: forwards open and swallow.
    std::size_t forward_bytes = 65536;       ///< limits.ssh_forward_bytes
    std::chrono::seconds forward_within{60}; ///< limits.ssh_forward_seconds
    std::size_t channels = 512;              ///< limits.ssh_channels
    std::size_t unread_bytes = 4194304;      ///< limits.ssh_unread_bytes
    std::uint64_t timing_secret = 0;         ///< ssh::timing_secret of the host keys.
    ssh::Startups* startups = nullptr; ///< Of the listener; nullptr: ssh.limit_startups = false.
};

inline constexpr SshSettings standard_ssh;

/// What one session may use; lives as long as the session.
struct Session {
    net::Stream& peer;
    Events& events;
    Authenticator& auth;
    Machine& machine;
    const persona::Persona& persona;
    std::string_view src_ip; ///< Addresses as text, which lives as long as the session.
    std::uint16_t src_port = 0;
    std::string_view dst_ip;
    std::uint16_t dst_port = 0;
    /// From settings and limits, by the service's choice of names.
    std::chrono::milliseconds login_within{};
    std::chrono::milliseconds idle_within{};
    std::int64_t login_tries = 3;
    std::span<const crypto::HostKey> host_keys = {}; ///< Of the persona.
    const SshSettings* ssh = &standard_ssh;
};

/// One protocol. Constant data: the registry is a table, not a list that grows at start-up.
struct Service {
    std::string_view name; ///< Name in configuration and in the `protocol` field.
    std::uint16_t default_port;
    std::string_view summary; ///< One line for `skep services`.
    Task<Result<void>> (*serve)(Session&);
    /// What the persona's server sets on its sockets.
    net::SocketOptions (*socket_options)(const persona::Persona&);
};

std::span<const Service* const> all();
const Service* find(std::string_view name);

} // namespace skep::service

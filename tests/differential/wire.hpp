// A peer at the end of a loopback connection, for comparing servers byte by byte.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace skep::tests {

/// A connected TCP socket that keeps urgent data in line and marks it.
class Wire {
  public:
    /// Connects to a loopback listener.
    explicit Wire(int port);
    ~Wire();
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    void send(std::string_view bytes);
    void send_urgent(std::string_view bytes);
    void send_end();

    /// Reads until nothing came for `quiet` (but at least until `enough` bytes are there, at most
    /// for `longest`) or until the end.
    std::string collect(std::chrono::milliseconds quiet,
                        std::chrono::milliseconds longest,
                        std::size_t enough = 0);

    /// Empty while the connection lives; `eof` or `reset`.
    const std::string& end() const { return end_; }

  private:
    int socket_;
    std::string end_;
};

/// A listening socket on a free loopback port.
int listen_on_loopback(int& port);

/// What Wire puts in front of an urgent byte: U+2757 in UTF-8, which no telnetd sends.
inline constexpr std::string_view urgent_mark = "\xe2\x9d\x97";

} // namespace skep::tests

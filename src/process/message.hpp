// The messages between our processes: one SOCK_SEQPACKET packet each, a kind byte and then
// WireWriter fields. The sender may have been taken over: every receiver decodes with the functions
// below and drops what is malformed.
#pragma once

#include "base/key_verdict.hpp"
#include "base/result.hpp"
#include "process/descriptor.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace skep::process {

enum class MessageKind : std::uint8_t {
    // supervisor to every process
    peer = 1,     ///< bytes name; carries the socket of a new connection to that process
    listener = 2, ///< bytes service name ("hub" for the dashboard), bytes address as bound; carries
                  ///< a listening socket
    stop = 3,     ///< end cleanly

    // every process to the supervisor
    ready = 10,  ///< set-up and sandbox are done
    report = 11, ///< bytes name, u64 value: a number for `skep status`
    notice = 12, ///< bytes name, bytes text: a word for `skep status`, at most notice_bytes_max

    // any process to the recorder; u64 sequence first, acknowledged once on disk
    event = 20,    ///< u64 sequence, bytes JSON of event::to_json
    artifact = 21, ///< u64 sequence, bytes JSON of a file.captured event without its content's
                   ///< fields; carries the content
    recording_open = 22,  ///< u64 sequence, bytes session (`-` and a number for its later
                          ///< programs), bytes JSON of the log.open event, u32 width, u32 height,
                          ///< bytes TERM
    recording_data = 23,  ///< u64 sequence, bytes session, u32 index from 0, u64 microseconds since
                          ///< open, u8 'i' 'o' or 'r', bytes data
    recording_close = 24, ///< u64 sequence, bytes session, bytes JSON of the log.closed event
    remember = 25, ///< u64 sequence, bytes source, bytes user, bytes password: accepted for good
                   ///< (policy `after`)
    tried = 26, ///< u64 sequence, bytes source: a login was refused, for the other sensors to count

    // recorder to its clients
    acknowledged = 30,    ///< u64 sequence: everything up to it is on disk
    pressure = 31,        ///< u8 level: 0 none, 1 no new artifacts, 2 no new sessions either
    remembered = 32,      ///< bytes source, bytes user, bytes password: sent for each entry after
                          ///< connecting, then as they come
    tried_elsewhere = 33, ///< bytes source: another sensor said `tried`

    // sensor to cells, and back
    cell_open = 40,   ///< u64 request, then see CellRequest
    cell_opened = 41, ///< u64 request, bytes cell id; carries the master of the program's terminal,
                      ///< or our ends of its standard input, output and error
    cell_failed = 42, ///< u64 request, bytes reason
    cell_closed = 43, ///< See CellExit: the program has ended
    cell_close = 44,  ///< u64 request: the peer is gone, hang up the terminal
    cell_signal = 45, ///< u64 request, bytes name of a signal without SIG
    cell_key = 46,    ///< See KeyQuestion
    cell_key_answer = 47, ///< See KeyAnswer

    // inside the cells role: its broker, its launcher, and the supervisor of each cell
    cell_launch = 50,   ///< broker to launcher: bytes cell id, bytes persona, u8: 1 to start no new
                        ///< cell, only one that has files
    cell_launched = 51, ///< launcher to broker: bytes cell id; carries the supervisor's socket
    cell_event = 52,    ///< supervisor to broker: u64 request of the session or 0, then an event
    cell_artifact = 53, ///< as cell_event, the event being file.captured; carries the content
    cell_stop = 54, ///< broker to supervisor, launcher to broker: end, or is ended; bytes cell id
};

/// Largest packet. Texts in events are limited (limits.event_text_bytes) so that every event fits.
constexpr std::size_t message_bytes_max = std::size_t{160} * 1024;
constexpr std::size_t notice_bytes_max = 256;
constexpr std::size_t descriptors_max = 3; ///< Of one packet.

struct Message {
    MessageKind kind{};
    std::string payload;                              ///< Fields after the kind byte.
    Descriptor descriptor;                            ///< What travelled with it, or nothing.
    std::array<Descriptor, descriptors_max - 1> more; ///< What else travelled with it.
};

/// What a sensor asks of cells: a program for one logged-in connection.
struct CellRequest {
    /// The user's login shell; their shell with -c and `command`; the subsystem `command`.
    enum class Kind : std::uint8_t { shell, command, subsystem };

    std::uint64_t request =
        0; ///< Number that the answers carry, unique for one connection of sensor and cells.
    std::string session;
    std::string persona; ///< Name of the persona file.
    std::string key; ///< Who shares a cell: the source address, or what setting `cell.key` makes of
                     ///< the login.
    std::string src_ip;
    std::string protocol; ///< For the events of the cell.
    std::string username;
    std::string term; ///< TERM, empty if the client told none.
    std::uint32_t columns = 80;
    std::uint32_t rows = 24;
    std::vector<std::pair<std::string, std::string>>
        environment;         ///< As the real server would pass it on.
    std::string remote_host; ///< Host that utmp and `who` show.
    Kind kind = Kind::shell;
    bool terminal = true; ///< On a pseudo-terminal; else on three pipes.
    std::string command;
    std::string modes; ///< Encoded terminal modes (RFC 4254 section 8).
    std::uint32_t src_port = 0;
    std::string dst_ip;
    std::uint32_t dst_port = 0;
    bool user_rc = false; ///< The user's ~/.ssh/rc runs first, if the persona's server is sshd.
};

std::string encode(const CellRequest& request);
/// Fault::malformed or Fault::over_limit for what no sensor of ours sends.
Result<CellRequest> decode_cell_request(std::string_view payload);

/// How a program of a cell ended.
struct CellExit {
    std::uint64_t request = 0;
    std::uint32_t status = 0; ///< If it exited.
    std::uint32_t signal = 0; ///< Its number if a signal ended it.
    bool core = false;
};

std::string encode(const CellExit& exit);
Result<CellExit> decode_cell_exit(std::string_view payload);

/// What a user's authorized keys in a source's cell say about a public key. No cell is made for it.
struct KeyQuestion {
    std::uint64_t request = 0; ///< As in CellRequest.
    std::string persona;
    std::string key; ///< As in CellRequest.
    std::string username;
    std::string blob;   ///< RFC 4253 section 6.6
    std::string src_ip; ///< Whence it is used.
};

std::string encode(const KeyQuestion& question);
Result<KeyQuestion> decode_key_question(std::string_view payload);

struct KeyAnswer {
    std::uint64_t request = 0;
    KeyVerdict verdict;
};

std::string encode(const KeyAnswer& answer);
/// Fault::malformed or Fault::over_limit (of KeyVerdict's bounds) for what no cells process of ours
/// sends.
Result<KeyAnswer> decode_key_answer(std::string_view payload);

} // namespace skep::process

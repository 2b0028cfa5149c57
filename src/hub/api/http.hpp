// A request and an answer as the handlers see them: no sockets, no library.
#pragma once

#include "process/descriptor.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace skep::hub::api {

/// The parts of a URL after `?`, decoded; of a repeated name the first counts.
using Parameters = std::map<std::string, std::string, std::less<>>;

struct Request {
    std::string method; ///< In capitals.
    std::string path;   ///< Of the target, without `?`; not decoded (our paths need no escapes).
    Parameters query;
    std::string peer; ///< Address without port.
    std::string host; ///< Header fields, empty if absent.
    std::string origin;
    std::string cookie;
    std::string csrf;
    std::string last_event_id;
    std::string body;
};

/// Part of a file that is sent as the body.
struct FileBody {
    process::Descriptor file;
    std::uint64_t bytes = 0;
};

struct Response {
    unsigned status = 200;
    std::string type = "application/json";
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers; ///< Besides those of every answer.
    std::optional<FileBody> file;                             ///< Instead of `body`.
    bool live = false; ///< The live feed follows instead of a body.

    /// `{"error":"sentence"}`
    static Response error(unsigned status, std::string_view sentence);
    static Response json(std::string body);
};

} // namespace skep::hub::api

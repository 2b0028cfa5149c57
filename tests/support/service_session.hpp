// One session of any service played from bytes, for the fuzzer and the storm.
#pragma once

#include "service/service.hpp"

#include <string_view>

namespace skep::tests {

struct Played {
    std::size_t written = 0, events = 0;
};

/// Plays `input` as a peer of `service` over a ScriptedStream and returns when the session has
/// ended.
///
/// The first byte says what is special: bit 0 the router's persona, bit 1 no shell, bit 2 that the
/// stream breaks at the call that the second byte tells. The rest is packets, each a length byte
/// and that many bytes; length 0 lets as many seconds pass as the next byte says.
Played play_session(const service::Service& service, std::string_view input);

} // namespace skep::tests

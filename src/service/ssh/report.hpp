// What the transport records of a peer.
#pragma once

#include "service/notes.hpp"
#include "service/service.hpp"
#include "service/ssh/proposal.hpp"

#include <string_view>

namespace skep::service::ssh {

/// Records one connection's events, and no more of them than it should.
class Report {
  public:
    explicit Report(Session& session) : session_{session}, started_{session.events.now()} {}

    void version(std::string_view line);

    /// What it sent in place of an identification line.
    void other_protocol(std::string_view bytes) { recognised(bytes, ""); }

    /// The client's first KEXINIT.
    void kex(std::string_view identification, const Proposal& client);
    /// The client's first NEWKEYS.
    void keys(const Choice& choice);
    /// `bytes` beyond a limit are cut.
    void weird(std::string_view name, std::string_view bytes = {});

  private:
    std::int64_t milliseconds() const;
    void recognised(std::string_view identification, std::string_view hassh);

    Session& session_;
    Micros started_;
    Notes notes_{100}; ///< A peer can be odd in every packet.
};

} // namespace skep::service::ssh

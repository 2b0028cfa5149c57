// A transport with everything that it needs, for tests that play a server without sockets.
#pragma once

#include "net/scripted_stream.hpp"
#include "service/ssh/transport.hpp"
#include "support/session_fakes.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace skep::tests {

/// Host keys of the three kinds, made once a process.
std::span<const crypto::HostKey> ssh_host_keys();

/// A server of one profile, and the events that it recorded.
struct SshServer {
    explicit SshServer(const service::ssh::Profile& played);

    /// Bytes of one packet on the wire; messages for the layers above go to `messages`.
    void receive(std::string_view bytes);
    /// What is to be sent, which is then no longer.
    std::string take();
    /// Texts of an event's field, one for each event that has it.
    std::vector<std::string> texts(std::string_view eventid, std::string_view field) const;

    net::ScriptedStream stream;
    std::vector<event::Event> seen;
    std::vector<std::string> messages;
    FakeEvents events;
    FakeAuthenticator auth;
    FakeMachine machine;
    persona::Persona persona;
    service::Session session;
    std::string identification;
    service::ssh::Transport transport;
};

} // namespace skep::tests

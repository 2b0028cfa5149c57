// telnetd/state.c, suboption(): what the client tells in subnegotiations.
#include "base/bytes.hpp"
#include "service/telnet/inetutils.hpp"

#include <cctype>

namespace skep::service::telnet {
namespace {

constexpr std::uint8_t lm_mode = 1, lm_slc = 3;
constexpr std::uint8_t var = 0, value = 1, escape = 2, user_var = 3; // RFC 1572
constexpr std::uint8_t encrypt_start = 3, encrypt_request_end = 6, encrypt_enc_keyid = 7,
                       encrypt_dec_keyid = 8;

std::uint8_t at(std::string_view bytes, std::size_t index) {
    return static_cast<std::uint8_t>(bytes[index]);
}

bool starts_variable(std::uint8_t byte) {
    return byte == var || byte == user_var;
}

} // namespace

void Inetutils::sub(const Token& token) {
    const auto bytes = token.bytes;
    const bool is = !bytes.empty() && at(bytes, 0) == qualifier::is;
    const bool his = options_.at(token.option).his;
    switch (token.option) {
    case option::terminal_speed:
        if (his) answered_ |= speed_answer;
        if (his && is) note_variable("TSPEED", bytes.substr(1));
        break;
    case option::terminal_type:
        if (his) sub_type(bytes);
        break;
    case option::window_size:
        if (his) sub_size(bytes);
        break;
    case option::line_mode:
        if (his) sub_line_mode(bytes);
        break;
    case option::status:
        if (!bytes.empty() && at(bytes, 0) == qualifier::send && options_.at(option::status).mine)
            send_status();
        break;
    case option::display:
        if (!is) break;
        answered_ |= display_answer;
        extra().display = std::string{bytes.substr(1, bytes.find('\0', 1) - 1)};
        note_variable("DISPLAY", bytes.substr(1));
        break;
    case option::new_environment:
    case option::environment: sub_environment(token.option, bytes); break;
    case option::authentication: sub_authentication(bytes); break;
    case option::encryption: sub_encryption(bytes); break;
    default: weird("telnet.unknown_subnegotiation", bytes); break;
    }
}

void Inetutils::sub_type(std::string_view bytes) {
    answered_ |= type_answer;
    if (bytes.empty() || at(bytes, 0) != qualifier::is) return;
    const auto name = bytes.substr(1, bytes.find('\0', 1) - 1);
    auto lower = to_lower(name);
    auto& known = extra().type;
    if (known != lower) note_variable("TERM", bytes.substr(1));
    known = std::move(lower);
}

void Inetutils::sub_size(std::string_view bytes) {
    if (bytes.size() < 4) {
        weird("telnet.short_size", bytes);
        return;
    }
    note_size(static_cast<std::uint16_t>(at(bytes, 0) << 8 | at(bytes, 1)),
              static_cast<std::uint16_t>(at(bytes, 2) << 8 | at(bytes, 3)));
}

void Inetutils::sub_line_mode(std::string_view bytes) {
    if (bytes.size() < 2) return;
    if (at(bytes, 0) == lm_slc)
        client_characters(bytes.substr(1));
    else if (at(bytes, 0) == lm_mode)
        client_edit_mode(at(bytes, 1));
}

/// Variables are recorded; none is taken over, as since 2:2.4-2+deb12u2 only those named by
/// --accept-env are. (Before, USER=-froot logged in as root: CVE-2026-24061.)
void Inetutils::sub_environment(std::uint8_t number, std::string_view bytes) {
    if (bytes.empty()) return;
    const auto first = at(bytes, 0);
    if (first == qualifier::is)
        answered_ |= number == option::environment ? environment_answer : new_environment_answer;
    else if (first != qualifier::info)
        return;
    std::size_t i = 1;
    while (i < bytes.size()) {
        if (!starts_variable(at(bytes, i++))) continue;
        std::string name, content;
        auto* to = &name;
        for (; i < bytes.size() && !starts_variable(at(bytes, i)); ++i) {
            if (at(bytes, i) == value)
                to = &content;
            else if (at(bytes, i) != escape || ++i < bytes.size())
                *to += bytes[i];
        }
        note_variable(name, content);
        if (name == "USER" && content.starts_with('-')) weird("telnet.user_option", content);
    }
}

/// Kerberos is offered because Debian's build has it; nobody can have a ticket for this host.
void Inetutils::sub_authentication(std::string_view bytes) {
    if (bytes.size() < 3 || at(bytes, 0) != qualifier::is) {
        if (!bytes.empty() && at(bytes, 0) == qualifier::name)
            note_variable("AUTH_NAME", bytes.substr(1));
        return;
    }
    if (at(bytes, 1) == 0) authenticated_ = true; // AUTHTYPE_NULL: rejected
}

void Inetutils::sub_encryption(std::string_view bytes) {
    if (bytes.empty()) return;
    const auto what = at(bytes, 0);
    const auto reply = [&](std::uint8_t code) {
        send_sub(std::string{static_cast<char>(option::encryption), static_cast<char>(code)},
                 false);
    };
    if (what == encrypt_start) reply(encrypt_request_end);
    // An unknown key of one direction is refused in the name of the other.
    if (what == encrypt_enc_keyid && bytes.size() > 1) reply(encrypt_dec_keyid);
    if (what == encrypt_dec_keyid && bytes.size() > 1) reply(encrypt_enc_keyid);
}

/// send_status(), RFC 859; options are in the order of their numbers.
void Inetutils::send_status() {
    constexpr std::uint8_t options_end = 40; // NTELOPTS
    constexpr std::size_t answer_bytes_max = 256;
    std::string body{static_cast<char>(option::status), static_cast<char>(qualifier::is)};
    const auto add = [&](std::uint8_t byte) { body += static_cast<char>(byte); };
    for (std::uint8_t i = 0; i < options_end; ++i) {
        const auto state = options_.at(i);
        if (state.my_want) {
            add(command::will);
            add(i);
        }
        if (state.his_want) {
            add(command::do_it);
            add(i);
        }
    }
    if (options_.at(option::flow_control).his_want) {
        for (const auto byte : {command::sb, option::flow_control,
                                static_cast<std::uint8_t>(flow_mode_), command::se})
            add(byte);
        if (restart_any_ >= 0)
            for (const auto byte :
                 {command::sb, option::flow_control, std::uint8_t{3}, command::se})
                add(byte);
    }
    if (options_.at(option::line_mode).his_want) {
        for (const auto byte : {command::sb, option::line_mode, lm_mode, edit_mode_, command::se,
                                command::sb, option::line_mode, lm_slc})
            add(byte);
        std::string triplets;
        extra().characters.list(triplets);
        for (const char byte : triplets) {
            body += byte;
            if (static_cast<std::uint8_t>(byte) == command::se || byte == '\xff') body += byte;
        }
        add(command::se);
    }
    if (body.size() + 4 <= answer_bytes_max) send_sub(body, false);
}

} // namespace skep::service::telnet

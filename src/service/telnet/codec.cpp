#include "service/telnet/codec.hpp"

#include <utility>

namespace skep::service::telnet {
namespace {

using namespace std::string_view_literals;
constexpr char iac_char = '\xff';

std::uint8_t take(std::string_view& input) {
    const auto byte = static_cast<std::uint8_t>(input.front());
    input.remove_prefix(1);
    return byte;
}

bool is_verb(std::uint8_t byte) {
    return byte >= command::will && byte <= command::dont;
}

} // namespace

std::optional<Token> Decoder::next(std::string_view& input) {
    if (std::exchange(told_, false)) sub_.reset();
    while (!input.empty()) {
        std::optional<Token> token;
        switch (state_) {
        case State::carriage_return:
            state_ = State::data;
            if (input.front() == '\n' || input.front() == '\0') {
                input.remove_prefix(1);
                continue;
            }
            [[fallthrough]];
        case State::data: token = data(input); break;
        case State::iac: token = after_iac(take(input)); break;
        case State::sub: {
            const auto byte = take(input);
            if (byte == command::iac)
                state_ = State::sub_iac;
            else
                collect(byte);
            break;
        }
        case State::sub_iac: token = after_sub_iac(input); break;
        case State::option:
            state_ = State::data;
            token =
                Token{.kind = Token::Kind::negotiation, .command = verb_, .option = take(input)};
            break;
        }
        if (token) return token;
    }
    return std::nullopt;
}

std::optional<Token> Decoder::data(std::string_view& input) {
    if (input.front() == iac_char) {
        input.remove_prefix(1);
        state_ = State::iac;
        return std::nullopt;
    }
    auto length = std::min(input.find(iac_char), input.size());
    if (!binary) {
        const auto end = input.substr(0, length).find('\r');
        if (end == 0 && lines && input.size() > 1 && (input[1] == '\n' || input[1] == '\0')) {
            input.remove_prefix(2);
            return Token{.bytes = "\n"sv};
        }
        if (end != std::string_view::npos) {
            length = end == 0 || !lines ? end + 1 : end;
            if (length == end + 1) state_ = State::carriage_return;
        }
    }
    const auto bytes = input.substr(0, length);
    input.remove_prefix(length);
    return Token{.bytes = bytes};
}

std::optional<Token> Decoder::after_iac(std::uint8_t byte) {
    state_ = State::data;
    if (byte == command::iac) return Token{.bytes = "\xff"sv};
    if (byte == command::sb) {
        state_ = State::sub;
        sub_.reset();
        return std::nullopt;
    }
    if (is_verb(byte)) {
        verb_ = byte;
        state_ = State::option;
        return std::nullopt;
    }
    return Token{.kind = Token::Kind::command, .command = byte};
}

/// A byte that is neither SE nor IAC ends the subnegotiation too and is a command of its own.
std::optional<Token> Decoder::after_sub_iac(std::string_view& input) {
    const auto byte = static_cast<std::uint8_t>(input.front());
    if (byte == command::iac) {
        input.remove_prefix(1);
        collect(byte);
        state_ = State::sub;
        return std::nullopt;
    }
    if (byte == command::se) {
        input.remove_prefix(1);
        state_ = State::data;
        return finish(false);
    }
    state_ = State::iac;
    return finish(true);
}

void Decoder::collect(std::uint8_t byte) {
    if (!sub_) sub_ = std::make_unique<std::string>();
    if (sub_->size() < subnegotiation_bytes_max) *sub_ += static_cast<char>(byte);
}

Token Decoder::finish(bool broken) {
    Token token{.kind = Token::Kind::subnegotiation, .broken = broken};
    if (sub_ && !sub_->empty()) {
        token.option = static_cast<std::uint8_t>(sub_->front());
        token.bytes = std::string_view{*sub_}.substr(1);
    } else {
        token.option = command::iac; // no option at all
    }
    told_ = true;
    return token;
}

std::string_view BusyboxDecoder::accept(std::string_view chunk) noexcept {
    if (chunk.ends_with('\0')) chunk.remove_suffix(1);
    return chunk;
}

std::optional<Token> BusyboxDecoder::next(std::string_view& input) {
    while (!input.empty()) {
        if (std::exchange(dangling_, false)) {
            if (auto token = sequence(input, 1)) return token;
            continue;
        }
        if (input.front() == iac_char) {
            if (input.size() == 1) {
                input = {};
                dangling_ = true;
                return std::nullopt;
            }
            if (auto token = sequence(input, 0)) return token;
            continue;
        }
        const auto run = input.substr(0, input.find(iac_char));
        const auto end = run.find('\r');
        const auto length = end == std::string_view::npos ? run.size() : end + 1;
        auto used = length;
        if (used < run.size() && (run[used] == '\n' || run[used] == '\0')) ++used;
        input.remove_prefix(used);
        return Token{.bytes = run.substr(0, length)};
    }
    return std::nullopt;
}

/// An IAC sequence; its IAC is the last byte of the buffer before if `before` is 1.
std::optional<Token> BusyboxDecoder::sequence(std::string_view& input, std::size_t before) {
    const auto have = input.size() + before;
    const auto at = [&](std::size_t index) {
        return static_cast<std::uint8_t>(input[index - before]);
    };
    const auto skip = [&](std::size_t count) {
        input.remove_prefix(std::min(count, have) - before);
    };
    const auto byte = at(1);
    if (byte == command::iac) {
        skip(2);
        return Token{.bytes = "\xff"sv};
    }
    if (byte >= command::se && byte <= command::go_ahead) {
        skip(2);
        return Token{.kind = Token::Kind::command, .command = byte};
    }
    if (have <= 2) {
        skip(2);
        return std::nullopt;
    }
    const auto number = at(2);
    if (byte == command::sb && number == option::window_size) {
        if (have <= 6) {
            skip(have);
            return std::nullopt;
        }
        const auto size = input.substr(3 - before, 4);
        skip(7);
        return Token{.kind = Token::Kind::subnegotiation, .option = number, .bytes = size};
    }
    skip(3);
    if (is_verb(byte))
        return Token{.kind = Token::Kind::negotiation, .command = byte, .option = number};
    if (byte == command::sb) return Token{.kind = Token::Kind::subnegotiation, .option = number};
    return std::nullopt; // 236 to 239 and below: skipped with the byte behind
}

void encode(std::string_view bytes, bool nvt, std::string& out) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const char byte = bytes[i];
        out += byte;
        if (byte == iac_char) out += byte;
        if (byte == '\r' && nvt) {
            const bool line_feed = i + 1 < bytes.size() && bytes[i + 1] == '\n';
            out += line_feed ? '\n' : '\0';
            if (line_feed) ++i;
        }
    }
}

} // namespace skep::service::telnet

#include "base/time.hpp"

#include <fmt/format.h>

#include <charconv>

namespace skep {
namespace {

class SystemClock final : public Clock {
  public:
    Micros now() const override {
        return std::chrono::duration_cast<std::chrono::microseconds>(
                   std::chrono::system_clock::now().time_since_epoch())
            .count();
    }
};

/// Takes `digits` decimal digits and then `after` (nothing if 0) from the front of `text`.
Result<int> take(std::string_view& text, std::size_t digits, char after) {
    if (text.size() < digits + (after != 0)) return fail(Fault::malformed, "time is too short");
    // Unsigned, so that no sign is taken for a digit.
    unsigned value = 0;
    const auto* end = text.data() + digits;
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || stop != end) return fail(Fault::malformed, "time is not a number");
    if (after != 0 && text[digits] != after)
        return fail(Fault::malformed, "time has a wrong separator");
    text.remove_prefix(digits + (after != 0));
    return static_cast<int>(value);
}

Result<Micros> take_fraction(std::string_view& text) {
    Micros micros = 0;
    if (!text.starts_with('.') && !text.starts_with(',')) return micros;
    text.remove_prefix(1);
    Micros unit = 100'000;
    std::size_t used = 0;
    while (used < text.size() && text[used] >= '0' && text[used] <= '9') {
        micros += (text[used] - '0') * unit;
        unit /= 10;
        ++used;
    }
    if (used == 0 || used > 12) return fail(Fault::malformed, "time has a wrong fraction");
    text.remove_prefix(used);
    return micros;
}

Result<Micros> take_offset(std::string_view text) {
    if (text.empty() || text == "Z" || text == "z") return Micros{0};
    const bool west = text.starts_with('-');
    if (!west && !text.starts_with('+')) return fail(Fault::malformed, "time has a wrong zone");
    text.remove_prefix(1);
    TRY(const int hours, take(text, 2, text.size() == 5 ? ':' : '\0'));
    TRY(const int minutes, take(text, 2, '\0'));
    if (!text.empty() || hours > 23 || minutes > 59)
        return fail(Fault::malformed, "time has a wrong zone");
    const Micros offset = (hours * 60LL + minutes) * 60'000'000;
    return west ? -offset : offset;
}

} // namespace

const Clock& system_clock() noexcept {
    static const SystemClock clock;
    return clock;
}

std::string iso8601(Micros time) {
    using namespace std::chrono;
    const sys_time<microseconds> point{microseconds{time}};
    const auto day = floor<days>(point);
    const year_month_day date{day};
    const hh_mm_ss clock{point - day};
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                       clock.subseconds().count());
}

Result<Micros> parse_iso8601(std::string_view text) {
    using namespace std::chrono;
    TRY(const int y, take(text, 4, '-'));
    TRY(const int m, take(text, 2, '-'));
    TRY(const int d, take(text, 2, text.size() > 2 && text[2] == ' ' ? ' ' : 'T'));
    TRY(const int hour, take(text, 2, ':'));
    TRY(const int minute, take(text, 2, ':'));
    TRY(const int second, take(text, 2, '\0'));
    TRY(const Micros fraction, take_fraction(text));
    TRY(const Micros offset, take_offset(text));
    const year_month_day date{year{y}, month{static_cast<unsigned>(m)},
                              day{static_cast<unsigned>(d)}};
    if (!date.ok() || hour > 23 || minute > 59 || second > 60)
        return fail(Fault::malformed, "no such time");
    const auto days_micros = duration_cast<microseconds>(sys_days{date}.time_since_epoch()).count();
    return days_micros + (hour * 3600LL + minute * 60LL + second) * 1'000'000 + fraction - offset;
}

} // namespace skep

// What a panel is: a question with its values in, an answer out, on a thread of the query pool.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "hub/api/http.hpp"
#include "hub/store/duck.hpp"

#include <boost/json.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace skep::hub::api {

constexpr std::int64_t limit_default = 10;
constexpr std::int64_t limit_max = 1000;

/// One request to a panel. All values are checked; what is left in `query` is text to compare with.
struct Asked {
    Micros from = 0;
    Micros to = 0;
    Micros now = 0;
    std::int64_t limit = limit_default;
    bool by_sources = false; ///< Order by distinct sources instead of events.
    std::string name;        ///< The part of the path that is a name, checked by the route.
    Parameters query;
    int pressure = 0;                 ///< What the recorder says, for the summary.
    std::string state_directory;      ///< Holds `vault/` and `recordings/`.
    std::size_t answer_bytes_max = 0; ///< limits.hub_answer_bytes

    /// The value of a parameter, empty if absent.
    std::string_view value(std::string_view parameter) const;
};

/// Reads the common parameters. Fault::malformed with a sentence for a wrong one.
Result<Asked> read_common(Parameters query, Micros now);

/// A whole number from `min` to `max`; `otherwise` if the parameter is absent.
Result<std::int64_t> read_number(const Asked& asked,
                                 std::string_view parameter,
                                 std::int64_t otherwise,
                                 std::pair<std::int64_t, std::int64_t> range);

/// Conditions on events that a request asks for, as SQL with `?` and the values for them. The SQL
/// is made of literals of ours only.
class Conditions {
  public:
    void add(std::string_view sql);
    void add(std::string_view sql, store::Parameter value);

    /// `ts` from `from` to before `to`.
    void between(Micros from, Micros to);

    /// src_ip, session, protocol, username, password, input, shasum (equal), eventid (a list
    /// separated by commas; `login.*` is a prefix) and q (part of a text, whatever its case).
    void add_filters(const Asked& asked);

    /// All joined by AND; `TRUE` if there is none.
    std::string sql() const;

    const std::vector<store::Parameter>& values() const noexcept { return values_; }

    void append_values(std::vector<store::Parameter>& to) const;

    bool empty() const noexcept { return sql_.empty(); }

  private:
    void add_eventids(std::string_view list);

    std::string sql_;
    std::vector<store::Parameter> values_;
};

/// A cell as JSON: text, number, or null.
boost::json::value to_value(const store::Cell& cell);
/// Microseconds as ISO 8601 text, or null.
boost::json::value to_time(const store::Cell& cell);

/// Collects items until they are too many bytes, and says so (`"cut":true`).
class Items {
  public:
    explicit Items(std::size_t bytes_max) : bytes_left_{bytes_max} {}

    void add(boost::json::object item);

    /// `{"items":[...],"total":n}`
    std::string finish(std::int64_t total) &&;

  private:
    boost::json::array items_;
    std::size_t bytes_left_;
    bool cut_ = false;
};

using Panel = Result<Response> (*)(store::Connection&, const Asked&);

Result<Response> summary(store::Connection& store, const Asked& asked);
Result<Response> timeline(store::Connection& store, const Asked& asked);
Result<Response> sources(store::Connection& store, const Asked& asked);
Result<Response> credentials(store::Connection& store, const Asked& asked);
Result<Response> commands(store::Connection& store, const Asked& asked);
Result<Response> files(store::Connection& store, const Asked& asked);
Result<Response> clients(store::Connection& store, const Asked& asked);
Result<Response> sessions(store::Connection& store, const Asked& asked);
Result<Response> session(store::Connection& store, const Asked& asked);
Result<Response> events(store::Connection& store, const Asked& asked);
Result<Response> artifact(store::Connection& store, const Asked& asked);
Result<Response> artifact_content(store::Connection& store, const Asked& asked);
Result<Response> recording(store::Connection& store, const Asked& asked);

} // namespace skep::hub::api

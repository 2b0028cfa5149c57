// The state of every Telnet option of one connection.
#pragma once

#include <cstdint>
#include <vector>

namespace skep::service::telnet {

/// Both sides' states of one option, as telnetd/state.c keeps them: what was agreed, what we want,
/// and how many answers are still to come (the state machine is explained there).
struct OptionState {
    std::uint8_t option = 0;
    bool mine : 1 = false;     ///< my_state_is_will
    bool my_want : 1 = false;  ///< my_want_state_is_will
    bool his : 1 = false;      ///< his_state_is_will
    bool his_want : 1 = false; ///< his_want_state_is_will
    std::uint8_t mine_due = 0; ///< will_wont_resp: answers to our WILL or WONT to come.
    std::uint8_t his_due = 0;  ///< do_dont_resp: answers to our DO or DONT to come.
};

/// 256 options of which a connection uses a dozen: only those that differ from the start are kept.
class Options {
  public:
    /// The state, for reading; the initial one (all refused) if the option never came up.
    OptionState at(std::uint8_t option) const noexcept {
        for (const auto& state : states_)
            if (state.option == option) return state;
        OptionState initial;
        initial.option = option;
        return initial;
    }

    /// The state, to be changed; valid until the next call.
    OptionState& change(std::uint8_t option) {
        for (auto& state : states_)
            if (state.option == option) return state;
        states_.push_back({});
        states_.back().option = option;
        return states_.back();
    }

  private:
    std::vector<OptionState> states_;
};

} // namespace skep::service::telnet

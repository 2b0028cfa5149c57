// telnetd of GNU inetutils 2.4, package inetutils-telnetd 2:2.4-2+deb12u3, in front of Debian's
// login.
#pragma once

#include "service/telnet/login.hpp"
#include "service/telnet/options.hpp"
#include "service/telnet/server.hpp"
#include "service/telnet/special_characters.hpp"

#include <memory>
#include <optional>

namespace skep::service::telnet {

/// Each member function plays the function of telnetd's source that its comment names, with the
/// order of its output. Golden and differential tests hold it against the real one.
class Inetutils final : public Server {
  public:
    explicit Inetutils(Session& session);

    void start() override;
    void receive(std::string_view bytes) override;
    void expire() override;
    void print(std::string_view bytes) override;
    Micros deadline() const noexcept override;
    State state() const noexcept override;
    ProgramRequest request() const override;

    std::size_t read_bytes_max() const noexcept override { return 8192; } // BUFSIZ

  private:
    /// What start-up waits for (telnetd.c, telnetd_setup and telnetd_run; utility.c,
    /// getterminaltype), then the life of the pty.
    enum class Stage : std::uint8_t {
        authentication,
        options,
        answers,
        terminal_type,
        next_type,
        first_type_again,
        window,
        echo,
        running,
        closed
    };

    /// Whether and how the client edits lines (lmodetype); the order matters.
    enum class LineMode : std::uint8_t { none, kludge, no_auto_kludge, kludge_ok, real };

    /// Subnegotiations that start-up waits for, as bits.
    enum Answer : std::uint8_t {
        type_answer = 1,
        speed_answer = 2,
        display_answer = 4,
        new_environment_answer = 8,
        environment_answer = 16
    };

    // inetutils.cpp: start-up and relay
    void take(const Token& token);
    void take_command(std::uint8_t byte);
    void advance();
    bool advance_once();
    void ask_options();
    void ask_answers();
    bool answers_missing() const;
    void ask_type();
    bool know_type();
    bool settle_type();
    void start_login();
    void run();
    void flush_pty();
    void run_login();
    void collect();
    void synchronize();
    void die_flushed();
    void clear_output();
    void type_key(Tty::Key key, char otherwise);

    // inetutils_options.cpp: state.c
    void send(std::uint8_t verb, std::uint8_t option);
    void send_do(std::uint8_t option);
    void send_dont(std::uint8_t option);
    void send_will(std::uint8_t option);
    void send_wont(std::uint8_t option);
    void will(std::uint8_t option);
    void wont(std::uint8_t option);
    void do_it(std::uint8_t option);
    void dont(std::uint8_t option);
    bool agree_will(std::uint8_t option);
    bool agree_do(std::uint8_t option);
    void confirmed_will(std::uint8_t option);
    void agreed_will(std::uint8_t option);
    void withdrawn_will(std::uint8_t option);
    void withdrawn_do(std::uint8_t option);
    void timing_mark();
    void no_timing_mark();

    // inetutils_lines.cpp: termstat.c
    void local_state();
    void flow_state();
    void client_line_mode(bool on);
    void client_edit_mode(std::uint8_t mode);
    void send_sub(std::string_view body, bool stray_nul);
    void send_edit_mode(std::uint8_t mode);
    std::uint8_t edit_mode_of_tty() const;
    void client_characters(std::string_view triplets);

    // inetutils_sub.cpp: suboption()
    void sub(const Token& token);
    void sub_type(std::string_view bytes);
    void sub_size(std::string_view bytes);
    void sub_line_mode(std::string_view bytes);
    void sub_environment(std::uint8_t option, std::string_view bytes);
    void sub_authentication(std::string_view bytes);
    void sub_encryption(std::string_view bytes);
    void send_status();

    /// What only some connections need.
    struct Extra {
        std::optional<std::string> type;   ///< The client's terminal type.
        std::string first_type, last_type; ///< While the client's types are asked for.
        std::string display;
        std::string kept_characters; ///< An SLC request from before the pty was ready.
        bool characters_kept = false;
        SpecialCharacters characters;
    };

    Extra& extra();

    Decoder decoder_;
    Options options_;
    Tty tty_;
    PamLogin login_;
    std::string to_pty_; ///< Typed and not given to the tty or the cell yet.
    std::unique_ptr<Extra> extra_;
    Micros limit_ = 0; ///< End of the wait before the login.
    Stage stage_ = Stage::authentication;
    LineMode line_mode_kind_ = LineMode::none;
    std::uint8_t answered_ = 0;
    std::uint8_t edit_mode_ = 0;
    std::int8_t flow_mode_ = 0, restart_any_ = 0;
    bool pty_open_ = false;   ///< Terminal settings can be changed.
    bool keys_known_ = false; ///< get_slc_defaults() has run.
    bool settled_ = false;    ///< terminit()
    bool line_mode_ = false;
    bool authenticating_ = false, authenticated_ = false;
    bool encryption_told_ = false;
    bool flow_fixed_ = false; ///< XON and XOFF cannot be changed (WONT LFLOW).
    bool flow_known_ = false; ///< The client said WILL or WONT LFLOW.
};

} // namespace skep::service::telnet

// Drives real cells without sensor, recorder or broker: a launcher, and what its supervisors say.
#pragma once

#include "cell/launcher.hpp"
#include "cell/outlet.hpp"
#include "process/message.hpp"

#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace skep::cell::test {

/// Why cells cannot run here, empty if they can. The test must then say so and skip.
std::string cells_unavailable();

/// A file that a cell's supervisor sent.
struct KeptFile {
    std::string destfile;
    std::string reason;
    std::string content;
};

/// What a program without a terminal did.
struct Outcome {
    std::string failure; ///< Why it was not started; else empty.
    std::string output;
    std::string errors;
    process::CellExit exit;
    bool ended = false; ///< It has, and nothing holds its output open.
};

/// A cell with one terminal.
class TestCell {
  public:
    TestCell(process::Descriptor supervisor, std::string id)
        : supervisor_{std::move(supervisor)}, id_{std::move(id)} {}

    /// Asks for a shell and waits until its terminal is there. Returns the error's text, empty if
    /// it worked.
    std::string open(const std::string& user,
                     std::chrono::milliseconds within = std::chrono::seconds{20});

    /// As open, but only waits for the shell's own prompt.
    std::string open_quick(const std::string& user);

    /// Types one line and returns what was printed up to the next prompt, without the echo and the
    /// prompt.
    std::string run(const std::string& line,
                    std::chrono::milliseconds within = std::chrono::seconds{20});

    /// Reads what the terminal prints until `text` is in it, or the time is over.
    std::string read_until(const std::string& text,
                           std::chrono::milliseconds within = std::chrono::seconds{20});

    void type(const std::string& bytes);

    /// Takes what the supervisor has sent meanwhile. `within`: how long to wait for more.
    void listen(std::chrono::milliseconds within);

    /// Listens until an event or file for which `wanted` holds has come.
    bool await(const std::function<bool()>& wanted,
               std::chrono::milliseconds within = std::chrono::seconds{10});

    void hang_up() { terminal_.reset(); }

    /// Runs a program on pipes as SSH would and gives it `input`, until it has ended and closed
    /// its output. `signal`: sent once it has printed something. A subsystem's input is closed only
    /// then: sftp-server takes an end of file before it writes what it has to say.
    Outcome execute(process::CellRequest request,
                    const std::string& input = {},
                    const std::string& signal = {});
    Outcome execute(const std::string& command, const std::string& input = {});

    /// As open, for a request that is not a login shell's.
    std::string start(process::CellRequest request,
                      std::chrono::milliseconds within = std::chrono::seconds{20});

    /// Reads what is left of the terminal's output, to its end.
    std::string read_rest() { return read_until("\x01 never printed"); }

    /// Whether the user has that public key, by the supervisor's answer.
    bool holds_key(const std::string& user, const std::string& blob);
    KeyVerdict judge_key(const std::string& user, const std::string& blob);

    /// Sends the supervisor a message about the last program.
    void tell(process::MessageKind kind, const std::string& name = {});

    /// Ends the cell and waits for its supervisor.
    void stop();

    /// How long `execute` waits for all of a program.
    std::chrono::milliseconds patience = std::chrono::seconds{40};

    std::vector<event::Event> events;
    std::vector<KeptFile> files;
    bool closed = false;      ///< The last program has ended.
    std::uint32_t status = 0; ///< Or 128 and its signal.
    process::CellExit exit;

    /// Whether a file with this content was kept.
    bool kept(const std::string& content) const;
    /// The last process.exec event of `path`, or null.
    const event::Event* exec(const std::string& path) const;

  private:
    void take(process::Message message);
    std::string ask(const std::string& user, std::chrono::milliseconds within);
    bool exchange(std::string_view& input, Outcome& outcome);

    process::Descriptor supervisor_;
    process::Descriptor terminal_; ///< Or standard input.
    std::array<process::Descriptor, process::descriptors_max - 1> outputs_;
    std::optional<KeyVerdict> held_;
    std::chrono::steady_clock::time_point end_; ///< Of the program that is being waited for.
    bool holds_input_ = false;                  ///< Until something is printed.
    std::vector<process::Descriptor>
        older_; ///< Terminals of sessions before: closing one would end its session.
    std::string id_;
    std::string failure_;
    bool gone_ = false;
    std::uint64_t request_ = 0;
};

/// A state directory with the router image, and a launcher in it.
class TestCells {
  public:
    /// `images` are built if they are missing. An empty `directory` makes a temporary one that is
    /// removed at the end. `built_images`: a directory of finished images to use in it.
    /// `persona_lines`: lines for persona files, in the place of those that were drawn.
    explicit TestCells(CellLimits limits = {},
                       std::string directory = {},
                       std::vector<std::string> images = {"router"},
                       const std::string& built_images = {},
                       const std::vector<std::string>& persona_lines = {});
    ~TestCells();
    TestCells(const TestCells&) = delete;
    TestCells& operator=(const TestCells&) = delete;

    /// Starts (or starts again) the cell `number` of a persona; persona is the image's name.
    TestCell launch(unsigned number, const std::string& persona = "router");

    const persona::Persona& persona(const std::string& name) const {
        return plan_.personas.at(name);
    }

    const std::string& directory() const { return directory_; }

    std::string error;

  private:
    void start();

    std::string directory_;
    bool temporary_;
    LauncherPlan plan_;
    process::Descriptor filter_;
    process::Descriptor socket_;
    pid_t launcher_ = -1;
};

} // namespace skep::cell::test

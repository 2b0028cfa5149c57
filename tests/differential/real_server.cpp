#include "real_server.hpp"

#include "wire.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace skep::tests {
namespace {

/// `openssl passwd -6` of TestUser::password: a method that BusyBox knows too.
constexpr const char* password_hash =
    "$6$skepskepskep$WOrKy3gwpQOM8Jqs/dNgBaTOpYO7061s6NYiwEuALwlSnVSdU/X3QmPKSLZK/"
    "GKjuTWfOBhzrlFWdE8LNC5ty0";

void run(const std::string& command) {
    if (std::system(command.c_str()) != 0) throw std::runtime_error{"failed: " + command};
}

} // namespace

std::string output_of(const std::string& command) {
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe{::popen(command.c_str(), "r"), ::pclose};
    std::string text;
    for (int byte = std::fgetc(pipe.get()); byte != EOF; byte = std::fgetc(pipe.get()))
        text += static_cast<char>(byte);
    return text;
}

Machine examine_machine() {
    Machine machine;
    if (::geteuid() != 0) machine.missing = "this needs root: real login programs are run";
    for (const auto* program : {"/usr/sbin/telnetd", "/bin/login", "/usr/sbin/useradd"})
        if (machine.missing.empty() && !std::filesystem::exists(program))
            machine.missing =
                std::string{program} + " is missing: apt-get install inetutils-telnetd";
    machine.inetutils = {"/usr/sbin/telnetd"};
    if (output_of("busybox --list 2>/dev/null").find("telnetd\n") != std::string::npos)
        machine.busybox = {"/bin/busybox", "telnetd", "-i", "-l", TestUser::busybox_login};
    return machine;
}

TestUser::TestUser() {
    run(std::string{"userdel -r "} + name + " >/dev/null 2>&1 || true");
    run(std::string{"useradd -m -s /bin/sh -p '"} + password_hash + "' " + name);
    // The applet is chosen by the program's name, and telnetd gives its login no arguments.
    std::ofstream{busybox_login} << "#!/bin/sh\nexec /bin/busybox login\n";
    std::filesystem::permissions(busybox_login, std::filesystem::perms{0755});
}

TestUser::~TestUser() {
    std::filesystem::remove(busybox_login);
    // What of its sessions still dies must not keep it.
    if (std::system((std::string{"userdel -f -r "} + name + " >/dev/null 2>&1").c_str()) != 0)
        std::perror("userdel");
}

RealServer::RealServer(const std::vector<std::string>& command)
    : command_{command}, listener_{listen_on_loopback(port_)} {}

void RealServer::serve() {
    const int socket = ::accept(listener_, nullptr, nullptr);
    std::vector<char*> argv;
    for (auto& word : command_)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    char term[] = "TERM=linux"; // init's
    char* environment[] = {path, term, nullptr};
    process_ = ::fork();
    if (process_ == 0) {
        ::setsid();
        for (const int standard : {0, 1, 2})
            ::dup2(socket, standard);
        if (::chdir("/") == 0) ::execve(argv[0], argv.data(), environment);
        ::_exit(127);
    }
    ::close(socket);
}

RealServer::~RealServer() {
    if (process_ > 0) {
        ::kill(-process_, SIGKILL);
        ::waitpid(process_, nullptr, 0);
    }
    ::close(listener_);
}

} // namespace skep::tests

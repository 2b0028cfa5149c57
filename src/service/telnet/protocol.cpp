#include "service/telnet/protocol.hpp"

#include <algorithm>
#include <array>

namespace skep::service::telnet {
namespace {

struct Named {
    std::uint8_t number;
    std::string_view name;
};

constexpr std::array options{
    Named{0, "BINARY"},
    Named{1, "ECHO"},
    Named{2, "RCP"},
    Named{3, "SGA"},
    Named{4, "NAMS"},
    Named{5, "STATUS"},
    Named{6, "TM"},
    Named{7, "RCTE"},
    Named{8, "NAOL"},
    Named{9, "NAOP"},
    Named{10, "NAOCRD"},
    Named{11, "NAOHTS"},
    Named{12, "NAOHTD"},
    Named{13, "NAOFFD"},
    Named{14, "NAOVTS"},
    Named{15, "NAOVTD"},
    Named{16, "NAOLFD"},
    Named{17, "XASCII"},
    Named{18, "LOGOUT"},
    Named{19, "BM"},
    Named{20, "DET"},
    Named{21, "SUPDUP"},
    Named{22, "SUPDUPOUTPUT"},
    Named{23, "SNDLOC"},
    Named{24, "TTYPE"},
    Named{25, "EOR"},
    Named{26, "TUID"},
    Named{27, "OUTMRK"},
    Named{28, "TTYLOC"},
    Named{29, "3270REGIME"},
    Named{30, "X3PAD"},
    Named{31, "NAWS"},
    Named{32, "TSPEED"},
    Named{33, "LFLOW"},
    Named{34, "LINEMODE"},
    Named{35, "XDISPLOC"},
    Named{36, "OLD-ENVIRON"},
    Named{37, "AUTHENTICATION"},
    Named{38, "ENCRYPT"},
    Named{39, "NEW-ENVIRON"},
    Named{40, "TN3270E"},
    Named{42, "CHARSET"},
    Named{44, "COM-PORT"},
    Named{86, "MCCP2"},
    Named{255, "EXOPL"},
};

} // namespace

std::string_view option_name(std::uint8_t number) noexcept {
    const auto* const found = std::ranges::find(options, number, &Named::number);
    return found == options.end() ? std::string_view{} : found->name;
}

std::string_view verb_name(std::uint8_t verb) noexcept {
    switch (verb) {
    case command::will: return "WILL";
    case command::wont: return "WONT";
    case command::do_it: return "DO";
    default: return "DONT";
    }
}

} // namespace skep::service::telnet

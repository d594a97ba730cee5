#include "doctor_own.hpp"

#include "clients/cpp/endpoint.hpp"
#include "clients/cpp/wire_messages.hpp"
#include "drivers/core/version/version.hpp"

#include <fmt/format.h>

#include <cmath>

namespace phyll::cli {
namespace {

/// Differences of clocks, s: up to the first nobody notices, up to the second it is worth a word.
constexpr double unnoticed = 1.0;
constexpr double noticed = 5.0;

std::string in_words(const std::string& version, const std::string& commit) {
    return commit.empty() ? version : fmt::format("{} ({})", version, commit);
}

} // namespace

Build own_build() {
    return {.version = version(), .commit = phyll::commit(), .protocol = wire::protocol_version};
}

std::vector<Finding> compare_builds(const Build& own, const v1::DescribeReply& other) {
    const std::string both =
        fmt::format("phyllctl is {}, phylld {}", in_words(own.version, own.commit),
                    in_words(other.version(), other.commit()));
    std::vector<Finding> found;
    Finding line{.severity = Severity::fine,
                 .check = "version",
                 .subject = "",
                 .finding = both,
                 .advice = ""};
    if (own.version != other.version()) {
        line.severity = Severity::warning;
        line.advice = "install the same version of both; phylld goes on with its runs after a "
                      "restart";
    } else if (!own.commit.empty() && !other.commit().empty() && own.commit != other.commit()) {
        line.severity = Severity::note;
        line.finding += ": the same version, built from other commits";
        line.advice = "install both from one build, or restart phylld if it is of the same build "
                      "by now";
    }
    found.push_back(line);
    if (own.protocol != other.protocol()) {
        found.push_back({.severity = Severity::warning,
                         .check = "protocol",
                         .subject = "",
                         .finding = fmt::format("phyllctl speaks version {}, phylld {}",
                                                own.protocol, other.protocol()),
                         .advice = own.protocol < other.protocol()
                                       ? "install the newer phyllctl: this one may misread answers"
                                       : "install the newer phylld: it may refuse calls"});
    } else {
        found.push_back({.severity = Severity::fine,
                         .check = "protocol",
                         .subject = "",
                         .finding = fmt::format("both speak version {}", own.protocol),
                         .advice = ""});
    }
    return found;
}

Finding compare_clocks(double told, double received) {
    const double ahead = received - told; // and what the way took, far below what is noticed
    const double by = std::abs(ahead);
    Finding line{.severity = by <= unnoticed ? Severity::fine
                             : by <= noticed ? Severity::note
                                             : Severity::warning,
                 .check = "clock",
                 .subject = "here and there",
                 .finding = by <= unnoticed
                                ? "the clocks of this machine and of phylld's agree"
                                : fmt::format("the clock of this machine is {:.3g} s {} that of "
                                              "phylld",
                                              by, ahead > 0 ? "ahead of" : "behind"),
                 .advice = ""};
    if (line.severity != Severity::fine) {
        line.advice = "'timedatectl set-ntp true' on the one that is wrong; until then times of "
                      "runs and '--since' are shifted";
    }
    return line;
}

Finding not_reached(const std::string& endpoint, const Error& why) {
    Finding line{.severity = Severity::fault,
                 .check = "daemon",
                 .subject = endpoint,
                 .finding = why.what(),
                 .advice = ""};
    switch (why.code()) {
    case Code::unavailable:
    case Code::deadline_exceeded:
        line.advice = endpoint.starts_with(ipc_scheme) || endpoint.starts_with("tcp://127.")
                          ? "start it: 'phylld --config lab.toml', or without --config for "
                            "simulated rigs; where it does not start, 'phylld --examine --config "
                            "lab.toml' says what is in its way"
                          : "see on that machine that phylld runs and listens there ('phylld "
                            "--examine --config lab.toml' says what is in its way), and that no "
                            "firewall is between";
        break;
    case Code::unauthenticated:
        line.advice = "'phyllctl key show' prints your key for an admin to add; --lab, or "
                      "--server-key and --key, say which to use (docs/security.md)";
        break;
    default:
        line.advice = "correct what it names, then run the doctor again";
    }
    return line;
}

} // namespace phyll::cli

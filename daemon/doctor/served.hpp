#pragma once

#include "daemon/doctor/checks.hpp"
#include "drivers/core/error.hpp"
#include "drivers/transports/visa_resource.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace phyll::doctor {

/// Calls `with(instrument, port)` for each real instrument of a kind that a program of this machine
/// stands before, and notes of those that are elsewhere that they are to be looked at there.
template <class With>
void for_each_served(const Subject& subject, std::string_view kind, std::string_view program,
                     Findings& findings, With with) {
    for (const v1::InstrumentConfig& instrument : subject.config.instruments()) {
        if (instrument.virtual_() || instrument.kind() != kind) {
            continue;
        }
        const transports::VisaAddress address = transports::parse_visa(instrument.address());
        const auto* socket = std::get_if<transports::SocketAddress>(&address);
        if (socket == nullptr) {
            continue;
        }
        if (socket->host.starts_with("127.") || socket->host == "localhost") {
            with(instrument.name(), socket->port);
        } else {
            findings.note(instrument.name(),
                          fmt::format("its {} runs at {}, where this phylld cannot look", program,
                                      socket->host));
        }
    }
}

/// Says so where nobody listens there. Whether somebody does, or nobody knows.
[[nodiscard]] bool is_served(const Premises& premises, const std::string& instrument,
                             std::uint16_t port, const std::string& program,
                             const std::string& more, Findings& findings);

} // namespace phyll::doctor

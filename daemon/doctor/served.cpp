#include "daemon/doctor/served.hpp"

#include "daemon/doctor/processes.hpp"

namespace phyll::doctor {

bool is_served(const Premises& premises, const std::string& instrument, std::uint16_t port,
               const std::string& program, const std::string& more, Findings& findings) {
    if (is_listened_to(premises.host, port).value_or(true)) {
        return true;
    }
    findings.fault(
        instrument,
        fmt::format("nobody listens at 127.0.0.1:{}: its {} does not run{}", port, program, more),
        fmt::format("'systemctl start {0}', or start {0} by hand "
                    "(docs/instruments.md); 'journalctl -u {0}' says why it ended",
                    program));
    return false;
}

} // namespace phyll::doctor

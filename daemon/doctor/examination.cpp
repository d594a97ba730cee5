#include "daemon/doctor/examination.hpp"

#include "daemon/doctor/checks.hpp"

#include <exception>

namespace phyll::doctor {

std::vector<Check> all_checks() {
    return {{"clock", check_clock},
            {"disk", check_disk},
            {"state", check_state},
            {"database", check_database},
            {"runs", check_runs},
            {"rigs", check_rigs},
            {"calibration", check_calibration},
            {"locks", check_locks},
            {"usb", check_usb},
            {"serial", check_serial},
            {"display", check_display},
            {"sound", check_sound}};
}

std::vector<v1::Examined> examine(const Premises& premises, const std::vector<Check>& checks) {
    std::vector<v1::Examined> all;
    for (const Check& check : checks) {
        Findings findings(check.name);
        if (premises.is_late()) {
            findings.note("", "not looked at: the checks before took too long",
                          "try again when the machine is less busy");
        } else {
            try {
                check.look(premises, findings);
            } catch (const std::exception& error) {
                // What the others find is of use all the more.
                findings.warning("", std::string("cannot be looked at: ") + error.what(),
                                 "see to what it names first, then run the doctor again");
            }
        }
        all.insert(all.end(), findings.all().begin(), findings.all().end());
    }
    return all;
}

} // namespace phyll::doctor

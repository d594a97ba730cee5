#include "daemon/doctor/findings.hpp"

#include "drivers/core/text.hpp"

#include <algorithm>

namespace phyll::doctor {

void Findings::add(Severity severity, const std::string& subject, const std::string& finding,
                   const std::string& advice) {
    v1::Examined& line = all_.emplace_back();
    line.set_severity(severity);
    line.set_check(check_);
    line.set_subject(utf8(subject)); // the name of a file may be anything
    line.set_finding(utf8(finding));
    line.set_advice(utf8(advice));
}

bool Findings::all_fine() const noexcept {
    return std::ranges::all_of(
        all_, [](const v1::Examined& line) { return line.severity() == v1::Examined::FINE; });
}

} // namespace phyll::doctor

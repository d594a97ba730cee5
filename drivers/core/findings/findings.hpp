#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace phyll {

/// How bad it is what an examination found; the numbers are those of phyll.v1.Examined.
enum class Severity : int {
    fine = 0,
    note = 1,    ///< worth knowing
    warning = 2, ///< something will not work, or not for long
    fault = 3    ///< something does not work
};

/// A line of an examination.
struct Finding {
    Severity severity = Severity::fine;
    std::string check{};   ///< "disk"
    std::string subject{}; ///< what was looked at; may be empty
    std::string finding{};
    std::string advice{}; ///< what to do; empty: nothing
};

/// Of a phyll.v1.Examined, which this library does not know.
template <class Examined>
[[nodiscard]] Finding finding_of(const Examined& line) {
    return {.severity = static_cast<Severity>(line.severity()),
            .check = line.check(),
            .subject = line.subject(),
            .finding = line.finding(),
            .advice = line.advice()};
}

/// The worst there is; `fine` of none.
[[nodiscard]] Severity worst(const std::vector<Finding>& findings) noexcept;

struct FindingsLayout {
    bool json = false; ///< an object per line, see docs/json.md; else text for people
    bool all = false;  ///< also what is fine; else, in text, how much that is
};

/// Says them, the worst first, those of a kind in the order in which they come.
void say(std::vector<Finding> findings, const FindingsLayout& layout, std::ostream& out);

} // namespace phyll

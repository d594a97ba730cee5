#include "touchstone.hpp"

#include <fmt/format.h>

#include <sstream>

namespace phyll::cli {

void write_touchstone(const v1::SweepSnapshot& sweep, const std::string& comment,
                      std::ostream& out) {
    std::istringstream lines(comment);
    for (std::string line; std::getline(lines, line);) {
        out << "! " << line << '\n';
    }
    out << fmt::format("# HZ S RI R {:g}\n", sweep.reference());
    for (int k = 0; k < sweep.frequencies_size(); ++k) {
        out << fmt::format("{:.3f}", sweep.frequencies(k));
        for (const auto* values : {&sweep.s11(), &sweep.s21(), &sweep.s12(), &sweep.s22()}) {
            out << fmt::format(" {:.9g} {:.9g}", values->at(2 * k), values->at(2 * k + 1));
        }
        out << '\n';
    }
}

} // namespace phyll::cli

#pragma once

#include <phyll/v1/rigs.pb.h>

#include <ostream>
#include <string>

namespace phyll::cli {

/// A sweep as a Touchstone file of two ports, version 1.1 (".s2p"): frequencies in Hz, S11, S21,
/// S12 and S22 as real and imaginary parts. `comment` is of one line or more.
void write_touchstone(const v1::SweepSnapshot& sweep, const std::string& comment,
                      std::ostream& out);

} // namespace phyll::cli

#pragma once

#include "drivers/rigs/electronic/electronic.pb.h"
#include "drivers/rigs/instrument_rig.hpp"
#include "sim/bench/electronic/electronic_bench.hpp"
#include "tests/support/paths.hpp"

#include <memory>
#include <string>
#include <utility>

namespace phyll::conformance {

/// Virtual instruments that run in the test's process, and rigs made of them by the real drivers.
class ElectronicBench {
  public:
    /// `options` are the rig's beside the instruments' names, as TOML.
    explicit ElectronicBench(const phyll::bench::ElectronicBench& kind = {},
                             const std::string& options = {});

    /// Another object for the same instruments, with a calibration of its own where `calibrated`.
    [[nodiscard]] std::unique_ptr<rigs::InstrumentRig> rig(const Clock& clock,
                                                           bool calibrated = true) const;
    /// What rigs of any kind find their instruments on: "generator" and "digitiser".
    [[nodiscard]] instruments::Shelf shelf(const Clock& clock) const;
    /// The generator's dialect, by its name or path.
    void set_dialect(std::string dialect) { dialect_ = std::move(dialect); }
    /// Instruments that answer within `timeout` or are given up; 5 s at first.
    void set_timeout(Seconds timeout) { timeout_ = timeout; }

    [[nodiscard]] phyll::bench::Bench& bench() noexcept { return *bench_; }
    /// Whether the generator's output is on, as it says itself.
    [[nodiscard]] bool output_on();

  private:
    test::TempDir locks_;
    std::unique_ptr<phyll::bench::Bench> bench_;
    rigs::v1::ElectronicInstrumentsOptions options_;
    std::string dialect_;
    Seconds timeout_{5};
    mutable rigs::Calibration calibration_;
};

} // namespace phyll::conformance

#pragma once

#include "drivers/rigs/instrument_rig.hpp"
#include "sim/bench/acoustic/acoustic_bench.hpp"
#include "sim/bench/electronic/electronic_bench.hpp"
#include "sim/bench/microwave/microwave_bench.hpp"
#include "sim/bench/optical/optical_bench.hpp"
#include "tests/support/paths.hpp"

#include <fmt/format.h>
#include <google/protobuf/message.h>

#include <memory>
#include <string>
#include <utility>

namespace phyll::conformance {

/// Virtual instruments that run in the test's process, and rigs made of them by the real drivers.
/// Each instrument is called by its kind.
class VirtualLab {
  public:
    /// `options` are the rig's beside the instruments' names, as TOML.
    VirtualLab(const phyll::bench::Plan& plan, const std::string& rig_kind,
               const std::string& options);

    /// Another object for the same instruments, with a calibration of its own where `calibrated`.
    [[nodiscard]] std::unique_ptr<rigs::InstrumentRig> rig(const Clock& clock,
                                                           bool calibrated = true) const;
    /// The one that rigs of it use, once one was made.
    [[nodiscard]] const rigs::Calibration& calibration() const noexcept { return calibration_; }
    /// What rigs of any kind find their instruments on.
    [[nodiscard]] instruments::Shelf shelf(const Clock& clock) const;
    /// The first instrument's dialect, by its name or path.
    void set_dialect(std::string dialect) { dialect_ = std::move(dialect); }
    /// Instruments that answer within `timeout` or are given up; 5 s at first.
    void set_timeout(Seconds timeout) { timeout_ = timeout; }

    [[nodiscard]] phyll::bench::Bench& bench() noexcept { return *bench_; }
    /// Whether the output of the first instrument is on, as it says itself.
    [[nodiscard]] bool output_on();
    /// Names of the instruments, the one that drives first.
    [[nodiscard]] std::vector<std::string> instruments() const;
    /// What an instrument counted: "resets".
    [[nodiscard]] std::uint64_t figure(const std::string& instrument, const std::string& name);

  private:
    test::TempDir locks_;
    std::unique_ptr<phyll::bench::Bench> bench_;
    const rigs::InstrumentRigKind* kind_;
    std::unique_ptr<google::protobuf::Message> options_;
    std::string dialect_;
    Seconds timeout_{5};
    mutable rigs::Calibration calibration_;
};

/// What a calibration measured of the rig, whatever it is.
[[nodiscard]] inline double quantity(const rigs::Calibration& calibration, const char* name) {
    return rigs::quantity(calibration, name, 0, 1000);
}

class ElectronicBench : public VirtualLab {
  public:
    explicit ElectronicBench(const phyll::bench::ElectronicBench& kind = {},
                             const std::string& options = {})
        : VirtualLab(*phyll::bench::electronic_plan(kind), "electronic-instruments", options) {}
};

class MicrowaveBench : public VirtualLab {
  public:
    /// Meta-atoms settle at once, but for those of a `kind` that do not.
    explicit MicrowaveBench(const phyll::bench::MicrowaveBench& kind = {},
                            const std::string& options = {})
        : VirtualLab(*phyll::bench::microwave_plan(kind), "microwave-instruments",
                     fmt::format("settle_time = {}\n", kind.settle_time.count()) + options) {}
};

class OpticalBench : public VirtualLab {
  public:
    /// What is shown is there at once, but for displays of a `kind` that take their time.
    explicit OpticalBench(const phyll::bench::OpticalBench& kind = {},
                          const std::string& options = {})
        : VirtualLab(*phyll::bench::optical_plan(kind), "optical-instruments",
                     fmt::format("settle_time = {}\n", (kind.latency + kind.refresh).count()) +
                         options) {}
};

class AcousticBench : public VirtualLab {
  public:
    /// The rig is the simulation's twin but for `options`.
    explicit AcousticBench(const phyll::bench::AcousticBench& kind = {},
                           const std::string& options = {})
        : VirtualLab(*phyll::bench::acoustic_plan(kind), "acoustic-instruments",
                     merged(phyll::bench::acoustic_options(kind.nature), options)) {}

  private:
    /// "a = 1, b = [2, 3]" as lines, where `options` has none of the same name, and `options`.
    static std::string merged(const std::string& twin, const std::string& options);
};

} // namespace phyll::conformance
